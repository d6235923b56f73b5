// Package native is Crossframe's own dialect: tuples that are envelopes already.
//
// It may import protocol, protocol/dialect and protocol/jsontext only.
package native

import (
	"bytes"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Dialect is the native dialect.
type Dialect struct {
	// known holds, for each operation number, whether an app may send it.
	known [256]opClass
}

type opClass uint8

const (
	opUnknown opClass = iota
	opForeign
	opFromApp
	opRequest
)

// New returns the native dialect.
func New() *Dialect {
	d := &Dialect{}
	for op := range d.known {
		switch row := protocol.Op(op).Traits(); {
		case row.From == 0:
		case row.From&protocol.FromApp == 0:
			d.known[op] = opForeign
		case row.Reply:
			d.known[op] = opRequest
		default:
			d.known[op] = opFromApp
		}
	}
	return d
}

// Name implements dialect.Dialect.
func (d *Dialect) Name() string { return "native" }

// Form implements dialect.Dialect.
func (d *Dialect) Form() dialect.Form { return dialect.Tuples }

// Greet implements dialect.Dialect. A text that does not carry the marker is not of this dialect.
func (d *Dialect) Greet(text []byte) (dialect.Greeting, *protocol.Fault, bool) {
	var g protocol.Greeting
	if err := g.DecodeJSON(text); err != nil {
		if !bytes.Contains(text, []byte(`"`+protocol.MarkInitRequest+`"`)) {
			return dialect.Greeting{}, nil, false
		}
		return dialect.Greeting{}, malformed(text, err), true
	}
	if g.Crossframe != protocol.MarkInitRequest {
		return dialect.Greeting{}, nil, false
	}
	greeting := dialect.Greeting{App: g.App, Library: g.Library, Loaded: g.Loaded}
	version, ok := protocol.Negotiate(g.Versions)
	if !ok {
		return greeting, unsupported(), true
	}
	greeting.Version = version
	return greeting, nil, true
}

// malformed returns why a greeting that cannot be read is refused. One that lists its versions in another way than
// we do is of a protocol to come, and learns which ones there are.
func malformed(text []byte, err error) *protocol.Fault {
	foreign := false
	_ = jsontext.Members(text, func(name string, value []byte) error {
		foreign = foreign || name == "versions" && jsontext.Elements(value, wholeNumber) != nil
		return nil
	})
	if foreign {
		return unsupported()
	}
	return protocol.NewFault(protocol.BadHandshake, "the greeting is malformed: "+err.Error())
}

func wholeNumber(_ int, value []byte) error {
	_, err := jsontext.Int(value)
	return err
}

func unsupported() *protocol.Fault {
	fault := protocol.NewFault(protocol.ProtocolUnsupported, "client library and hub speak no common protocol version")
	fault.Supported = protocol.Versions()
	return fault
}

// Refusal implements dialect.Dialect.
func (d *Dialect) Refusal(fault *protocol.Fault) dialect.Frame {
	return dialect.Frame{Tuple: protocol.Envelope{Op: protocol.OpRefused, Head: fault.AppendJSON(nil)}}
}

// Open implements dialect.Dialect.
func (d *Dialect) Open(int64) dialect.Session { return session{d} }

type session struct{ d *Dialect }

// Decode implements dialect.Session: it checks the operation and its id, and hands the tuple on.
func (s session) Decode(dst []protocol.Envelope, f dialect.Frame) ([]protocol.Envelope, uint64, *protocol.Fault) {
	class := opUnknown
	if f.Tuple.Op < protocol.Op(len(s.d.known)) {
		class = s.d.known[f.Tuple.Op]
	}
	switch class {
	case opUnknown, opForeign:
		return dst, f.Tuple.ID, protocol.NewFault(protocol.UnknownOperation, "an app cannot send this operation")
	case opRequest:
		if f.Tuple.ID == 0 {
			return dst, 0, protocol.NewFault(protocol.BadMessage, "a request needs an id above 0")
		}
	}
	return append(dst, f.Tuple), 0, nil
}

// Encode implements dialect.Session.
func (s session) Encode(dst []dialect.Frame, e protocol.Envelope) []dialect.Frame {
	return append(dst, dialect.Frame{Tuple: e})
}
