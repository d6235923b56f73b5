package contexts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

// following is a desk that is connected, with an app that follows "x", which is {"n":1} at revision 7. The broker knows the
// subscription as 1.
func following(t *testing.T) (d *desk, a, b *peer.Peer) {
	t.Helper()
	d = newSharing(t, ShareOptions{})
	a, b = app(1, "a"), app(2, "b")
	d.online("e1")
	d.do(a, inScope(subscribe(5, "x")))
	d.says(valued(1, 7, `{"name":"x","revision":7,"lifetime":"durable","scope":"user"}`, `{"n":1}`))
	return d, a, b
}

func TestFollowing(t *testing.T) {
	d := newSharing(t, ShareOptions{})
	a, b := app(1, "a"), app(2, "b")
	d.want(d.online("e1"), "put contexts/identity head acme\nada")
	d.want(d.do(a, inScope(subscribe(5, "x"))),
		`broker: contexts.subscribe 1 x head {"scope":"user"}`)
	// The second one who follows waits for the same answer, and a get asks by itself.
	d.want(d.do(b, inScope(subscribe(6, "x"))))
	d.want(d.do(b, inScope(get(7, "x"))),
		`broker: contexts.get 2 x head {"scope":"user"}`)
	d.want(d.says(valued(1, 7, `{"name":"x","revision":7,"lifetime":"durable","scope":"user"}`, `{"n":1}`)),
		`to 1: contexts.value 5 ref 7 head {"name":"x","revision":7,"lifetime":"durable","bytes":7,"scope":"user"} body {"n":1}`,
		`to 2: contexts.value 6 ref 7 head {"name":"x","revision":7,"lifetime":"durable","bytes":7,"scope":"user"} body {"n":1}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":7,"lifetime":"durable","scope":"user"},"epoch":"e1"} body {"n":1}`,
		"put contexts/follower/1/5 head user\nx",
		"put contexts/follower/2/6 head user\nx")
	d.want(d.says(valued(2, 7, `{"name":"x","revision":7}`, `{"n":1}`)),
		`to 2: contexts.value 7 ref 7 head {"name":"x","revision":7} body {"n":1}`)
	// A change is handed on as it came; what is known is passed over.
	d.want(d.says(event(1, 8, 9, `{"removed":["n"]}`, `{"m":2}`)),
		`to 1: contexts.event 8 ref 5 peer 9 head {"removed":["n"]} body {"m":2}`,
		`to 2: contexts.event 8 ref 6 peer 9 head {"removed":["n"]} body {"m":2}`,
		"append contexts/base/user\nx "+`head {"removed":["n"]} body {"m":2}`)
	d.want(d.says(event(1, 8, 9, ``, `{"m":3}`)))
	// What is held is answered here.
	d.want(d.do(b, inScope(get(8, "x"))),
		`to 2: contexts.value 8 ref 8 head {"name":"x","revision":8,"lifetime":"durable","bytes":7,"scope":"user"} body {"m":2}`)
	d.do(a, set(9, "local", `{}`))
	d.want(d.do(b, list(10)),
		`to 2: reply 10 head {"contexts":[{"name":"local","revision":1,"lifetime":"session","bytes":2},{"name":"x","revision":8,"lifetime":"durable","bytes":7,"scope":"user"}]}`)
	// The last one who leaves ends it.
	d.want(d.do(a, unsubscribe(11, 5)), `to 1: reply 11`, `drop contexts/follower/1/5`)
	d.want(d.left(b),
		`broker: contexts.unsubscribe 3 ref 1`,
		`drop contexts/follower/2/6`,
		"drop contexts/base/user\nx")
	d.want(d.says(event(1, 9, 9, ``, `{"m":3}`)))
}

