package hubtest

import (
	"fmt"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/dialect"
	"github.com/crossframe/crossframe/wasm/hub"
	"github.com/crossframe/crossframe/wasm/peer"
)

// desk is the side of a Desk that its hub sees. A hub may reuse what it hands over, so that everything is copied.
type desk struct{ *Desk }

// Admit implements hub.Ports.
func (d desk) Admit(port hub.Port, connectionID string, form dialect.Form, limits protocol.Limits) {
	c := d.at(port, "admitted")
	c.ConnectionID, c.Form, c.Limits = connectionID, form, limits
}

// Send implements hub.Ports.
func (d desk) Send(port hub.Port, f dialect.Frame) {
	c := d.at(port, "sent to")
	if f.Text != nil {
		c.Texts = append(c.Texts, string(f.Text))
		return
	}
	c.hear(copied(f.Tuple))
}

// Close implements hub.Ports.
func (d desk) Close(port hub.Port) { d.at(port, "closed").Closed = true }

// at returns the client at a port, which must be open.
func (d desk) at(port hub.Port, done string) *Client {
	c := d.clients[port]
	switch {
	case c == nil:
		panic(fmt.Sprintf("port %d is %s and was never there", port, done))
	case c.Closed:
		d.T.Errorf("port %d is %s behind its close", port, done)
	}
	return c
}

// Page implements hub.Ports.
func (d desk) Page(e protocol.Envelope) { d.PageLog = append(d.PageLog, copied(e)) }

// Record implements hub.Ports.
func (d desk) Record(r peer.Record) {
	chunk := peer.Chunk{Head: append([]byte(nil), r.Head...), Body: append([]byte(nil), r.Body.Bytes()...)}
	switch r.Kind {
	case peer.RecordPut:
		d.Journal[r.Key] = []peer.Chunk{chunk}
	case peer.RecordAppend:
		d.Journal[r.Key] = append(d.Journal[r.Key], chunk)
	case peer.RecordDrop:
		delete(d.Journal, r.Key)
	default:
		panic(fmt.Sprintf("journal record of kind %d", r.Kind))
	}
}

func copied(e protocol.Envelope) protocol.Envelope {
	e.Head = append([]byte(nil), e.Head...)
	body := append([]byte(nil), e.Body.Bytes()...)
	switch e.Body.Kind {
	case protocol.BodyText:
		e.Body = protocol.TextBody(body)
	case protocol.BodyBinary:
		e.Body = protocol.BinaryBody(body)
	}
	return e
}
