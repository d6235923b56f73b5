// Package store is the broker's engine: what must be kept, and what several brokers tell each other. It is NATS with
// JetStream, embedded in the process by default, or a cluster elsewhere; nothing above it knows which, and nothing above
// it knows NATS.
//
// A Store has buckets of keyed values (Bucket), an append-only log for each tenant (Log) and messages between brokers that
// nobody keeps (Bus). Each bucket has a class; see Class for what it promises. What a durable bucket has acknowledged is on
// disk: the embedded engine syncs before it answers.
//
// It may import protocol, github.com/nats-io/nats.go and github.com/nats-io/nats-server/v2, which only this package may.
//
// It refuses a directory that others can read or that another process has open, a directory of a newer format, a directory
// whose records do not have the checksums that they were written with or that ends before what was acknowledged, and a
// store in which buckets are missing that it once had. Embedded, it opens no port. Names reach NATS only as base64url
// (Key), so that no name means anything to it.
package store
