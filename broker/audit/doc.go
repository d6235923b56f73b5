// Package audit keeps the trail of what a broker refused and of what was changed in it: who came and went, what was denied, what
// admins wrote, how the license stands, and what hubs say they have refused.
//
//	event   one line of the trail
//	rates   how many events of one code are told in a second
//	log     the queue, and who writes it to the store
//	search  what is read back
//
// Whoever notes an event waits for nothing and hears of no error: events are queued, the queue is bounded, and what does not fit,
// or is more than a second may have of one code, is counted, and the count is told in the next event of its kind.
//
// It may import broker/store and protocol. It refuses payloads, tokens, names of another tenant's things and texts without end:
// an event has the fields of Event, each of them bounded, and nothing else. Each tenant's trail is a log of its own, which neither
// this program nor an admin can change; see store.Log.
package audit