func TestWritingOnline(t *testing.T) {
	d, a, b := following(t)
	d.want(d.do(b, inScope(withHead(update(1, "x", `{"m":2}`), `{"remove":["k"],"ifRevision":7,"sequence":99,"first":1}`))),
		`broker: contexts.update 2 x ref 2 head {"ifRevision":7,"remove":["k"],"scope":"user","sequence":1} body {"m":2}`,
		`put contexts/sequence head 1025`)
	// The answer waits for the event, which the writer is told before.
	d.want(d.says(acked(2, 8)))
	d.want(d.says(event(1, 8, 2, ``, `{"m":2}`)),
		`to 1: contexts.event 8 ref 5 peer 2 body {"m":2}`,
		`to 2: reply 1 ref 8`,
		"append contexts/base/user\nx "+`body {"m":2}`)
	d.want(d.do(a, inScope(patch(2, "x", `{"set":[["p","q"]],"remove":[["n"]],"lifetime":"session"}`, `[1]`))),
		`broker: contexts.patch 3 x ref 1 head {"lifetime":"session","set":[["p","q"]],"remove":[["n"]],"scope":"user","sequence":2} body [1]`)
	d.want(d.says(failed(3, protocol.RevisionConflict)),
		`to 1: error 2 head {"code":"REVISION_CONFLICT","message":"no","retryable":true}`)
	d.want(d.do(a, inScope(destroy(3, "x"))), `broker: contexts.destroy 4 x ref 1 head {"scope":"user","sequence":3}`)
	d.want(d.says(event(1, 9, 1, `{"kind":"destroyed"}`, ``)),
		`to 1: contexts.event 9 ref 5 peer 1 head {"kind":"destroyed"}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":9,"scope":"user"},"epoch":"e1"}`)
	d.want(d.says(acked(4, 9)), `to 1: reply 3 ref 9`)
	// What nobody here follows is not held for longer than it takes.
	d.want(d.do(b, inScope(set(4, "y", `{}`))), `broker: contexts.set 5 y ref 2 head {"scope":"user","sequence":4} body {}`)
	d.want(d.says(acked(5, 1)), `to 2: reply 4 ref 1`)
	if n := len(d.replicas().all); n != 1 {
		t.Errorf("%d replicas are held", n)
	}
}

