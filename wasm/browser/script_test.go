package browser

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/peer"
)

// script plays the Worker's JavaScript: it writes float64 records into the input area, calls, and reads what came out,
// as hostpage/src/runtime/records.ts does. It is a hubtest.Driver.
type script struct {
	worker *Worker
	ports  hub.Ports
	bodies []protocol.Body
	input  []byte
	due    int64
	// reads counts the bodies that the hub looked into.
	reads int
	// lost are the keys that the last call dropped from the journal.
	lost []string
}

func newScript(ports hub.Ports, opts hub.Options) *script {
	s := &script{ports: ports}
	s.worker = NewWorker(s, opts)
	return s
}

// ReadBody implements protocol.BodySource as the program's import does: handles are those of the call under way.
func (s *script) ReadBody(handle uint32, kind protocol.BodyKind, size int) []byte {
	body := s.bodies[handle]
	if body.Kind != kind || size < body.Size {
		panic(fmt.Sprintf("body %d has kind %d and %d bytes, and was asked for as %d, %d", handle, body.Kind, body.Size, kind, size))
	}
	s.reads++
	return append([]byte(nil), body.Bytes()...)
}

func appendWords(dst []byte, words ...float64) []byte {
	for _, w := range words {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(w))
	}
	return dst
}

func pad(dst []byte) []byte {
	for len(dst)%wordBytes != 0 {
		dst = append(dst, 0xee) // padding has no meaning
	}
	return dst
}

func (s *script) begin(now int64) {
	s.bodies = s.bodies[:0]
	s.input = appendWords(s.input[:0], float64(now))
}

func (s *script) add(e protocol.Envelope) {
	size := e.Body.Size
	if e.Body.Kind == protocol.BodyText {
		size *= 3 // all that the length of a string says of its length in UTF-8
	}
	s.input = appendWords(s.input, float64(e.Op), float64(e.ID), float64(e.Ref), float64(e.Peer), float64(len(e.Name)), float64(len(e.Head)), float64(e.Body.Kind), float64(size))
	s.input = pad(append(append(s.input, e.Name...), e.Head...))
	s.bodies = append(s.bodies, e.Body)
}

// outRecord is an outgoing record.
type outRecord struct {
	kind int
	port hub.Port
	protocol.Envelope
}

// call calls the program, and takes the records: those of the journal first, as the supervisor does.
func (s *script) call(kind int, port hub.Port) {
	copy(s.worker.Reserve(len(s.input)), s.input)
	out, due := s.worker.Call(kind, uint32(port), len(s.input))
	// The hub must not need the input any more; and what came out is valid until the next call only.
	clear(s.worker.in)
	records := s.parse(append([]byte(nil), out...))
	clear(out)
	s.due, s.lost = due, nil
	for _, r := range records {
		if r.kind == outJournal {
			s.ports.Record(peer.Record{Kind: peer.RecordKind(r.Op), Key: r.Name, Head: r.Head, Body: r.Body})
			if peer.RecordKind(r.Op) == peer.RecordDrop {
				s.lost = append(s.lost, r.Name)
			}
		}
	}
	for _, r := range records {
		s.take(r)
	}
}

func (s *script) take(r outRecord) {
	switch r.kind {
	case outJournal:
	case outSend:
		s.ports.Send(r.port, dialect.Frame{Tuple: r.Envelope})
	case outText:
		s.ports.Send(r.port, dialect.Frame{Text: r.Head})
	case outPage:
		s.ports.Page(r.Envelope)
	case outClose:
		s.ports.Close(r.port)
	case outAdmit:
		var limits protocol.Limits
		if err := limits.DecodeJSON(r.Head); err != nil {
			panic(err)
		}
		s.ports.Admit(r.port, r.Name, dialect.Form(r.Op), limits)
	default:
		panic(fmt.Sprintf("record of kind %d", r.kind))
	}
}

func (s *script) parse(data []byte) (list []outRecord) {
	for len(data) > 0 {
		word := func(i int) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(data[i*wordBytes:])) }
		r := outRecord{kind: int(word(0)), port: hub.Port(word(1)), Envelope: protocol.Envelope{
			Op: protocol.Op(word(2)), ID: uint64(word(3)), Ref: uint64(word(4)), Peer: uint32(word(5)),
		}}
		rest := data[outWords*wordBytes:]
		name, head, kind, body := int(word(6)), int(word(7)), protocol.BodyKind(word(8)), int(word(9))
		r.Name, r.Head = string(rest[:name]), rest[name:name+head]
		rest = rest[name+head:]
		switch {
		case kind == protocol.BodyNone:
		case body < 0:
			r.Body, body = s.bodies[-body-1], 0
		case kind == protocol.BodyText:
			r.Body = protocol.TextBody(rest[:body])
		case kind == protocol.BodyBinary:
			r.Body = protocol.BinaryBody(rest[:body])
		}
		list = append(list, r)
		data = data[padded(outWords*wordBytes+name+head+body):]
	}
	return list
}

// Page implements hubtest.Driver.
func (s *script) Page(now int64, e protocol.Envelope) {
	s.begin(now)
	s.add(e)
	s.call(CallPage, 0)
}

// Receive implements hubtest.Driver.
func (s *script) Receive(now int64, port hub.Port, f dialect.Frame) {
	s.begin(now)
	if f.Text != nil {
		s.add(protocol.Envelope{Body: protocol.TextBody(f.Text)})
	} else {
		s.add(f.Tuple)
	}
	s.call(CallFrames, port)
}

// Tick implements hubtest.Driver.
func (s *script) Tick(now int64) {
	s.begin(now)
	s.call(CallTick, 0)
}

// Deadline implements hubtest.Driver.
func (s *script) Deadline() int64 { return s.due }

// Restore implements hubtest.Driver.
func (s *script) Restore(key string, chunks []peer.Chunk) {
	s.begin(0)
	for _, c := range chunks {
		e := protocol.Envelope{Name: key, Head: c.Head}
		if len(c.Body) > 0 {
			e.Body = protocol.TextBody(c.Body)
		}
		s.add(e)
	}
	s.call(CallRestore, 0)
}

// Resume implements hubtest.Driver. What the supervisor drops is what was lost.
func (s *script) Resume(now int64) []string {
	s.begin(now)
	s.call(CallResume, 0)
	return s.lost
}
