package bridge

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/stream"
)

// FuzzReceive: whatever frames a broker sends, the hub's side stays whole. No app is called by what is local, each call of the
// other side has one answer, and everything of the other side ends with the link.
func FuzzReceive(f *testing.F) {
	for _, messages := range [][]protocol.Envelope{
		{peerMessage(8), added(8, "x"), {Op: protocol.OpCall, ID: 5, Ref: 9, Peer: 8, Head: []byte(`{"timeoutMs":200,"hops":3}`)}, {Op: protocol.OpCancel, ID: 5}},
		{{Op: protocol.OpError, ID: 9, Head: []byte(`{"code":"METHOD_EXISTS","message":""}`)}, {Op: protocol.OpMethods, Head: []byte(`{"removed":[{"name":"shared","peer":{"peer":7}}]}`)}},
		{{Op: protocol.OpReply, ID: 1, Head: []byte(`{"methods":[{"name":"y","scope":"user","peer":{"peer":9,"instance":"i"}}]}`)}, {Op: protocol.OpGone, Peer: 9}},
		{{Op: protocol.OpResult, ID: 17, Body: protocol.BinaryBody([]byte("x"))}, {Op: protocol.OpProgress, ID: 17}, {Op: protocol.OpGone, Peer: 7}, {Op: protocol.OpResult, ID: 17}},
	} {
		f.Add(stream.Append(nil, "c", messages))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		_, messages, fault := stream.Read(nil, frame, stream.Limits{})
		if fault != nil {
			return
		}
		s, app, heard := uplinked(t, Options{Peers: 4, Calls: 4})
		s.do(app, protocol.Envelope{Op: protocol.OpInvoke, ID: 3, Name: "far"})
		s.sent = nil
		called := make(map[uint64]int)
		for _, e := range messages {
			if e.Op == protocol.OpCall {
				called[e.ID]++
			}
			s.receive(e)
		}
		if b := s.bridge; len(b.likes) > 4 || len(b.asks) > 4 || len(b.asked) > 1 || len(b.asked) != len(b.numbers) {
			t.Fatalf("%d peers, %d calls from there, %d and %d to there", len(b.likes), len(b.asks), len(b.asked), len(b.numbers))
		}
		for _, text := range *heard {
			if strings.Contains(text, "interop.call") && !strings.Contains(text, " ref=1 ") {
				t.Fatalf("an app heard %s", text)
			}
		}
		s.pass(protocol.MaxTimeoutMs)
		for _, e := range s.sent {
			if e.Op != protocol.OpError {
				continue
			}
			if called[e.ID]--; called[e.ID] < 0 {
				t.Fatalf("call %d is answered too often", e.ID)
			}
		}
		s.bridge.Close()
		s.run()
		for _, p := range s.peers {
			if p.Remote {
				t.Fatalf("peer %d is still here", p.ID)
			}
		}
		if s.room.Deadline() != 0 {
			t.Fatal("a request is still open")
		}
	})
}
