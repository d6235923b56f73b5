package peer

import "github.com/crossframe/crossframe/protocol"

// Message is an envelope on its way to a peer.
type Message struct {
	To ID
	protocol.Envelope
}

// RecordKind says what a journal record does to its key.
type RecordKind uint8

// The kinds of journal records.
const (
	// RecordPut replaces everything under the key.
	RecordPut RecordKind = iota + 1
	// RecordAppend adds a chunk under the key.
	RecordAppend
	// RecordDrop removes the key.
	RecordDrop
)

// Record is one change of the journal, from which a room's state comes back after the Go program was lost. The
// supervisor applies the records of a turn before it sends the turn's messages, so whatever a peer has seen
// acknowledged is in the journal. A key is "room/…".
type Record struct {
	Kind RecordKind
	Key  string
	Head []byte
	Body protocol.Body
}

// Chunk is what Put or Append left under a key.
type Chunk struct {
	Head []byte
	Body []byte
}

// Outbox collects what one turn sends and journals. The zero value is ready. Rooms append; the hub drains.
type Outbox struct {
	Messages []Message
	Journal  []Record
	// Audits are events for the audit log; the hub adds the time.
	Audits []protocol.AuditEvent
}

// Reset empties the outbox and keeps its memory.
func (o *Outbox) Reset() {
	clear(o.Messages)
	clear(o.Journal)
	o.Messages, o.Journal, o.Audits = o.Messages[:0], o.Journal[:0], o.Audits[:0]
}

// Send adds a message.
//
//go:noinline // it is called in forty places, where it would be two hundred bytes each time
func (o *Outbox) Send(to ID, m protocol.Envelope) {
	o.Messages = append(o.Messages, Message{To: to, Envelope: m})
}

// Fail answers request id of peer to with a coded error.
func (o *Outbox) Fail(to ID, id uint64, fault *protocol.Fault) {
	o.Send(to, protocol.Envelope{Op: protocol.OpError, ID: id, Head: fault.AppendJSON(nil)})
}

// Put journals a value under a key.
//
//go:noinline
func (o *Outbox) Put(key string, head []byte, body protocol.Body) {
	o.Journal = append(o.Journal, Record{Kind: RecordPut, Key: key, Head: head, Body: body})
}

// Append journals a chunk behind what a key holds.
func (o *Outbox) Append(key string, head []byte, body protocol.Body) {
	o.Journal = append(o.Journal, Record{Kind: RecordAppend, Key: key, Head: head, Body: body})
}

// Drop removes a key from the journal.
//
//go:noinline
func (o *Outbox) Drop(key string) {
	o.Journal = append(o.Journal, Record{Kind: RecordDrop, Key: key})
}
