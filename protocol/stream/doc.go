// Package stream is the binary form of a frame, for pipes that carry bytes: a WebSocket between a hub, or any
// program, and a broker. It says how frames look, how they wait to be written, and how a connection says why it ends.
//
// A frame is, end to end:
//
//	version     one byte, Version
//	connection  text: the connection id
//	then for each message
//	  op id ref peer   uvarints
//	  name head        texts
//	  kind             one byte, a protocol.BodyKind
//	  body             bytes, or for BodyText a text; nothing for BodyNone
//
// where a text is a uvarint, its length in bytes, and that many bytes of UTF-8. A uvarint has seven bits a byte, the
// lowest first, in as few bytes as it needs: a frame has one form only. The messages end where the frame ends.
//
// Two frames are the pipe's own. One without messages is a heartbeat: who accepts connections answers each with one,
// once it has read everything before it; nobody looks at its connection id. One that begins with a zero byte is the last frame; see Closed.
//
// It may import protocol and the standard library, and of that nothing that reflects: a hub links it. It refuses what
// is too large, what is not of this form, and bytes behind the last message.
package stream

// Version is the first byte of every frame that carries messages.
const Version = 1
