package directory

import (
	"testing"
)

func TestProblemsOfSettings(t *testing.T) {
	up := func(edit func(u *Upstream)) *Settings {
		s := &Settings{Upstreams: []Upstream{{Name: "a", URL: "https://a.example/v2/apps"}, {Name: "b", URL: "https://b.example/v2/apps"}}}
		edit(&s.Upstreams[1])
		return s
	}
	for _, test := range []struct {
		settings *Settings
		field    string
	}{
		{&Settings{}, ""},
		{up(func(*Upstream) {}), ""},
		{&Settings{Git: &Git{Path: "x"}}, ""},
		{&Settings{Git: &Git{}}, "git.path"},
		{&Settings{Git: &Git{Path: "x", Files: "a[.yaml"}}, "git.files"},
		{&Settings{Git: &Git{Path: "x", PollMs: 1}}, "git.pollMs"},
		{up(func(u *Upstream) { u.Name = "" }), "upstreams[1].name"},
		{up(func(u *Upstream) { u.Name = "a" }), "upstreams[1].name"},
		{up(func(u *Upstream) { u.URL = "http://b.example" }), "upstreams[1].url"},
		{up(func(u *Upstream) { u.RefreshMs = -1 }), "upstreams[1].refreshMs"},
		{&Settings{Upstreams: make([]Upstream, maxUpstreams+1)}, "upstreams"},
	} {
		p := test.settings.First()
		if p == nil {
			p = new(Problem)
		}
		if p.Field != test.field || (p.Text == "" || p.Fix == "") != (p.Field == "") {
			t.Errorf("%+v, want %s", p, test.field)
		}
	}
}
