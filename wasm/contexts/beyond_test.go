package contexts

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// requests are one of each operation that has the scope.
func requests(scope string) []protocol.Envelope {
	head := `{"scope":"` + scope + `"}`
	return []protocol.Envelope{
		withHead(get(1, "x"), head), withHead(set(2, "x", `{}`), head), withHead(update(3, "x", `{}`), head),
		withHead(patch(4, "x", ``, ``), head), withHead(subscribe(5, "x"), head), withHead(destroy(6, "x"), head), withHead(list(7), head),
	}
}

// Without a broker nothing has a scope but "local", and what asks for one gets no local context instead.
func TestNoBroker(t *testing.T) {
	d := newDesk(t, Options{})
	a := app(1, "a")
	d.do(a, set(1, "x", `{}`))
	for _, scope := range []string{"user", "tenant", "everyone", "group:desk"} {
		for _, m := range requests(scope) {
			d.refused(protocol.ScopeUnavailable, a, m)
		}
	}
	for _, scope := range []string{"everybody", "group:", "group: x", "Local"} {
		for _, m := range requests(scope) {
			d.refused(protocol.InvalidArgument, a, m)
		}
	}
	for _, m := range requests("local") {
		if out := d.do(a, m); out.Messages[0].Op == protocol.OpError {
			t.Errorf("%s: %s", opName(m.Op), render(out))
		}
	}
	a.Sharing = peer.NewSharing([]protocol.SharingRule{{Scope: "user", Contexts: []string{"crm.*"}}})
	d.refused(protocol.ScopeUnavailable, a, get(8, "crm.client"))
	d.do(a, withHead(set(9, "crm.client", `{}`), `{"scope":"local"}`))
	d.refused(protocol.ScopeUnavailable, a, set(10, "crm.client", `{}`))
	d.do(a, set(11, "other", `{}`))
}
