// Package contexts is the room of shared contexts: named JSON objects that apps read, change and watch together.
//
// Those of the scope "local" are the room's own. The order of writes is the order in which their turns run; each
// acknowledged write raises the context's revision by exactly one and reaches every subscriber as one event. The room
// looks into a body only to merge it: what it sends on to subscribers and to the journal is the writer's own body, unread
// and uncopied.
//
// Those of other scopes a broker orders; see Share. The room holds a replica of what is followed here or has writes that
// the broker has not decided on. A replica has a base, which is what the broker said last, and a view, which is what apps
// see: base and, on top of it, the writes that are pending.
//
//	connecting  until the first connection, or 5 seconds: requests wait.
//	online      A write goes to the broker, and its answer to the writer when the followers have been told the change.
//	            Without pending writes, view and base are one, and events are handed on as they came.
//	offline     A write is shown in the view, journaled and answered as pending. What was under way becomes pending,
//	            too. What nobody here can decide is OFFLINE.
//	online      again: the replica is asked for anew, and its pending writes are sent one after the other, while the
//	            view stands still. When the broker has decided on all of them and base shows them, the view is
//	            base again: followers get the whole value where it differs, and the writers a second answer. What was
//	            written meanwhile waits until then.
//
// A write has the number of its hub with it all the time, so that the broker does it once, however often it is sent. A
// change that does not follow the last one makes the room ask for the whole value.
//
// The package may import protocol, protocol/jsontext and wasm/peer. It knows no port, no clock and no other room, and it
// refuses to grow without bound: see Options, ShareOptions, protocol.MaxMembers and protocol.Limits. It believes a broker in what
// contexts are, and in nothing else: what it did not ask for is passed over, and what cannot be read is asked for again.
package contexts
