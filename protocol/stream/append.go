package stream

import "github.com/crossframe/crossframe/protocol"

// Append appends a frame to dst. It checks nothing: what Read would refuse, the other side refuses. A body that is
// held outside of Go is read here.
func Append(dst []byte, connectionID string, messages []protocol.Envelope) []byte {
	dst = appendStart(dst, connectionID)
	for i := range messages {
		dst = appendMessage(dst, &messages[i])
	}
	return dst
}

func appendStart(dst []byte, connectionID string) []byte {
	return appendText(append(dst, Version), connectionID)
}

func appendMessage(dst []byte, m *protocol.Envelope) []byte {
	dst = appendNumber(dst, uint64(m.Op))
	dst = appendNumber(dst, m.ID)
	dst = appendNumber(dst, m.Ref)
	dst = appendNumber(dst, uint64(m.Peer))
	dst = appendText(dst, m.Name)
	dst = appendText(dst, m.Head)
	dst = append(dst, byte(m.Body.Kind))
	if m.Body.Kind == protocol.BodyNone {
		return dst
	}
	return appendText(dst, m.Body.Bytes())
}

func appendText[T string | []byte](dst []byte, text T) []byte {
	return append(appendNumber(dst, uint64(len(text))), text...)
}
