package contexts

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// A broker is believed in what it was asked for and nothing else.
func TestUnaskedIsPassedOver(t *testing.T) {
	d, _, b := following(t)
	before := d.views()
	for _, m := range []protocol.Envelope{
		event(2, 8, 0, ``, `{"n":2}`),
		event(0, 8, 0, `{"kind":"set"}`, `{"n":2}`),
		event(1, 7, 0, `{"kind":"set"}`, `{"n":2}`),
		event(1, 0, 0, `{"kind":"destroyed"}`, ``),
		acked(1, 8), acked(2, 8), acked(0, 8),
		failed(1, protocol.PermissionDenied), failed(99, protocol.PermissionDenied),
		valued(1, 9, `{"name":"x","revision":9}`, `{}`), valued(77, 9, `{"name":"x","revision":9}`, `{}`),
		{Op: protocol.OpContextSet, ID: 1, Name: "x", Body: text(`{}`)},
		{Op: protocol.OpContextList, ID: 1},
		{},
	} {
		d.want(d.says(m))
	}
	if after := d.views(); after != before {
		t.Errorf("what nobody asked for changed\n%s\nto\n%s", before, after)
	}
	// An answer counts once, and a subscription that is not answered yet tells nothing.
	d.do(b, inScope(get(1, "y")))
	d.says(valued(2, 3, `{"name":"y","revision":3}`, `{}`))
	d.want(d.says(valued(2, 3, `{"name":"y","revision":3}`, `{}`)))
	d.do(b, inScope(subscribe(2, "y")))
	d.want(d.says(event(3, 4, 0, `{"kind":"set"}`, `{}`)))
}

