package store

import "time"

// Class names a bucket by what it is for.
type Class string

// The buckets.
const (
	// Contexts are durable shared contexts.
	Contexts Class = "contexts"
	// Volatile are shared contexts that end with the engine. They are in memory.
	Volatile Class = "volatile"
	// Presence says who is connected and what is offered. It is in memory; values are put with a lifetime and put again
	// before it ends.
	Presence Class = "presence"
	// Sessions are read from the leader, always: no broker sees a session that another one has ended.
	Sessions Class = "sessions"
	// Tokens are used once. They are in memory, and read from the leader.
	Tokens Class = "tokens"
	// Definitions are app definitions; the ten last values of each are kept.
	Definitions Class = "definitions"
	// Records are layouts, preferences, roles and the like; the ten last values of each are kept.
	Records Class = "records"
	// Revocations are the license keys that are not valid any more.
	Revocations Class = "revocations"

	// meta is the store's own: see meta.go.
	meta Class = "meta"
)

// trait is what a class of buckets promises.
type trait struct {
	class Class
	// memory: not on disk. Everything else is on disk before it is acknowledged.
	memory bool
	// strict: every read goes to the leader.
	strict bool
	// quiet: nobody is told of changes, and so nobody follows.
	quiet bool
	// history is how many values of a key are kept.
	history int64
}

// traits is the table of all buckets, in the order in which they are made.
var traits = []trait{
	{class: meta, strict: true, quiet: true, history: 1},
	{class: Contexts, history: 1},
	{class: Volatile, memory: true, history: 1},
	{class: Presence, memory: true, history: 1},
	{class: Sessions, strict: true, history: 1},
	{class: Tokens, memory: true, strict: true, quiet: true, history: 1},
	{class: Definitions, history: 10},
	{class: Records, history: 10},
	{class: Revocations, history: 1},
}

// markerAge is how long it stays known that a value was deleted or has run out. A follower that was away for longer learns
// of it by what a snapshot no longer has.
const markerAge = 5 * time.Minute

// stream is the name of the bucket's stream, and bucket the name by which tools for NATS know it.
func (c Class) stream() string { return "KV_" + c.bucket() }
func (c Class) bucket() string { return "cf_" + string(c) }

// root is what the subjects of the bucket's values begin with.
func (c Class) root() string { return "$KV." + c.bucket() + "." }

// news is what the subjects begin with under which changes are told.
func (c Class) news() string { return "cf.ev." + string(c) + "." }

// traitOf returns nil for classes that this version does not know.
func traitOf(c Class) *trait {
	for i := range traits {
		if traits[i].class == c {
			return &traits[i]
		}
	}
	return nil
}
