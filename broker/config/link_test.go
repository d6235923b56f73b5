package config

import (
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/identity"
)

const users = "identity: {development: {users: [{id: ada, firstName: Ada, groups: [desk]}]}}\n"

func TestLink(t *testing.T) {
	l, _, err := load(t, users+"link: {url: \"wss://broker.example.com/link\", tokenUrl: /token, everyoneRoles: [editor]}\n"+
		"sharing:\n  - {scope: user, contexts: [customer]}\n  - {scope: \"group:desk\", methods: [\"crm.*\"]}\n", Flags{})
	if err != nil {
		t.Fatal(err)
	}
	link := l.PageLink()
	if link == nil || link.URL != "wss://broker.example.com/link" || link.TokenURL != "/token" || len(link.Development) != 1 || link.Development[0].FirstName != "Ada" {
		t.Errorf("link: %+v", link)
	}
	if l.LinkOrigin() != "wss://broker.example.com" || len(l.Sharing) != 2 || l.Link.EveryoneRoles[0] != "editor" {
		t.Errorf("%q %+v", l.LinkOrigin(), l.Sharing)
	}
	for name, test := range map[string]struct {
		text   string
		flags  Flags
		linked bool
	}{
		"nobody is accepted": {"", Flags{}, false},
		"users":              {users, Flags{}, true},
		"off":                {users + "link: {disabled: true}\n", Flags{}, false},
		"off by flag":        {users, Flags{NoLink: true}, false},
	} {
		l, _, err := load(t, test.text, test.flags)
		if err != nil || l.Linked() != test.linked || (l.PageLink() != nil) != test.linked {
			t.Errorf("%s: %v %v", name, l, err)
		}
		if test.linked && (l.PageLink().URL != LinkPath || l.LinkOrigin() != "") {
			t.Errorf("%s: %+v %q", name, l.PageLink(), l.LinkOrigin())
		}
	}
	l, _, err = load(t, "sharing: [{scope: user, contexts: [x]}]\n", Flags{})
	if err != nil || len(l.Warnings) != 1 || !strings.Contains(l.Warnings[0], "nobody can connect") {
		t.Errorf("%v %v", l, err)
	}
	var jwt Config
	jwt.Identity.JWT = new(identity.JWT)
	if !jwt.Linked() || len(jwt.PageLink().Development) != 0 {
		t.Error("users with tokens connect too")
	}
}

func TestMistakesInLink(t *testing.T) {
	for text, want := range map[string]string{
		"link: {url: \"https://b.example\"}":              "link.url: is no address of a WebSocket",
		"link: {url: \"wss://b.example/?token=1\"}":       "link.url: is no address of a WebSocket",
		"link: {url: \"wss://u:p@b.example/\"}":           "link.url: is no address of a WebSocket",
		"link: {tokenUrl: \"https://sso.example/token\"}": "link.tokenUrl: is not of the main page's own origin",
		"link: {connections: -1}":                         "link.connections: must be above 0",
		"sharing: [{scope: team, contexts: [x]}]":         "sharing[0].scope",
		"sharing: [{scope: user}]":                        "sharing[0]: names nothing",
		"sharing: [{scope: user, contexts: [\"*.x\"]}]":   "sharing[0]",
		"link: {disable: true}":                           "disable",
	} {
		_, _, err := load(t, text+"\n", Flags{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