// What cannot be read is asked for again, and never shown.
func TestUnreadable(t *testing.T) {
	for name, m := range map[string]protocol.Envelope{
		"a head that is none":        event(1, 8, 0, `{"kind":`, `{}`),
		"a kind that is none":        event(1, 8, 0, `{"kind":"rename"}`, `{}`),
		"a body that is none":        event(1, 8, 0, ``, `{"n":`),
		"no body":                    event(1, 8, 0, ``, ``),
		"a body that is no object":   event(1, 8, 0, `{"kind":"set"}`, `[1]`),
		"a path through a number":    event(1, 8, 0, `{"kind":"patch","set":[["n","m"]]}`, `[1]`),
		"more paths than values":     event(1, 8, 0, `{"kind":"patch","set":[["a"],["b"]]}`, `[1]`),
		"a revision that is no id":   event(1, protocol.MaxID+1, 0, `{"kind":"set"}`, `{}`),
		"two members of one name":    event(1, 8, 0, ``, `{"a":1,"a":2}`),
		"a value that is too deep":   event(1, 8, 0, ``, `{"a":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)+`}`),
		"a change after a great gap": event(1, 1<<50, 0, ``, `{"n":2}`),
	} {
		d, _, _ := following(t)
		before := d.views()
		out := d.says(m)
		if len(out.Messages) != 2 || out.Messages[0].Op != protocol.OpContextUnsubscribe || out.Messages[1].Op != protocol.OpContextSubscribe {
			t.Errorf("%s: %s", name, render(out))
		}
		if after := d.views(); after != before {
			t.Errorf("%s changed\n%s\nto\n%s", name, before, after)
		}
	}
	for name, m := range map[string]protocol.Envelope{
		"a head that is none":          valued(1, 1, `{`, `{}`),
		"a body that is none":          valued(1, 1, `{"name":"x","revision":1}`, `{`),
		"a list":                       valued(1, 1, `{"name":"x","revision":1}`, `[]`),
		"unchanged where nothing was":  valued(1, 1, `{"name":"x","revision":1,"unchanged":true}`, ``),
		"a revision that is no id":     valued(1, protocol.MaxID+1, `{"name":"x","revision":1}`, `{}`),
		"a reply":                      acked(1, 1),
		"an error that cannot be read": {Op: protocol.OpError, ID: 1, Head: []byte(`{`)},
		"a store that does not answer": failed(1, protocol.StorageDown),
	} {
		d := newSharing(t, ShareOptions{})
		d.online("e1")
		d.do(app(1, "a"), inScope(subscribe(5, "x")))
		for _, sent := range d.says(m).Messages {
			if sent.To != peer.Broker {
				t.Errorf("%s: an app is told %s", name, opName(sent.Op))
			}
		}
		d.want(d.due(againMs), fmt.Sprintf(`broker: contexts.subscribe %d x head {"scope":"user"}`, d.replicas().lastID))
	}
	// An answer to an app's own question that cannot be read is an error, and not the app's.
	d, a, _ := following(t)
	d.do(a, inScope(get(1, "y")))
	d.do(a, inScope(list(2)))
	d.do(a, inScope(set(3, "y", `{}`)))
	broken := `{"code":"INTERNAL","message":"the broker's answer cannot be read","retryable":true}`
	d.want(d.says(acked(2, 1)), `to 1: error 1 head `+broken)
	d.want(d.says(protocol.Envelope{Op: protocol.OpReply, ID: 3, Head: []byte(`{"contexts":7}`)}), `to 1: error 2 head `+broken)
	d.want(d.says(valued(4, 1, ``, `{}`)), `to 1: error 3 head `+broken)
}

// Writes that no broker would take are refused here, online as offline: they must never become pending.
func TestUnfitWrites(t *testing.T) {
	d, a, _ := following(t)
	for range 2 {
		for _, test := range []struct {
			code protocol.Code
			m    protocol.Envelope
		}{
			{protocol.BadMessage, set(9, "x", `[]`)},
			{protocol.BadMessage, set(9, "x", `{"a":1,"a":2}`)},
			{protocol.BadMessage, update(9, "x", `{`)},
			{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextUpdate, ID: 9, Name: "x"}},
			{protocol.BadMessage, protocol.Envelope{Op: protocol.OpContextSet, ID: 9, Name: "x", Body: protocol.BinaryBody([]byte(`{}`))}},
			{protocol.BadMessage, patch(9, "x", `{"set":[["a"]]}`, `{}`)},
			{protocol.InvalidArgument, patch(9, "x", `{"set":[["a"],["b"]]}`, `[1]`)},
			{protocol.InvalidArgument, patch(9, "x", `{"set":[[]]}`, `[1]`)},
			{protocol.InvalidArgument, patch(9, "x", `{"set":[["a"],["a","b"]]}`, `[1,2]`)},
			{protocol.InvalidArgument, withHead(set(9, "x", `{}`), `{"remove":["a"]}`)},
			{protocol.InvalidArgument, withHead(set(9, "x", `{}`), `{"lifetime":"ever"}`)},
			{protocol.InvalidArgument, withHead(set(9, "x", `{}`), `{"ifRevision":-2}`)},
			{protocol.TooDeep, set(9, "x", `{"a":`+strings.Repeat("[", 70)+strings.Repeat("]", 70)+`}`)},
		} {
			d.refused(test.code, a, inScope(test.m))
		}
		d.offline()
	}
	d.refused(protocol.InvalidArgument, a, inScope(patch(9, "x", `{"set":[["n","m"]]}`, `[1]`)))
	d.do(a, inScope(destroy(10, "x")))
	d.refused(protocol.ContextNotFound, a, inScope(destroy(11, "x")))
}

// Whatever a broker says, the books stay right, and apps are told nothing that is not well-formed.
func TestNoise(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 3))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		d := newSharing(t, ShareOptions{})
		a := app(1, "a")
		for id := range uint64(400) {
			switch n := rng.IntN(20); {
			case n < 3:
				d.online(pick("e1", "e2"))
			case n < 4:
				d.offline()
			case n < 5:
				d.due(1 << 40)
			case n < 9:
				name := pick("x", "y", "z")
				d.do(a, inScope([]protocol.Envelope{
					subscribe(id+1, name), get(id+1, name), update(id+1, name, `{"n":1}`), set(id+1, name, `{}`), destroy(id+1, name),
				}[rng.IntN(5)]))
			case n < 10:
				for old := range d.replicas().followed[1] {
					d.do(a, unsubscribe(id+1, old))
					break
				}
			default:
				m := protocol.Envelope{
					Op: []protocol.Op{protocol.OpReply, protocol.OpError, protocol.OpContextValue, protocol.OpContextEvent}[rng.IntN(4)],
					ID: uint64(rng.IntN(int(d.replicas().lastID) + 2)), Ref: uint64(rng.IntN(int(d.replicas().lastID) + 2)), Peer: uint32(rng.IntN(3)),
					Head: []byte(pick(``, `{}`, `{"kind":"set"}`, `{"kind":"destroyed"}`, `{"gap":"lost","kind":"set"}`, `{"gap":"skipped"}`, `{"pending":true}`,
						`{"name":"x","revision":3}`, `{"name":"x","revision":3,"unchanged":true}`, `{"code":"STORAGE_UNAVAILABLE","message":""}`, `{"code":"NOT_OWNER","message":""}`, `{`)),
				}
				if rng.IntN(4) > 0 {
					m.Body = text(pick(`{}`, `{"n":1}`, `{"n":{"m":2}}`, `[]`, `nope`))
				}
				for _, sent := range d.says(m).Messages {
					if sent.To != peer.Broker && sent.Op == protocol.OpContextEvent && sent.Body.Kind == protocol.BodyText && sent.Body.Bytes()[0] != '{' {
						t.Fatalf("seed %d: an app is told %s", seed, sent.Body.Bytes())
					}
				}
			}
			if t.Failed() {
				t.Fatalf("seed %d, step %d", seed, id)
			}
		}
	}
}

// A journal that is not this room's work is refused with an error, and leaves nothing half done.
func TestShareRestoreRefuses(t *testing.T) {
	base := `{"info":{"name":"x","revision":1},"epoch":"e"}`
	write := `{"op":42,"name":"x","head":{"scope":"user","sequence":7}}`
	for _, test := range []struct{ key, head, body string }{
		{"contexts/base/user\nx", `{`, `{}`},
		{"contexts/base/user\nx", base, `[]`},
		{"contexts/base/user\nx", `{"info":{"name":"x","revision":0}}`, `{}`},
		{"contexts/base/user\nx", `{"info":{"name":"x","revision":-1}}`, ``},
		{"contexts/base/user", base, `{}`},
		{"contexts/base/local\nx", base, `{}`},
		{"contexts/base/all\nx", base, `{}`},
		{"contexts/base/user\n", base, `{}`},
		{"contexts/pending/x", write, `{}`},
		{"contexts/pending/7", `{`, `{}`},
		{"contexts/pending/7", `{"op":40,"name":"x","head":{"scope":"user"}}`, `{}`},
		{"contexts/pending/7", `{"op":42,"name":"x","head":{"scope":"local"}}`, `{}`},
		{"contexts/pending/7", `{"op":42,"name":"","head":{"scope":"user"}}`, `{}`},
		{"contexts/waits/7", `1`, ``},
		{"contexts/waits/x", `1/1`, ``},
		{"contexts/follower/1", "user\nx", ``},
		{"contexts/follower/1/1", "x", ``},
		{"contexts/sequence", "many", ``},
		{"contexts/else", ``, ``},
	} {
		d := newSharing(t, ShareOptions{})
		before := d.views()
		err := d.room.Restore(test.key, []peer.Chunk{{Head: []byte(test.head), Body: []byte(test.body)}})
		if err == nil || !strings.Contains(err.Error(), test.key) {
			t.Errorf("%s %s %s: error %v", test.key, test.head, test.body, err)
		}
		if after := d.views(); after != before {
			t.Errorf("%s %s: left %s", test.key, test.head, after)
		}
	}
	d := newSharing(t, ShareOptions{})
	for _, entry := range [][3]string{{"contexts/base/user\nx", base, `{}`}, {"contexts/pending/7", write, `{}`}, {"contexts/follower/1/1", "user\nx", ``}} {
		for round := range 2 {
			err := d.room.Restore(entry[0], []peer.Chunk{{Head: []byte(entry[1]), Body: []byte(entry[2])}})
			if (err != nil) != (round == 1) {
				t.Errorf("%s, time %d: %v", entry[0], round+1, err)
			}
		}
	}
	// In a hub that has no broker any more, nothing of it is taken.
	if err := New(Options{}).Restore("contexts/pending/7", []peer.Chunk{{Head: []byte(write)}}); err == nil {
		t.Error("a room without a broker restores pending writes")
	}
}
