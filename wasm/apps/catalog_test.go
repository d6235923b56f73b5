package apps

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/wasm/peer"
)

func ask(op protocol.Op, id uint64) protocol.Envelope { return protocol.Envelope{Op: op, ID: id} }

func definitionsOf(list ...protocol.Definition) protocol.Envelope {
	apps := protocol.AppList{Apps: list}
	return protocol.Envelope{Op: protocol.OpAppDefine, ID: 5, Head: apps.AppendJSON(nil)}
}

const (
	crmFull = `{"name":"crm","title":"CRM","url":"https://crm.example/","grants":{"invoke":["x"]}}`
	crmSeen = `{"name":"crm","title":"CRM","url":"https://crm.example/"}`
	oneFull = `{"name":"one","url":"https://one.example/","frame":{"sandbox":["allow-scripts"],"allow":["camera"]},"single":true}`
	oneSeen = `{"name":"one","url":"https://one.example/","single":true}`
)

// TestListByGrants: the administration sees everything, an app what it may start, and of that what concerns it.
func TestListByGrants(t *testing.T) {
	w := newWorld(t)
	w.send(main, ask(protocol.OpAppList, 1), `to 1: reply id=1 {"apps":[`+crmFull+`,`+oneFull+`]}`)
	w.send(crm, ask(protocol.OpAppList, 1), `to 2: reply id=1 {"apps":[`+crmSeen+`,`+oneSeen+`]}`)
	w.send(chart, ask(protocol.OpAppList, 1), `to 3: reply id=1 {"apps":[`+crmSeen+`]}`)
	w.peers[chart].Grants = peer.NewGrants(protocol.Grants{})
	w.send(chart, ask(protocol.OpAppList, 1), `to 3: reply id=1 {"apps":[]}`)
}

// TestWatch: everybody hears what it may know, the watches of one peer apart.
func TestWatch(t *testing.T) {
	w := newWorld(t)
	for _, p := range []peer.ID{main, crm, chart} {
		key := words("put", watchKey(request{p, 8}))
		w.send(p, ask(protocol.OpAppWatch, 8), words("to", string(rune('0'+p))+":", `reply id=8 {"instances":[]}`), key)
	}
	w.send(crm, ask(protocol.OpAppWatch, 8), fail(crm, 8, "BAD_MESSAGE", "this watch exists already"), "audit BAD_MESSAGE crm crm https://crm.example")

	// Definitions, by grants.
	fresh := protocol.Definition{Name: "fresh", URL: "https://fresh.example/", Grants: &protocol.Grants{Admin: true}}
	const full, seen = `{"name":"fresh","url":"https://fresh.example/","grants":{"admin":true}}`, `{"name":"fresh","url":"https://fresh.example/"}`
	w.send(main, definitionsOf(fresh),
		`to 1: apps.changed ref=8 {"defined":[`+full+`]}`, `to 2: apps.changed ref=8 {"defined":[`+seen+`]}`, `to 1: reply id=5`, `put apps/defined/fresh {"apps":[`+full+`]}`)
	remove := protocol.Envelope{Op: protocol.OpAppRemove, ID: 6, Name: "fresh"}
	w.send(main, remove,
		`to 1: apps.changed ref=8 {"removed":["fresh"]}`, `to 2: apps.changed ref=8 {"removed":["fresh"]}`, `to 1: reply id=6`, `put apps/defined/fresh {"apps":[`+full+`]} null`)
	w.send(main, remove, fail(main, 6, "APP_NOT_FOUND", `no app definition is named "fresh"`))
	w.send(chart, ask(protocol.OpAppUnwatch, 7), fail(chart, 7, "NOT_OWNER", "this peer has no such watch"), "audit NOT_OWNER chart chart https://chart.example")
	w.send(chart, protocol.Envelope{Op: protocol.OpAppUnwatch, ID: 7, Ref: 8}, `to 3: reply id=7`, `drop apps/watch/3/8`)

	// Instances.
	changed := func(p, info string) string { return "to " + p + `: apps.changed ref=8 {"instances":[` + info + `]}` }
	w.send(main, start(1, "crm", `{"waitFor":"created"}`, ``), crm1Open, changed("1", crm1), changed("2", crm1), `to 1: reply id=1 `+crm1, crm1Record)
	// The words of a reason are for the administration and for who started it.
	refused := protocol.NewFault(protocol.OriginMismatch, "https://secret.example")
	reason, code := string(refused.AppendJSON(nil)), `{"code":"ORIGIN_MISMATCH","message":""}`
	withReason := func(r string) string {
		return strings.Replace(as(crm1, "refused", ""), `,"startedBy"`, `,"reason":`+r+`,"startedBy"`, 1)
	}
	w.event(1, func(t *peer.Turn, in *Instance) { w.room.Refused(t, in, refused) },
		`to page: page.state ref=1 {"state":"refused","reason":`+reason+`}`, changed("1", withReason(reason)), changed("2", withReason(code)), record(withReason(reason), 0))
	w.send(crm, ask(protocol.OpAppInstances, 3), `to 2: reply id=3 {"instances":[`+withReason(code)+`]}`)
	w.send(main, ask(protocol.OpAppInstances, 3), `to 1: reply id=3 {"instances":[`+withReason(reason)+`]}`)
	w.event(1, w.room.Removed, `to 1: apps.changed ref=8 {"stopped":[`+as(crm1, "gone", "")+`]}`, `to 2: apps.changed ref=8 {"stopped":[`+as(crm1, "gone", "")+`]}`, `drop apps/instance/1`)

	// Who has left hears nothing and leaves nothing.
	gone := w.peers[crm]
	delete(w.peers, crm)
	w.room.Left(w.turn(0, protocol.Envelope{}), gone)
	w.expect([]string{`drop apps/watch/2/8`})
	w.send(main, definitionsOf(fresh), `to 1: apps.changed ref=8 {"defined":[`+full+`]}`, `to 1: reply id=5`, `put apps/defined/fresh {"apps":[`+full+`]}`)
}

