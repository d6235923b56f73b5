package protocol

// Envelope is one message as the hub sees it: a few header fields that route it, a head that belongs to the
// hub, and a body that belongs to the app. "The head is ours, the body is theirs": rooms decode the head,
// and look into the body only where they must (merging a context, checking a schema).
//
// On a port an envelope is seven flat fields (see docs/protocol.md); the names here are the field names.
type Envelope struct {
	// Op is the operation, a row of the message table.
	Op Op
	// ID is the request id (chosen by the asking side, unique among its open requests), or what the table says.
	ID uint64
	// Ref is a second number whose meaning the table gives: a registration, a subscription, a revision, a frame.
	Ref uint64
	// Peer is the other party: the target of a request, or the origin of what is delivered. 0 means none.
	Peer uint32
	// Name is a method, context or app name; at most MaxHeaderBytes.
	Name string
	// Head is the JSON text of the operation's payload struct. Empty means the struct's zero value.
	Head []byte
	// Body is the app's own data, opaque to the hub.
	Body Body
}

// MaxID is the largest id, ref or revision that travels: JavaScript's Number.MAX_SAFE_INTEGER.
const MaxID = 1<<53 - 1

// BodyKind says what a body is.
type BodyKind uint8

// The kinds of body.
const (
	// BodyNone: the message has no body.
	BodyNone BodyKind = 0
	// BodyText: one JSON text.
	BodyText BodyKind = 1
	// BodyBinary: one ArrayBuffer.
	BodyBinary BodyKind = 2
)

// BodySource reads bodies that are held outside of Go, such as strings that never left JavaScript.
type BodySource interface {
	// ReadBody returns the bytes of the body with the given handle. The handle is valid during the turn that
	// brought it.
	ReadBody(handle uint32, kind BodyKind, size int) []byte
}

// Body is a reference to opaque data. It is cheap to copy and to forward; Bytes pays for reading it. A body
// that a source holds is valid only during its turn: a room that keeps one keeps its Bytes.
type Body struct {
	Kind BodyKind
	// Size is the length in bytes. For a text that is still held outside of Go it is an upper bound.
	Size   int
	Handle uint32
	source BodySource
	data   []byte
}

// TextBody returns a body that holds the JSON text. The bytes are not copied and must not change.
func TextBody(text []byte) Body { return Body{Kind: BodyText, Size: len(text), data: text} }

// BinaryBody returns a body that holds the bytes of an ArrayBuffer. They are not copied and must not change.
func BinaryBody(data []byte) Body { return Body{Kind: BodyBinary, Size: len(data), data: data} }

// HeldBody returns a body whose bytes stay with source until they are read.
func HeldBody(source BodySource, handle uint32, kind BodyKind, size int) Body {
	return Body{Kind: kind, Size: size, Handle: handle, source: source}
}

// Held reports whether the bytes are outside of Go; Handle then names them.
func (b Body) Held() bool { return b.source != nil }

// Bytes returns the data, read from its source where it is held outside of Go. The result must not be changed.
func (b Body) Bytes() []byte {
	if b.source != nil {
		return b.source.ReadBody(b.Handle, b.Kind, b.Size)
	}
	return b.data
}
