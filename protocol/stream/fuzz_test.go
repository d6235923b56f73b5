package stream

import (
	"bytes"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// FuzzRead: what Read takes, Append writes the same; what it refuses leaves nothing behind.
func FuzzRead(f *testing.F) {
	f.Add([]byte{Version, 0})
	f.Add([]byte{})
	f.Add(AppendClosed(nil, NewClosed(CloseRestart, "later")))
	f.Add(Append(nil, "connection", []protocol.Envelope{
		{Op: 22, ID: 1, Name: "m", Head: []byte("{}"), Body: protocol.TextBody([]byte(`{"a":1}`))},
		{Op: 1<<32 - 1, ID: protocol.MaxID, Ref: protocol.MaxID, Peer: 1<<32 - 1, Body: protocol.BinaryBody([]byte{0xff})},
	}))
	limits := Limits{NameBytes: 32, HeadBytes: 64, BodyBytes: 128, Messages: 8}
	f.Fuzz(func(t *testing.T, data []byte) {
		id, messages, fault := Read(nil, data, limits)
		if fault != nil {
			if id != "" || messages != nil || fault.Code != protocol.BadMessage && fault.Code != protocol.TooLarge {
				t.Fatalf("%q, %d messages, %v", id, len(messages), fault)
			}
		} else if again := Append(nil, id, messages); !bytes.Equal(again, data) {
			t.Fatalf("%x is written as %x", data, again)
		}
		c, ok := ReadClosed(data)
		if ok && fault == nil {
			t.Fatalf("%x has two meanings", data)
		}
		if ok && !bytes.Equal(AppendClosed(nil, c), data) {
			t.Fatalf("%x is written as %x", data, AppendClosed(nil, c))
		}
	})
}

// FuzzAppend: what is written within the limits is read as it was.
func FuzzAppend(f *testing.F) {
	f.Add("c", uint32(22), uint64(1), uint64(2), uint32(3), "name", []byte("{}"), byte(1), []byte("1"))
	f.Fuzz(func(t *testing.T, id string, op uint32, n, ref uint64, peer uint32, name string, head []byte, kind byte, body []byte) {
		m := protocol.Envelope{Op: protocol.Op(op), ID: n, Ref: ref, Peer: peer, Name: name, Head: head}
		switch protocol.BodyKind(kind % 3) {
		case protocol.BodyText:
			m.Body = protocol.TextBody(body)
		case protocol.BodyBinary:
			m.Body = protocol.BinaryBody(body)
		}
		data := Append(nil, id, []protocol.Envelope{m, m})
		got, messages, fault := Read(nil, data, Limits{})
		if fault != nil {
			return // FuzzRead and the tables say what is refused
		}
		for _, e := range messages {
			if got != id || e.Op != m.Op || e.ID != n || e.Ref != ref || e.Peer != peer || e.Name != name || !bytes.Equal(e.Head, head) ||
				e.Body.Kind != m.Body.Kind || !bytes.Equal(e.Body.Bytes(), m.Body.Bytes()) {
				t.Fatalf("%+v is read as %q, %+v", m, got, e)
			}
		}
		if len(messages) != 2 {
			t.Fatalf("%d messages", len(messages))
		}
	})
}