// TestRegranted: a watch learns which definitions its peer may start no longer, and which it may start now.
func TestRegranted(t *testing.T) {
	w := newWorld(t)
	w.send(crm, ask(protocol.OpAppWatch, 8), `to 2: reply id=8 {"instances":[]}`, "put apps/watch/2/8")
	regrant := func(g protocol.Grants, want ...string) {
		t.Helper()
		before := w.peers[crm].Grants
		w.peers[crm].Grants = peer.NewGrants(g)
		w.room.Regranted(w.turn(main, protocol.Envelope{}), w.peers[crm], &before)
		w.expect(want)
	}
	regrant(protocol.Grants{Start: []string{"o*"}}, `to 2: apps.changed ref=8 {"removed":["crm"]}`)
	regrant(protocol.Grants{Start: []string{"o*"}, Invoke: []string{"x"}})
	regrant(protocol.Grants{Start: []string{"c*"}}, `to 2: apps.changed ref=8 {"defined":[`+crmSeen+`],"removed":["one"]}`)
	regrant(protocol.Grants{Admin: true}, `to 2: apps.changed ref=8 {"defined":[`+crmFull+`,`+oneFull+`]}`)
	regrant(protocol.Grants{Start: []string{"c*"}}, `to 2: apps.changed ref=8 {"defined":[`+crmSeen+`],"removed":["one"]}`)
}

func TestWatchIsBounded(t *testing.T) {
	w := newWorld(t)
	w.peers[crm].Limits.Subscriptions = 5
	for id := range uint64(5) {
		w.room.Watch(w.turn(crm, ask(protocol.OpAppWatch, id+1)))
	}
	w.send(crm, ask(protocol.OpAppWatch, 9), fail(crm, 9, "QUOTA_EXCEEDED", "too many watches; the limit is 5"), "audit QUOTA_EXCEEDED crm crm https://crm.example")
	if len(w.room.watches) != 5 {
		t.Errorf("%d watches", len(w.room.watches))
	}
}

