package peer

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

func TestScope(t *testing.T) {
	own := NewSharing([]protocol.SharingRule{
		{Scope: "user", Contexts: []string{"customer", "desk.*"}, Methods: []string{"chart.show"}},
		{Scope: "local", Methods: []string{"chart.*"}},
		{Scope: "group:sales", Contexts: []string{"*"}},
	})
	platform := NewSharing([]protocol.SharingRule{{Scope: "tenant", Contexts: []string{"customer"}, Methods: []string{"*"}}})
	for _, c := range []struct {
		sharing Sharing
		kind    Kind
		name    string
		want    string
	}{
		{Sharing{}, Contexts, "customer", "local"},
		{own, Contexts, "customer", "user"},
		{own, Contexts, "desk.open", "user"},
		{own, Contexts, "other", "group:sales"},
		{own, Methods, "customer", "local"},
		{own, Methods, "chart.show", "user"},
		{own, Methods, "chart.hide", "local"},
		{own.Then(platform), Methods, "chart.hide", "local"},
		{own.Then(platform), Methods, "other", "tenant"},
		{own.Then(platform), Contexts, "customer", "user"},
		{platform.Then(own), Contexts, "customer", "tenant"},
		{Sharing{}.Then(platform), Contexts, "customer", "tenant"},
		{own, Contexts, "___channel___red", "group:sales"},
		{platform, Methods, "T42.Hello", "local"},
	} {
		p := Peer{Sharing: c.sharing}
		if got := p.Scope(c.kind, c.name); got != c.want {
			t.Errorf("kind %d, %q: %s, want %s", c.kind, c.name, got, c.want)
		}
	}
	_ = own.Then(platform)
	if other := own.Then(NewSharing([]protocol.SharingRule{{Scope: "everyone", Methods: []string{"*"}}})); other.scope(Methods, "x") != "everyone" ||
		own.Then(platform).scope(Methods, "x") != "tenant" {
		t.Error("two lists of rules share their memory")
	}
}
