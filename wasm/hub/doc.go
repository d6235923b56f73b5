// Package hub is the core of the platform: the door that admits or refuses connections, the gate that checks each
// message, the router that hands it to its room, and the loop that runs one turn after the other.
//
// It is plain Go without goroutines, clocks or a browser: whoever owns it (wasm/browser, a test) calls it with
// one event at a time and tells it the time. What leaves it goes through Ports. It may import protocol, the
// rooms and wasm/peer; rooms never import it.
package hub
