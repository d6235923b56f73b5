package hub_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// wire is a link whose other end is the test.
type wire struct {
	// log holds what the hub asked of the link and sent, a line each.
	log []string
	// refuse says why a message cannot be sent; nil takes all.
	refuse func(e protocol.Envelope) error
}

func (w *wire) Open(url string) { w.log = append(w.log, "open "+url) }

func (w *wire) Close(code stream.Code, reason string) {
	w.log = append(w.log, fmt.Sprintf("close %d %s", code, reason))
}

func (w *wire) Send(messages ...protocol.Envelope) error {
	for _, e := range messages {
		if w.refuse != nil {
			if err := w.refuse(e); err != nil {
				return err
			}
		}
		w.log = append(w.log, line(e))
	}
	return nil
}

// line writes a message down.
func line(e protocol.Envelope) string {
	info, _ := e.Op.Info()
	text := info.Name
	for _, n := range []struct {
		name  string
		value uint64
	}{{"id", e.ID}, {"ref", e.Ref}, {"peer", uint64(e.Peer)}} {
		if n.value != 0 {
			text += fmt.Sprintf(" %s=%d", n.name, n.value)
		}
	}
	for _, part := range []string{e.Name, string(e.Head), string(e.Body.Bytes())} {
		if part != "" {
			text += " " + part
		}
	}
	return text
}

// expect compares what has happened on the wire since the last call.
func (w *wire) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(w.log, want) {
		t.Fatalf("on the wire is\n\t%s\nwant\n\t%s", strings.Join(w.log, "\n\t"), strings.Join(want, "\n\t"))
	}
	w.log = nil
}

// office is a desk with a broker.
type office struct {
	*hubtest.Desk
	t    *testing.T
	wire *wire
	main *hubtest.Client
}

func newOffice(t *testing.T, change ...func(*hubtest.Options)) *office {
	t.Helper()
	o := &office{t: t, wire: &wire{}}
	opts := hubtest.Options{Link: o.wire, Boot: protocol.Boot{Apps: apps(), Hub: "hub 1", Link: &protocol.LinkConfig{URL: "wss://broker.example"}}}
	for _, f := range change {
		f(&opts)
	}
	o.Desk = hubtest.New(t, opts)
	if o.Booted.Fault != nil {
		t.Fatal(o.Booted.Fault)
	}
	return o
}

// online is an office whose broker has acknowledged the hub.
func online(t *testing.T, change ...func(*hubtest.Options)) *office {
	t.Helper()
	o := newOffice(t, change...)
	o.main = o.Main()
	o.connect(protocol.Ack{Identity: &protocol.Identity{Tenant: "acme", User: protocol.User{ID: "ada"}, Groups: []string{"sales"}}})
	o.wire.log = nil
	return o
}

func (o *office) connect(ack protocol.Ack) {
	o.t.Helper()
	o.token("secret of ada")
	o.Linked().LinkOpened(o.Now)
	o.hear(protocol.Envelope{Op: protocol.OpAck, Head: ack.AppendJSON(nil)})
	if s := o.states()[len(o.states())-1]; !strings.HasPrefix(s, "connected") {
		o.t.Fatalf("the page shows %s", s)
	}
}

// token is the page's answer.
func (o *office) token(text string) {
	o.ToHub(message(protocol.OpPageToken, "", &protocol.Token{Token: text}))
}

// hear is what the broker says.
func (o *office) hear(messages ...protocol.Envelope) { o.Linked().LinkReceived(o.Now, messages) }

func (o *office) closed(code stream.Code) {
	o.Linked().LinkClosed(o.Now, stream.NewClosed(code, "why"))
}

// states lists what the page was told of the link: the state, the code of the fault, and who; and each time that it was
// asked for a token.
func (o *office) states() (list []string) {
	for _, e := range o.PageLog {
		switch e.Op {
		case protocol.OpPageToken:
			list = append(list, "token?")
		case protocol.OpPageLink:
			var s protocol.LinkState
			if err := s.DecodeJSON(e.Head); err != nil {
				o.t.Fatal(err)
			}
			text := s.State
			if s.Fault != nil {
				text += " " + string(s.Fault.Code)
			}
			if s.Identity != nil {
				text += " " + s.Identity.User.ID
			}
			list = append(list, text)
		}
	}
	return list
}

func (o *office) shows(want ...string) {
	o.t.Helper()
	if got := o.states(); !slices.Equal(got, want) {
		o.t.Fatalf("the page heard %q, want %q", got, want)
	}
}

func refusal(code protocol.Code) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpRefused, Head: protocol.NewFault(code, "no").AppendJSON(nil)}
}

// introduced is how the hub introduces a peer.
func introduced(c *hubtest.Client) string {
	return line(protocol.Envelope{Op: protocol.OpPeer, Peer: uint32(c.Ack.Me.Peer), Head: c.Ack.Me.AppendJSON(nil)})
}

func named(op protocol.Op, name, head string) protocol.Envelope {
	return protocol.Envelope{Op: op, Name: name, Head: []byte(head)}
}

func peerOf(number uint32, head string) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpPeer, Peer: number, Head: []byte(head)}
}

func lines(c *hubtest.Client) string {
	var list []string
	for _, e := range c.Log {
		list = append(list, line(e))
	}
	return strings.Join(list, "\n\t")
}

func headed(op protocol.Op, id uint64, head interface{ AppendJSON([]byte) []byte }) protocol.Envelope {
	return protocol.Envelope{Op: op, ID: id, Head: head.AppendJSON(nil)}
}
