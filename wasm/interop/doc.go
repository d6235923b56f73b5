// Package interop is the room of methods: who offers which, who calls whom, and who watches.
//
// It may import protocol, protocol/jsontext, protocol/schema and wasm/peer. Every request gets exactly one answer,
// whatever its caller, its callee and the clock do. A request that is open is a request struct; its calls, one for
// each target, are call structs; both are found by number, so that a call costs the same beside ten thousand
// methods and two hundred peers.
//
// It refuses to tell an app of methods that the app may not call: to that app they do not exist, in
// discovery, in watches, and in the answer to a call.
package interop
