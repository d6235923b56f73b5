// Package dialect is the seam between what travels on a port and what the hub understands. A dialect greets in
// its own way and speaks its own vocabulary; hub and rooms see envelopes only. A foreign dialect is a folder of
// its own beside native; its concepts that have no home in the rooms are refused with a code, not smuggled
// through.
//
// It may import protocol only.
package dialect

import "github.com/crossframe/crossframe/protocol"

// Form is how the frames of a port look, so that the guard in front of the hub knows what to let through.
type Form uint8

// The forms.
const (
	// Tuples: flat arrays, as docs/protocol.md describes them.
	Tuples Form = 1
	// Texts: each message is one object, which the guard turns into one JSON text.
	Texts Form = 2
)

// Frame is one message in the form of its port: a tuple, or a text.
type Frame struct {
	Tuple protocol.Envelope
	// Text is set on ports of the form Texts, and nothing else is.
	Text []byte
}

// Greeting is what a dialect reads in a window's first message.
type Greeting struct {
	// Version is the protocol version to speak from now on, in the dialect's own counting.
	Version int64
	// App is the name that the app claims; it only helps to explain a refusal.
	App string
	// Library names the client library, for the audit log.
	Library string
	// Loaded: the document says that its load event is over.
	Loaded bool
}

// Dialect is one way to greet and to speak.
type Dialect interface {
	// Name is stable: the journal refers to it.
	Name() string
	// Form is the form of its ports.
	Form() Form
	// Greet reads a greeting. ok is false where the text is not of this dialect; a fault refuses a greeting that
	// is, but cannot be served.
	Greet(text []byte) (g Greeting, fault *protocol.Fault, ok bool)
	// Refusal is the frame that tells a fault to somebody who was not admitted.
	Refusal(fault *protocol.Fault) Frame
	// Open begins the session of an admitted connection.
	Open(version int64) Session
}

// Session translates the messages of one connection. It is used from one turn at a time.
type Session interface {
	// Decode appends the envelopes that a frame means. A fault answers the frame with a coded error; id is the request
	// that the fault answers, 0 where there is none.
	Decode(dst []protocol.Envelope, f Frame) (out []protocol.Envelope, id uint64, fault *protocol.Fault)
	// Encode appends the frames that tell an envelope to the client app.
	Encode(dst []Frame, e protocol.Envelope) []Frame
}
