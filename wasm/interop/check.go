package interop

import (
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/protocol/schema"
)

// arguments are the body of a call. They are read once, and only where a method has a schema.
type arguments struct {
	body protocol.Body
	text []byte
}

// check holds the arguments against what a method accepts.
func (a *arguments) check(s *schema.Schema) *protocol.Fault {
	if a.text == nil && a.body.Kind == protocol.BodyText {
		a.text = a.body.Bytes()
	}
	return violation("arguments", s, a.body.Kind, a.text)
}

// inside returns the body with its bytes in Go, where they outlive the turn.
func inside(b protocol.Body) protocol.Body {
	switch {
	case !b.Held():
		return b
	case b.Kind == protocol.BodyBinary:
		return protocol.BinaryBody(b.Bytes())
	default:
		return protocol.TextBody(b.Bytes())
	}
}

// nothing is what no body is checked as: a call without arguments, a result of nothing.
var nothing = []byte("{}")

// violation returns how a body does not match a schema.
func violation(what string, s *schema.Schema, kind protocol.BodyKind, text []byte) *protocol.Fault {
	switch kind {
	case protocol.BodyBinary:
		return protocol.NewFault(protocol.SchemaViolation, what+": expected JSON, not an ArrayBuffer")
	case protocol.BodyNone:
		text = nothing
	}
	err := s.Validate(text)
	if err == nil {
		return nil
	}
	malformed, ok := err.(*jsontext.Error)
	switch {
	case !ok:
		return protocol.NewFault(protocol.SchemaViolation, what+": "+err.Error())
	case malformed.Reason == jsontext.TooDeep:
		return protocol.NewFault(protocol.TooDeep, what+": "+err.Error())
	default:
		return protocol.NewFault(protocol.BadMessage, what+": "+err.Error())
	}
}

// fault returns what a decoder of protocol said.
func fault(err error) *protocol.Fault {
	if f, ok := err.(*protocol.Fault); ok {
		return f
	}
	return protocol.NewFault(protocol.BadMessage, err.Error())
}