func TestDefine(t *testing.T) {
	good, bad := protocol.Definition{Name: "new", URL: "https://new.example/"}, protocol.Definition{Name: "bad", URL: "/relative"}
	t.Run("not granted", func(t *testing.T) {
		w := newWorld(t)
		for _, e := range []protocol.Envelope{definitionsOf(good), {Op: protocol.OpAppRemove, ID: 5, Name: "crm"}, {Op: protocol.OpAppRemove, ID: 5, Name: "none"}} {
			verb := map[protocol.Op]string{protocol.OpAppDefine: "defining", protocol.OpAppRemove: "removing"}[e.Op]
			w.send(crm, e, fail(crm, 5, "PERMISSION_DENIED", verb+` apps needs the grant "admin"`), "audit PERMISSION_DENIED crm crm https://crm.example")
		}
	})
	t.Run("all or nothing", func(t *testing.T) {
		w := newWorld(t)
		changed := protocol.Definition{Name: "crm", URL: "https://other.example/"}
		if w.room.Define(w.turn(main, definitionsOf(changed, good, bad))) {
			t.Error("taken")
		}
		if got := w.lines(); len(got) != 1 || !strings.HasPrefix(got[0], `to 1: error id=5 {"code":"INVALID_APP_DEFINITION","message":"apps[bad].url: `) {
			t.Errorf("the outbox is %q", got)
		}
		w.send(main, ask(protocol.OpAppList, 1), `to 1: reply id=1 {"apps":[`+crmFull+`,`+oneFull+`]}`)
	})
	t.Run("unreadable", func(t *testing.T) {
		w := newWorld(t)
		e := protocol.Envelope{Op: protocol.OpAppDefine, ID: 5, Head: []byte(`{"apps":[{"name":"x","url":"https://x.example","limits":{"burst":"1"}}]}`)}
		w.send(main, e, fail(main, 5, "INVALID_APP_DEFINITION", "apps[0].limits.burst: want an integer"))
	})
	t.Run("running instances", func(t *testing.T) {
		w := newWorld(t)
		w.room.Start(w.turn(main, start(1, "crm", ``, ``)))
		w.room.Define(w.turn(main, definitionsOf(protocol.Definition{Name: "crm", URL: "https://other.example/"})))
		if in := w.room.ByFrame(1); !in.App.Origins.Allows("https://other.example") || in.App.Origins.Allows("https://crm.example") {
			t.Error("the instance has the old definition")
		}
		w.room.Remove(w.turn(main, protocol.Envelope{Op: protocol.OpAppRemove, ID: 1, Name: "crm"}))
		if in := w.room.ByFrame(1); in == nil || !in.App.Origins.Allows("https://other.example") {
			t.Error("the instance did not run on")
		}
		w.send(main, start(2, "crm", ``, ``), fail(main, 2, "APP_NOT_FOUND", `no app definition is named "crm"`))
	})
}

// TestDefinitionsNameTheField: whatever is wrong with a definition, the fault says where.
func TestDefinitionsNameTheField(t *testing.T) {
	for field, d := range map[string]protocol.Definition{
		"name":            {URL: "https://x.example"},
		"url":             {Name: "x", URL: "javascript:alert(1)"},
		"icon":            {Name: "x", URL: "https://x.example", Icon: "x.png"},
		"origins[1]":      {Name: "x", URL: "https://x.example", Origins: []string{"https://x.example", "https://x.example/path"}},
		"nestedOrigins":   {Name: "x", URL: "https://x.example", NestedOrigins: []string{"https://y.example"}},
		"frame.allow[0]":  {Name: "x", URL: "https://x.example", Frame: protocol.Frame{Allow: []string{"camera *"}}},
		"limits.methods":  {Name: "x", URL: "https://x.example", Limits: protocol.Limits{Methods: -1}},
		"grants.offer[0]": {Name: "x", URL: "https://x.example", Grants: &protocol.Grants{Offer: []string{"*x"}}},
	} {
		w := newWorld(t)
		if f := w.room.Add(d); f == nil || f.Code != protocol.InvalidApp || !strings.HasPrefix(f.Message, "apps["+d.Name+"]."+field+": ") {
			t.Errorf("%s: %v", field, f)
		}
	}
}
