// Package rig is what bench/chaos and bench/broker work with: real processes of the broker and of NATS on loopback, connections
// between them that can be frozen, and the result files of docs/performance.md.
//
// Whatever a Stage starts ends with it, also when a row fails or the program is interrupted. Everything is on loopback, and
// everything that waits is bounded.
//
// It may import protocol, protocol/stream and the standard library. No package of the product imports it.
package rig
