package bridge

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

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
	head := string(e.Head)
	if e.Op == protocol.OpError {
		var f protocol.Fault
		if err := f.DecodeJSON(e.Head); err != nil {
			return err.Error()
		}
		head = string(f.Code)
	}
	for _, part := range []string{e.Name, head, string(e.Body.Bytes())} {
		if part != "" {
			text += " " + part
		}
	}
	return text
}

// expect compares what was sent and noted since the last call: lines, then the notes.
func (s *side) expect(want ...string) {
	s.t.Helper()
	var got []string
	for _, e := range s.sent {
		got = append(got, line(e))
	}
	for _, code := range s.notes {
		got = append(got, "note "+string(code))
	}
	s.sent, s.notes = nil, nil
	if !slices.Equal(got, want) {
		s.t.Fatalf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// uplinked is a hub's side: peer 2 offers "shared" there, as 9, and "local" here. Peer 7 of the other side offers "far".
func uplinked(t testing.TB, options Options) (s *side, app *peer.Peer, heard *[]string) {
	options.Uplink, options.FirstID, options.StepID = true, 1, 8
	s = newSide(t, "a", options)
	heard = new([]string)
	s.hear = func(to *peer.Peer, e protocol.Envelope) {
		*heard = append(*heard, fmt.Sprintf("to %d: %s", to.ID, line(e)))
	}
	s.bridge.Open()
	app = s.join()
	s.do(app, protocol.Envelope{Op: protocol.OpRegister, ID: 1, Name: "shared", Head: []byte(`{"scope":"user"}`)})
	s.do(app, protocol.Envelope{Op: protocol.OpRegister, ID: 2, Name: "local"})
	s.receive(peerMessage(7), added(7, "far"))
	s.expect("interop.watch id=1", `session.peer peer=2 {"peer":2,"instance":"i2","app":"app2","origin":"https://a.example","hub":"a"}`, `interop.register id=9 peer=2 shared {"scope":"user"}`)
	*heard = nil
	return s, app, heard
}

func peerMessage(number uint32) protocol.Envelope {
	return protocol.Envelope{Op: protocol.OpPeer, Peer: number, Head: fmt.Appendf(nil, `{"peer":%d,"instance":"far%d","app":"far","origin":"https://far.example","hub":"b"}`, number, number)}
}

func added(number uint32, name string) protocol.Envelope {
	change := protocol.MethodChange{Added: []protocol.MethodInfo{{Name: name, Scope: "user", Peer: protocol.PeerInfo{Peer: int64(number), Instance: fmt.Sprint("far", number), App: "far", Hub: "b"}}}}
	return protocol.Envelope{Op: protocol.OpMethods, Head: change.AppendJSON(nil)}
}

// TestForgeries: what the other side may not say leads to nothing but a note, and where something waits for an answer, to that.
func TestForgeries(t *testing.T) {
	far := func(head string) protocol.Envelope {
		return protocol.Envelope{Op: protocol.OpMethods, Head: []byte(head)}
	}
	for _, c := range []struct {
		name string
		says []protocol.Envelope
		want []string
	}{
		{"a caller that was not introduced", []protocol.Envelope{{Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 99}}, []string{"error id=5 BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"a caller of this side", []protocol.Envelope{{Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 2}}, []string{"error id=5 BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"no caller", []protocol.Envelope{{Op: protocol.OpCall, ID: 5, Ref: 9}}, []string{"error id=5 BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"a registration that there is not", []protocol.Envelope{{Op: protocol.OpCall, ID: 5, Ref: 17, Peer: 7}, {Op: protocol.OpCall, ID: 6, Peer: 7}}, []string{"error id=5 METHOD_NOT_FOUND", "error id=6 METHOD_NOT_FOUND"}},
		{"a call with a head that cannot be read", []protocol.Envelope{{Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 7, Head: []byte("[")}}, []string{"error id=5 BAD_MESSAGE"}},
		{"a call without a number", []protocol.Envelope{{Op: protocol.OpCall, Ref: 9, Peer: 7}}, []string{"note BAD_MESSAGE"}},
		{"a number beyond", []protocol.Envelope{{Op: protocol.OpCall, ID: ownTurns, Ref: 9, Peer: 7}, {Op: protocol.OpCall, ID: protocol.MaxID, Ref: 9, Peer: 7}}, []string{"note BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"a method by name", []protocol.Envelope{{Op: protocol.OpInvoke, ID: 5, Ref: 7, Peer: 2, Name: "local"}}, []string{"note UNKNOWN_OPERATION"}},
		{"a registration by a hub's broker", []protocol.Envelope{{Op: protocol.OpRegister, ID: 5, Peer: 7, Name: "x", Head: []byte(`{"scope":"user"}`)}, {Op: protocol.OpUnregister, ID: 6, Peer: 7, Ref: 5}}, []string{"note BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"answers to nothing", []protocol.Envelope{{Op: protocol.OpResult, ID: 17}, {Op: protocol.OpProgress, ID: 1000}, {Op: protocol.OpError, ID: 1}, {Op: protocol.OpReply, ID: 9}, {Op: protocol.OpResult, ID: ownTurns + 1}}, nil},
		{"cancels of nothing", []protocol.Envelope{{Op: protocol.OpCancel, ID: 5, Ref: 7}, {Op: protocol.OpCancel}}, nil},
		{"operations of apps", []protocol.Envelope{{Op: protocol.OpAppStart, ID: 5, Name: "crm"}, {Op: protocol.OpContextSet, ID: 6, Name: "x"}, {Op: 250, ID: 7}}, []string{"note UNKNOWN_OPERATION", "note UNKNOWN_OPERATION", "note UNKNOWN_OPERATION"}},
		{"a peer without a number", []protocol.Envelope{peerMessage(0)}, []string{"note BAD_MESSAGE"}},
		{"a peer that is nobody", []protocol.Envelope{{Op: protocol.OpPeer, Peer: 8, Head: []byte(`{}`)}, {Op: protocol.OpPeer, Peer: 8, Head: []byte(`7`)}, {Op: protocol.OpPeer, Peer: 8}}, []string{"note BAD_MESSAGE", "note BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"a peer that says too much", []protocol.Envelope{{Op: protocol.OpPeer, Peer: 8, Head: []byte(`{"instance":"` + strings.Repeat("x", protocol.MaxHeadBytes) + `"}`)}}, []string{"note TOO_LARGE"}},
		{"a peer that goes and was not there", []protocol.Envelope{{Op: protocol.OpGone, Peer: 99}, {Op: protocol.OpGone, Peer: 2}, {Op: protocol.OpGone}}, nil},
		{"a peer that goes twice", []protocol.Envelope{{Op: protocol.OpGone, Peer: 7}, {Op: protocol.OpGone, Peer: 7}}, nil},
		{"methods of nobody", []protocol.Envelope{far(`{"added":[{"name":"x","peer":{"peer":-1,"instance":"i"}},{"name":"x","peer":{"peer":4294967296,"instance":"i"}}],"removed":[{"name":"far","peer":{"peer":99}}]}`), far(`{`)},
			[]string{"note BAD_MESSAGE", "note BAD_MESSAGE", "note BAD_MESSAGE"}},
		{"a method that is local there", []protocol.Envelope{far(`{"added":[{"name":"x","peer":{"peer":7,"instance":"i"}}]}`)}, []string{"note INVALID_ARGUMENT"}},
		{"a method of the platform", []protocol.Envelope{far(`{"added":[{"name":"T42.x","scope":"user","peer":{"peer":8,"instance":"i","main":true}}]}`)}, []string{"note PERMISSION_DENIED"}},
		{"a method that is there", []protocol.Envelope{added(7, "far"), added(7, "far")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, app, heard := uplinked(t, Options{})
			s.receive(c.says...)
			s.expect(c.want...)
			for _, text := range *heard {
				if strings.Contains(text, "interop.call") {
					t.Fatalf("an app was called: %s", text)
				}
			}
			s.do(app, protocol.Envelope{Op: protocol.OpDiscover, ID: 3})
			if list := (*heard)[len(*heard)-1]; strings.Contains(list, `"name":"x"`) || strings.Contains(list, "T42") || strings.Contains(list, `"main"`) || strings.Count(list, "far.example") > 1 {
				t.Fatalf("offered is %s", list)
			}
			s.bridge.Close()
			s.run()
		})
	}
}

// TestCallsOfTheOtherSide: each is answered once, whatever is said of it besides.
func TestCallsOfTheOtherSide(t *testing.T) {
	s, app, heard := uplinked(t, Options{Calls: 2})
	s.receive(protocol.Envelope{Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 7}, protocol.Envelope{Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 7})
	s.expect("note BAD_MESSAGE")
	s.receive(protocol.Envelope{Op: protocol.OpCall, ID: 6, Ref: 9, Peer: 7}, protocol.Envelope{Op: protocol.OpCall, ID: 8, Ref: 9, Peer: 7})
	s.expect("error id=8 QUOTA_EXCEEDED", "note QUOTA_EXCEEDED")
	if len(*heard) != 2 {
		t.Fatalf("heard %v", *heard)
	}
	s.do(app, protocol.Envelope{Op: protocol.OpResult, ID: 1000, Body: protocol.TextBody([]byte("1"))})
	s.do(app, protocol.Envelope{Op: protocol.OpResult, ID: 1000})
	s.expect("interop.result id=5 peer=2 1")
	// It is withdrawn, and calls under way can still be answered; those that come have nobody to go to.
	s.do(app, protocol.Envelope{Op: protocol.OpUnregister, ID: 3, Ref: 1})
	s.expect("interop.unregister id=17 ref=9 peer=2")
	s.receive(protocol.Envelope{Op: protocol.OpCall, ID: 9, Ref: 9, Peer: 7})
	s.do(app, protocol.Envelope{Op: protocol.OpError, ID: 1001, Head: []byte(`{"code":"CUSTOM","message":"m"}`)})
	s.expect("error id=9 METHOD_NOT_FOUND", "error id=6 HANDLER_ERROR")
	// What the callee leaves open is answered when it goes.
	s.do(app, protocol.Envelope{Op: protocol.OpRegister, ID: 4, Name: "shared", Head: []byte(`{"scope":"user"}`)})
	s.receive(protocol.Envelope{Op: protocol.OpCall, ID: 10, Ref: 25, Peer: 7})
	s.leave(app)
	s.expect(`interop.register id=25 peer=2 shared {"scope":"user"}`, "interop.unregister id=33 ref=25 peer=2", "error id=10 TARGET_GONE", "session.gone peer=2")
	if len(s.bridge.asks)+len(s.bridge.met)+len(s.bridge.exports) != 0 {
		t.Fatal("something is left over")
	}
}

// TestRefusedOffers: what the other side refuses is offered here alone, until what is in its way goes.
func TestRefusedOffers(t *testing.T) {
	s, app, _ := uplinked(t, Options{})
	s.receive(added(7, "shared"))
	s.receive(protocol.Envelope{Op: protocol.OpError, ID: 9, Head: protocol.NewFault(protocol.MethodExists, "").AppendJSON(nil)})
	s.expect("note METHOD_EXISTS")
	s.receive(protocol.Envelope{Op: protocol.OpError, ID: 9, Head: protocol.NewFault(protocol.MethodExists, "").AppendJSON(nil)})
	s.expect()
	s.receive(protocol.Envelope{Op: protocol.OpMethods, Head: []byte(`{"removed":[{"name":"far","peer":{"peer":7}}]}`)})
	s.expect()
	s.receive(protocol.Envelope{Op: protocol.OpMethods, Head: []byte(`{"removed":[{"name":"shared","peer":{"peer":7}}]}`)})
	s.expect(`interop.register id=17 peer=2 shared {"scope":"user"}`)
	s.receive(protocol.Envelope{Op: protocol.OpError, ID: 17, Head: []byte("?")})
	s.do(app, protocol.Envelope{Op: protocol.OpUnregister, ID: 3, Ref: 1})
	s.expect("note BAD_MESSAGE")
	s.receive(protocol.Envelope{Op: protocol.OpMethods, Head: []byte(`{"removed":[{"name":"shared","peer":{"peer":7}}]}`)})
	s.expect()
}

// TestFloods: neither peers nor what they offer fill the memory, and who is in stays in.
func TestFloods(t *testing.T) {
	s, app, heard := uplinked(t, Options{Peers: 3, Limits: protocol.Limits{Methods: 2}})
	for i := uint32(10); i < 1000; i++ {
		s.receive(peerMessage(i), added(i, "x"))
	}
	if len(s.bridge.likes) != 3 || len(s.bridge.byID) != 4 || len(s.notes) != 2*(990-2) {
		t.Fatalf("%d peers, %d notes", len(s.bridge.likes), len(s.notes))
	}
	for i := range 100 {
		s.receive(added(7, fmt.Sprint("m", i)))
	}
	if n := len(s.bridge.imports); n != 4 {
		t.Fatalf("%d methods", n)
	}
	s.sent, s.notes = nil, nil
	s.do(app, protocol.Envelope{Op: protocol.OpInvoke, ID: 5, Name: "far"})
	s.expect(`interop.invoke id=17 ref=2 peer=7 far {"timeoutMs":30000}`)
	s.receive(protocol.Envelope{Op: protocol.OpGone, Peer: 10}, peerMessage(2000), added(2000, "y"))
	if *heard = nil; s.bridge.Likeness(2000) == 0 || s.bridge.Likeness(10) != 0 || s.bridge.Likeness(11) == 0 || s.bridge.Likeness(1999) != 0 {
		t.Fatal("who is gone still takes a place")
	}
}

// TestBetweenBrokers: the other side registers as this one does, and calls by name.
func TestBetweenBrokers(t *testing.T) {
	s := newSide(t, "a", Options{Self: protocol.PeerInfo{App: "broker"}})
	var heard []string
	s.hear = func(to *peer.Peer, e protocol.Envelope) {
		heard = append(heard, fmt.Sprintf("to %d: %s", to.ID, line(e)))
	}
	s.bridge.Open()
	s.run()
	s.expect()
	app := s.join()
	s.do(app, protocol.Envelope{Op: protocol.OpRegister, ID: 1, Name: "shared", Head: []byte(`{"scope":"user"}`)})
	s.sent = nil
	register := func(id uint64, by uint32, name, head string) protocol.Envelope {
		return protocol.Envelope{Op: protocol.OpRegister, ID: id, Peer: by, Name: name, Head: []byte(head)}
	}
	s.receive(peerMessage(7), register(4, 7, "far", `{"scope":"tenant","accepts":"Number n"}`), register(5, 7, "far", `{"scope":"user"}`), register(6, 9, "far", `{"scope":"user"}`),
		register(8, 7, "bad", `{"scope":"user","accepts":"???"}`), register(10, 7, "bad", `{`))
	s.expect("reply id=4", "error id=5 METHOD_EXISTS", "error id=8 INVALID_SCHEMA", "error id=10 BAD_MESSAGE", "note BAD_MESSAGE", "note INVALID_SCHEMA", "note BAD_MESSAGE")
	s.do(app, protocol.Envelope{Op: protocol.OpInvoke, ID: 3, Name: "far", Body: protocol.TextBody([]byte(`{"n":1}`))})
	s.expect(`interop.invoke id=2 ref=2 peer=7 far {"timeoutMs":30000} {"n":1}`)
	s.receive(protocol.Envelope{Op: protocol.OpResult, ID: 2, Peer: 7, Body: protocol.TextBody([]byte("7"))})
	if got := heard[len(heard)-1]; !strings.HasPrefix(got, "to 2: interop.result id=3 peer=") || !strings.HasSuffix(got, " 7") {
		t.Fatalf("heard %s", got)
	}
	s.receive(protocol.Envelope{Op: protocol.OpInvoke, ID: 5, Ref: 7, Peer: 2, Name: "shared", Head: []byte(`{"target":"all","parent":1000,"waitMs":1000,"timeoutMs":2000}`)})
	s.do(app, protocol.Envelope{Op: protocol.OpResult, ID: 1001})
	s.expect("interop.result id=5 peer=2")
	for _, e := range []protocol.Envelope{
		{Op: protocol.OpInvoke, ID: 6, Ref: 7, Peer: 2, Name: "local"}, {Op: protocol.OpInvoke, ID: 7, Ref: 7, Peer: uint32(s.bridge.Likeness(7)), Name: "far"},
		{Op: protocol.OpInvoke, ID: 8, Ref: 7, Name: "shared"}, {Op: protocol.OpInvoke, ID: 9, Ref: 1 << 40, Peer: 2, Name: "shared"},
		{Op: protocol.OpInvoke, ID: 10, Ref: 7, Peer: 2, Name: "shared", Head: []byte("[")}, {Op: protocol.OpMethods, Head: []byte(`{}`)},
	} {
		s.receive(e)
	}
	s.expect("error id=6 METHOD_NOT_FOUND", "error id=7 TARGET_GONE", "error id=8 TARGET_GONE", "error id=9 BAD_MESSAGE", "error id=10 BAD_MESSAGE", "note BAD_MESSAGE", "note BAD_MESSAGE")
	s.receive(protocol.Envelope{Op: protocol.OpUnregister, ID: 11, Peer: 7, Ref: 5}, protocol.Envelope{Op: protocol.OpUnregister, ID: 12, Peer: 7, Ref: 4})
	if len(s.bridge.imports) != 0 {
		t.Fatal("it was not taken back")
	}
}

// TestTitlesAreBounded, between characters.
func TestTitlesAreBounded(t *testing.T) {
	s := newSide(t, "a", Options{})
	s.bridge.Open()
	s.run()
	p := s.join()
	p.Info.Title = strings.Repeat("ä", 300) + "x"
	s.bridge.Introduce(p.ID)
	if head := string(s.sent[0].Head); !strings.Contains(head, `"title":"`+strings.Repeat("ä", 256)+`"`) {
		t.Fatalf("introduced as %s", head)
	}
}

// TestClosedBridge does nothing.
func TestClosedBridge(t *testing.T) {
	s := newSide(t, "a", Options{})
	s.receive(peerMessage(7), added(7, "x"))
	s.bridge.Close()
	if s.bridge.Introduce(s.join().ID) || s.bridge.Likeness(7) != 0 {
		t.Fatal("it takes part")
	}
	s.expect()
}
