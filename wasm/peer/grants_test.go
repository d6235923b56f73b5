package peer

import (
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		list []string
		name string
		want bool
	}{
		{nil, "crm.show", false},
		{nil, "", false},
		{[]string{}, "crm.show", false},
		{[]string{"*"}, "crm.show", true},
		{[]string{"crm.show"}, "crm.show", true},
		{[]string{"crm.show"}, "crm.show2", false},
		{[]string{"crm.show"}, "crm.sho", false},
		{[]string{"crm.show"}, "CRM.show", false},
		{[]string{"crm.*"}, "crm.show", true},
		{[]string{"crm.*"}, "crm.", true},
		{[]string{"crm.*"}, "crm", false},
		{[]string{"crm.*"}, "crmx.show", false},
		{[]string{"crm*"}, "crmx.show", true},
		{[]string{"a", "b*", "c.d"}, "bcd", true},
		{[]string{"a", "b*", "c.d"}, "c.d", true},
		{[]string{"a", "b*", "c.d"}, "c.de", false},
		// Only a star at the end means anything.
		{[]string{"*.show"}, "crm.show", false},
		{[]string{"*.show"}, "*.show", true},
		{[]string{"c*m.show"}, "crm.show", false},
		{[]string{"crm.**"}, "crm.show", false},
		{[]string{"crm.**"}, "crm.*show", true},
		{[]string{""}, "", true},
		{[]string{""}, "crm.show", false},
	} {
		names := NewNames(c.list)
		if got := names.Has(c.name); got != c.want {
			t.Errorf("%q has %q: %v", c.list, c.name, got)
		}
	}
}

func TestNewGrantsKeepsTheListsApart(t *testing.T) {
	g := NewGrants(protocol.Grants{
		Offer: []string{"offer"}, Invoke: []string{"invoke"}, ReadContexts: []string{"read"},
		WriteContexts: []string{"write"}, Start: []string{"start"},
	})
	lists := map[string]*Names{
		"offer": &g.Offer, "invoke": &g.Invoke, "read": &g.ReadContexts, "write": &g.WriteContexts, "start": &g.Start,
	}
	for own := range lists {
		for name, list := range lists {
			if got := list.Has(own); got != (name == own) {
				t.Errorf("list %s has %q: %v", name, own, got)
			}
		}
	}
	if g.Admin {
		t.Error("admin without being granted")
	}
	if g := NewGrants(protocol.Grants{Admin: true}); !g.Admin || g.Invoke.Has("x") {
		t.Error("admin grants admin, and nothing else")
	}
}

func TestDefaultGrants(t *testing.T) {
	g := DefaultGrants()
	for name, list := range map[string]*Names{
		"offer": &g.Offer, "invoke": &g.Invoke, "read": &g.ReadContexts, "write": &g.WriteContexts, "start": &g.Start,
	} {
		if !list.Has("anything at all") {
			t.Errorf("%s is not granted", name)
		}
	}
	if g.Admin {
		t.Error("the default grants the administration")
	}
}
