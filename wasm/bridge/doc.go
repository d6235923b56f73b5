// Package bridge joins two rooms of methods: that of a hub with that of its broker, or those of two brokers. Peers of the
// other side appear as peers of this side, their likenesses; what arrives is a turn of such a peer, and what the room sends
// to one travels.
//
// It may import protocol and wasm/peer. It has no goroutines and no clock, and knows neither the room nor the link: both
// come by Host. It refuses what the other side may not name: numbers that were not introduced, calls that are not its own,
// answers to what was not asked. Its tables are bounded, and when the link ends, all of the other side ends.
//
// The room keeps the rules of who reaches whom (peer.Peer.Remote): the bridge carries no calls from one bridge to another.
package bridge