// The story that the package's comment tells.
func TestOfflineAndBack(t *testing.T) {
	d, a, b := following(t)
	d.do(b, inScope(set(1, "x", `{"k":1}`)))
	d.want(d.offline(),
		`to 1: contexts.event 7 ref 5 peer 2 head {"kind":"set","pending":true} body {"k":1}`,
		`to 2: reply 1 ref 7 head {"pending":true}`,
		`put contexts/pending/1 head {"op":41,"name":"x","head":{"scope":"user","sequence":1}} body {"k":1}`,
		`put contexts/waits/1 head 2/1`)
	d.want(d.do(b, inScope(withHead(update(2, "x", `{"j":2}`), `{"remove":["k"]}`))),
		`to 1: contexts.event 7 ref 5 peer 2 head {"removed":["k"],"pending":true} body {"j":2}`,
		`to 2: reply 2 ref 7 head {"pending":true}`,
		`put contexts/pending/2 head {"op":42,"name":"x","head":{"remove":["k"],"scope":"user","sequence":2}} body {"j":2}`,
		`put contexts/waits/2 head 2/2`)
	d.do(b, inScope(update(3, "x", `{"i":3}`)))
	d.want(d.do(a, inScope(get(4, "x"))),
		`to 1: contexts.value 4 ref 7 head {"name":"x","revision":7,"lifetime":"durable","bytes":13,"scope":"user","pending":true} body {"j":2,"i":3}`)
	for _, m := range []protocol.Envelope{
		inScope(get(15, "y")), inScope(subscribe(15, "y")), inScope(list(5)), inScope(withHead(set(5, "x", `{}`), `{"ifRevision":7}`)),
	} {
		d.refused(protocol.Offline, a, m)
	}
	if n := d.room.Pending(); n != 3 {
		t.Errorf("%d are pending", n)
	}
	// Pending writes go one after the other. Those that can be joined wait no longer than the first.
	d.want(d.online("e1"),
		`broker: contexts.subscribe 3 x head {"scope":"user","revision":7,"epoch":"e1"}`,
		`broker: contexts.set 4 x ref 2 head {"scope":"user","sequence":1} body {"k":1}`)
	d.want(d.says(valued(3, 8, `{"name":"x","revision":8,"lifetime":"durable","scope":"user"}`, `{"z":1}`)),
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":8,"lifetime":"durable","scope":"user"},"epoch":"e1"} body {"z":1}`)
	// What is written meanwhile waits, and is not pending.
	d.want(d.do(a, inScope(update(6, "x", `{"late":1}`))))
	d.want(d.says(event(3, 9, 2, `{"kind":"set"}`, `{"k":1}`)),
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":9,"lifetime":"durable","scope":"user"},"epoch":"e1"} body {"k":1}`)
	d.want(d.says(acked(4, 9)),
		`broker: contexts.update 5 x ref 2 head {"remove":["k"],"scope":"user","sequence":3,"first":2} body {"j":2,"i":3}`,
		`drop contexts/pending/2`,
		`drop contexts/waits/2`,
		`put contexts/pending/3 head {"op":42,"name":"x","head":{"remove":["k"],"scope":"user","sequence":3,"first":2}} body {"j":2,"i":3}`,
		`put contexts/waits/3 head 2/2 2/3`)
	d.want(d.says(event(3, 10, 2, `{"removed":["k"]}`, `{"j":2,"i":3}`)),
		"append contexts/base/user\nx "+`head {"removed":["k"]} body {"j":2,"i":3}`)
	d.want(d.says(acked(5, 10)),
		`to 1: contexts.event 10 ref 5 head {"gap":"skipped"} body {}`,
		`to 2: reply 1 ref 9`,
		`to 2: reply 2 ref 10`,
		`to 2: reply 3 ref 10`,
		`broker: contexts.update 6 x ref 1 head {"scope":"user","sequence":4} body {"late":1}`,
		`drop contexts/pending/1`,
		`drop contexts/waits/1`,
		`drop contexts/pending/3`,
		`drop contexts/waits/3`)
}

// A pending write that the broker refuses is gone from the view, its writer is told, and the audit log is.
func TestPendingRefused(t *testing.T) {
	d, _, b := following(t)
	d.offline()
	d.do(b, inScope(update(1, "x", `{"m":2}`)))
	d.online("e1")
	d.says(valued(2, 7, `{"name":"x","revision":7,"scope":"user","unchanged":true}`, ``))
	d.want(d.says(failed(3, protocol.PermissionDenied)),
		`to 1: contexts.event 7 ref 5 head {"kind":"set","gap":"skipped"} body {"n":1}`,
		`to 2: error 1 head {"code":"PERMISSION_DENIED","message":"no"}`,
		`drop contexts/pending/1`,
		`drop contexts/waits/1`,
		`audit PERMISSION_DENIED of b`)
	// What the broker cannot take now is tried again later, and nothing is sent ahead of it.
	d.offline()
	d.do(b, inScope(update(2, "x", `{"m":3}`)))
	d.online("e1")
	d.says(valued(4, 7, `{"name":"x","revision":7,"scope":"user","unchanged":true}`, ``))
	d.want(d.says(failed(5, protocol.StorageDown)))
	d.want(d.do(b, inScope(update(3, "x", `{"m":4}`))))
	if d.room.Deadline() != againMs {
		t.Errorf("it is tried again at %d", d.room.Deadline())
	}
	d.want(d.due(againMs),
		`broker: contexts.update 6 x ref 2 head {"scope":"user","sequence":2} body {"m":3}`)
}

func TestGaps(t *testing.T) {
	d, _, _ := following(t)
	// A change that does not follow: the value is asked for anew.
	d.want(d.says(event(1, 9, 0, ``, `{"n":3}`)),
		`broker: contexts.unsubscribe 2 ref 1`,
		`broker: contexts.subscribe 3 x head {"scope":"user","revision":7,"epoch":"e1"}`)
	d.want(d.says(event(1, 10, 0, ``, `{"n":4}`)))
	d.want(d.says(valued(3, 10, `{"name":"x","revision":10,"scope":"user"}`, `{"n":4}`)),
		`to 1: contexts.event 10 ref 5 head {"kind":"set","gap":"skipped"} body {"n":4}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":10,"scope":"user"},"epoch":"e1"} body {"n":4}`)
	// A whole value that does not follow is right, but something is missing before it.
	d.want(d.says(event(3, 12, 9, `{"kind":"set"}`, `{"n":5}`)),
		`to 1: contexts.event 12 ref 5 peer 9 head {"kind":"set","gap":"skipped"} body {"n":5}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":12,"scope":"user"},"epoch":"e1"} body {"n":5}`)
	// The broker may say so itself.
	d.want(d.says(event(3, 15, 0, `{"kind":"set","gap":"skipped"}`, `{"n":6}`)),
		`to 1: contexts.event 15 ref 5 head {"kind":"set","gap":"skipped"} body {"n":6}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":15,"scope":"user"},"epoch":"e1"} body {"n":6}`)
	// Another store begins anew.
	d.offline()
	d.want(d.online("e2"), `broker: contexts.subscribe 4 x head {"scope":"user","revision":15,"epoch":"e1"}`)
	d.want(d.says(valued(4, 2, `{"name":"x","revision":2,"scope":"user"}`, `{"n":6}`)),
		`to 1: contexts.event 2 ref 5 head {"kind":"set","gap":"lost"} body {"n":6}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":2,"scope":"user"},"epoch":"e2"} body {"n":6}`)
	d.want(d.says(event(4, 1, 0, `{"kind":"destroyed","gap":"lost"}`, ``)),
		`to 1: contexts.event 1 ref 5 head {"kind":"destroyed","gap":"lost"}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":1,"scope":"user"},"epoch":"e2"}`)
}

// Until the first connection requests wait, but not for ever.
func TestPatience(t *testing.T) {
	d := newSharing(t, ShareOptions{Now: 100})
	a := app(1, "a")
	d.want(d.do(a, inScope(subscribe(1, "x"))))
	d.want(d.do(a, inScope(get(2, "y"))))
	d.want(d.do(a, inScope(update(3, "x", `{"n":1}`))), `put contexts/sequence head 1025`)
	if d.room.Deadline() != 100+patienceMs {
		t.Errorf("patience ends at %d", d.room.Deadline())
	}
	d.want(d.due(100+patienceMs),
		`to 1: error 2 head {"code":"OFFLINE","message":"there is no connection to the broker now","retryable":true}`,
		`to 1: reply 3 head {"pending":true}`,
		`to 1: error 1 head {"code":"OFFLINE","message":"there is no connection to the broker now","retryable":true}`,
		`put contexts/pending/1 head {"op":42,"name":"x","head":{"scope":"user","sequence":1}} body {"n":1}`,
		`put contexts/waits/1 head 1/3`)
	if d.room.Deadline() != 0 {
		t.Errorf("offline, something is due at %d", d.room.Deadline())
	}
}

// Nothing of one user reaches another, and no write of one is made in the name of another.
func TestAnotherUser(t *testing.T) {
	d, _, b := following(t)
	d.offline()
	d.do(b, inScope(update(1, "x", `{"m":2}`)))
	d.want(d.onlineAs("e1", "bob"),
		`to 2: error 1 head {"code":"PERMISSION_DENIED","message":"another user has signed in since"}`,
		`broker: contexts.subscribe 2 x head {"scope":"user"}`,
		`drop contexts/pending/1`,
		`drop contexts/waits/1`,
		"drop contexts/base/user\nx",
		"put contexts/identity head acme\nbob",
		`audit PERMISSION_DENIED of b`)
	d.want(d.says(valued(2, 1, `{"name":"x","revision":1,"scope":"user"}`, `{"bob":1}`)),
		`to 1: contexts.event 1 ref 5 head {"kind":"set","gap":"lost"} body {"bob":1}`,
		"put contexts/base/user\nx "+`head {"info":{"name":"x","revision":1,"scope":"user"},"epoch":"e1"} body {"bob":1}`)
}

// What is pending survives the program and, but for who waits, the page. Numbers are never used twice.
func TestPendingSurvives(t *testing.T) {
	d, _, b := following(t)
	d.offline()
	d.do(b, inScope(update(1, "x", `{"m":2}`)))
	d.do(b, inScope(destroy(2, "y")))
	before := d.views()
	d.crash(everything)
	if after := d.views(); after != before {
		t.Errorf("a crash changed\n%s\nto\n%s", before, after)
	}
	d.offline()
	d.want(d.do(b, inScope(update(3, "x", `{"k":3}`))),
		`to 1: contexts.event 7 ref 5 peer 2 head {"pending":true} body {"k":3}`,
		`to 2: reply 3 ref 7 head {"pending":true}`,
		`put contexts/sequence head 2050`,
		`put contexts/pending/1026 head {"op":42,"name":"x","head":{"scope":"user","sequence":1026}} body {"k":3}`,
		`put contexts/waits/1026 head 2/3`)
	d.online("e1")
	d.says(valued(1, 7, `{"name":"x","revision":7,"scope":"user","unchanged":true}`, ``))
	d.want(d.says(failed(3, protocol.ContextNotFound)),
		`to 2: error 2 head {"code":"CONTEXT_NOT_FOUND","message":"no","retryable":true}`,
		`drop contexts/pending/2`,
		`drop contexts/waits/2`,
		`audit CONTEXT_NOT_FOUND of `)

	d.crash(kept)
	d.offline()
	again := app(1, "a")
	d.want(d.do(again, inScope(subscribe(1, "x"))),
		`to 1: contexts.value 1 ref 7 head {"name":"x","revision":7,"lifetime":"durable","bytes":19,"scope":"user","pending":true} body {"n":1,"m":2,"k":3}`,
		"put contexts/follower/1/1 head user\nx")
	d.want(d.online("e1"),
		`broker: contexts.subscribe 1 x head {"scope":"user","revision":7,"epoch":"e1"}`,
		`broker: contexts.update 2 x head {"scope":"user","sequence":1} body {"m":2}`)
}

func TestShareBounds(t *testing.T) {
	d := newSharing(t, ShareOptions{Contexts: 3, Bytes: 100, Writes: 4, WriteBytes: 4 * 300})
	a := app(1, "a")
	a.Limits.ContextBytes = 60
	d.online("e1")
	for i := range uint64(3) {
		d.do(a, inScope(subscribe(10+i, fmt.Sprint("c", i))))
	}
	d.refused(protocol.QuotaExceeded, a, inScope(subscribe(20, "c3")))
	d.refused(protocol.QuotaExceeded, a, inScope(set(20, "c3", `{}`)))
	big := `{"v":"` + strings.Repeat("x", 80) + `"}`
	d.refused(protocol.TooLarge, a, inScope(set(20, "c0", big)))
	d.refused(protocol.TooLarge, a, inScope(update(20, "c0", big)))
	d.refused(protocol.TooLarge, a, inScope(patch(20, "c0", `{"set":[["a"]]}`, `["`+strings.Repeat("x", 80)+`"]`)))
	// A value that is more than the hub holds ends the subscription, and is not kept.
	d.says(valued(1, 1, `{"name":"c0","revision":1}`, `{"v":"`+strings.Repeat("x", 30)+`"}`))
	d.refused(protocol.TooLarge, a, inScope(update(20, "c0", `{"w":"`+strings.Repeat("x", 30)+`"}`)))
	d.want(d.says(valued(2, 1, `{"name":"c1","revision":1}`, big)),
		`broker: contexts.unsubscribe 4 ref 2`,
		`to 1: error 11 head {"code":"QUOTA_EXCEEDED","message":"what is shared with this hub is larger than it may hold","retryable":true}`)
	d.says(valued(3, 1, `{"name":"c2","revision":1}`, `{}`))
	if out := d.says(event(3, 2, 0, ``, big)); out.Messages[0].Op != protocol.OpError || out.Messages[0].ID != 12 {
		t.Errorf("a change that is too large: %s", render(out))
	}
	for i := range uint64(4) {
		d.do(a, inScope(update(30+i, "c0", `{}`)))
	}
	d.refused(protocol.QuotaExceeded, a, inScope(update(40, "c0", `{}`)))
	d.offline()
	d.refused(protocol.QuotaExceeded, a, inScope(update(40, "c0", `{}`)))
	if d.room.Pending() != 4 {
		t.Errorf("%d are pending", d.room.Pending())
	}
	// All subscriptions of a peer count, whatever their scope.
	a.Limits.Subscriptions = 2
	d.do(a, subscribe(41, "local"))
	d.refused(protocol.QuotaExceeded, a, inScope(subscribe(42, "c0")))
	d.refused(protocol.QuotaExceeded, a, subscribe(42, "local too"))
	a.Limits.Subscriptions = 9
	d.refused(protocol.BadMessage, a, inScope(subscribe(41, "c0")))
	d.refused(protocol.BadMessage, a, subscribe(10, "local"))
}

func TestGrantsHoldInEveryScope(t *testing.T) {
	d, a, _ := following(t)
	a.Grants.ReadContexts, a.Grants.WriteContexts = peer.NewNames([]string{"x"}), peer.NewNames([]string{"y"})
	for _, m := range []protocol.Envelope{get(20, "y"), subscribe(20, "y"), set(20, "x", `{}`), update(20, "x", `{}`), patch(20, "x", ``, ``), destroy(20, "x")} {
		d.refused(protocol.PermissionDenied, a, inScope(m))
	}
	for name, code := range map[string]protocol.Code{"": protocol.InvalidName, "x*": protocol.PermissionDenied, "Hub.x": protocol.PermissionDenied} {
		d.refused(code, a, inScope(get(20, name)))
		d.refused(code, a, inScope(set(20, name, `{}`)))
	}
	d.want(d.do(a, inScope(list(21))), `broker: contexts.list 2 head {"scope":"user"}`)
	d.want(d.says(protocol.Envelope{Op: protocol.OpReply, ID: 2, Head: []byte(`{"contexts":[{"name":"x","revision":1},{"name":"z","revision":1}]}`)}),
		`to 1: reply 21 head {"contexts":[{"name":"x","revision":1}]}`)
	before := a.Grants
	a.Grants.ReadContexts = peer.NewNames(nil)
	d.want(d.regranted(a, &before),
		`to 1: error 5 head {"code":"PERMISSION_DENIED","message":"the definition of this app has changed, and does not grant this any more"}`,
		`broker: contexts.unsubscribe 3 ref 1`,
		`drop contexts/follower/1/5`,
		"drop contexts/base/user\nx",
		`audit PERMISSION_DENIED of a`)
}

// What the broker has acknowledged and not told yet stays in sight when the connection ends, and is sent again under its
// number, by which the broker knows it.
func TestAcknowledgedAndNotSeen(t *testing.T) {
	d, a, b := following(t)
	d.do(b, inScope(update(1, "x", `{"m":2}`)))
	d.want(d.says(acked(2, 8)))
	d.want(d.offline(),
		`to 2: reply 1 ref 8`,
		`to 1: contexts.event 7 ref 5 peer 2 head {"pending":true} body {"m":2}`,
		`put contexts/pending/1 head {"op":42,"name":"x","head":{"scope":"user","sequence":1}} body {"m":2}`)
	for id := range uint64(2) {
		d.want(d.online("e1"),
			fmt.Sprintf(`broker: contexts.subscribe %d x head {"scope":"user","revision":7,"epoch":"e1"}`, 3+2*id),
			fmt.Sprintf(`broker: contexts.update %d x ref 2 head {"scope":"user","sequence":1} body {"m":2}`, 4+2*id))
		d.says(valued(3+2*id, 7, `{"name":"x","revision":7,"scope":"user","unchanged":true}`, ``))
		d.want(d.says(acked(4+2*id, 8)))
		d.want(d.offline())
		d.want(d.do(a, inScope(get(9, "x"))),
			`to 1: contexts.value 9 ref 7 head {"name":"x","revision":7,"lifetime":"durable","bytes":13,"scope":"user","pending":true} body {"n":1,"m":2}`)
	}
}
