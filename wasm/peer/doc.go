// Package peer holds what every room shares: the connected party as the hub sees it, what it may do, the turn
// a room works in, and the outbox that a turn fills.
//
// It may import protocol. It knows no room, no port and no clock: time comes in with the turn.
package peer
