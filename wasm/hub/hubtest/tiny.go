package hubtest

import (
	"errors"
	"strconv"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Tiny is the smallest foreign dialect that is of any use, to show that one is added without touching hub or rooms.
// It greets with {"hello":"tiny"}. An app echoes its nonce by {"echo":nonce}, offers by {"offer":name,"ref":n}, calls by
// {"call":name,"args":…,"ref":n}, and answers a call by {"return":…,"ref":n}. It hears {"welcome":who}, {"bye":code},
// {"call":…,"args":…,"ref":n}, {"return":…,"ref":n} and {"failed":code,"ref":n}, and of everything else nothing.
type Tiny struct{}

// Name implements dialect.Dialect.
func (Tiny) Name() string { return "tiny" }

// Form implements dialect.Dialect.
func (Tiny) Form() dialect.Form { return dialect.Texts }

// Greet implements dialect.Dialect. "tiny 2" is a version of it that this hub does not speak.
func (Tiny) Greet(text []byte) (g dialect.Greeting, fault *protocol.Fault, ok bool) {
	hello := ""
	_ = jsontext.Members(text, func(name string, value []byte) (err error) {
		if name == "hello" {
			hello, err = jsontext.Unquote(value)
		}
		return err
	})
	switch hello {
	case "tiny":
		return dialect.Greeting{Version: 1, Library: "tiny"}, nil, true
	case "tiny 2":
		return g, protocol.NewFault(protocol.ProtocolUnsupported, "tiny has one version"), true
	}
	return g, nil, false
}

// Refusal implements dialect.Dialect.
func (Tiny) Refusal(fault *protocol.Fault) dialect.Frame {
	return tinyFrame("bye", quote(string(fault.Code)), 0)
}

// Open implements dialect.Dialect.
func (Tiny) Open(int64) dialect.Session { return tinySession{} }

// tinySession needs to remember nothing: names travel with calls, and numbers are the hub's own.
type tinySession struct{}

// Decode implements dialect.Session.
func (tinySession) Decode(dst []protocol.Envelope, f dialect.Frame) ([]protocol.Envelope, uint64, *protocol.Fault) {
	var e protocol.Envelope
	err := jsontext.Members(f.Text, func(name string, value []byte) (err error) {
		switch name {
		case "echo":
			e.Op = protocol.OpProve
			e.Name, err = jsontext.Unquote(value)
		case "offer":
			e.Op = protocol.OpRegister
			e.Name, err = jsontext.Unquote(value)
		case "call":
			e.Op = protocol.OpInvoke
			e.Name, err = jsontext.Unquote(value)
		case "args":
			e.Body = protocol.TextBody(value)
		case "return":
			e.Op, e.Body = protocol.OpResult, protocol.TextBody(value)
		case "ref":
			var id int64
			id, err = jsontext.Int(value)
			e.ID = uint64(id)
			if id < 0 {
				err = errors.New("ref: want a number above 0")
			}
		}
		return err
	})
	switch {
	case err != nil:
		return dst, e.ID, protocol.NewFault(protocol.BadMessage, err.Error())
	case e.Op == 0:
		return dst, e.ID, protocol.NewFault(protocol.UnknownOperation, "tiny has no such verb")
	}
	return append(dst, e), 0, nil
}

// Encode implements dialect.Session.
func (tinySession) Encode(dst []dialect.Frame, e protocol.Envelope) []dialect.Frame {
	var fault protocol.Fault
	var ack protocol.Ack
	switch e.Op {
	case protocol.OpAck:
		if err := ack.DecodeJSON(e.Head); err != nil {
			panic(err)
		}
		return append(dst, tinyFrame("welcome", quote(ack.Me.App), 0))
	case protocol.OpRefused, protocol.OpError:
		if err := fault.DecodeJSON(e.Head); err != nil {
			panic(err)
		}
		if e.Op == protocol.OpRefused {
			return append(dst, Tiny{}.Refusal(&fault))
		}
		return append(dst, tinyFrame("failed", quote(string(fault.Code)), e.ID))
	case protocol.OpReply:
		return append(dst, tinyFrame("return", "null", e.ID))
	case protocol.OpResult:
		return append(dst, tinyFrame("return", body(e), e.ID))
	case protocol.OpCall:
		return append(dst, tinyFrame("args", body(e), e.ID))
	}
	return dst
}

func body(e protocol.Envelope) string {
	if e.Body.Kind != protocol.BodyText {
		return "null"
	}
	return string(e.Body.Bytes())
}

func quote(s string) string { return string(jsontext.AppendString(nil, s)) }

func tinyFrame(verb, value string, ref uint64) dialect.Frame {
	text := `{"` + verb + `":` + value
	if ref != 0 {
		text += `,"ref":` + strconv.FormatUint(ref, 10)
	}
	return dialect.Frame{Text: []byte(text + "}")}
}
