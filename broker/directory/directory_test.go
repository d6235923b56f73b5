package directory

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// asJSON gives definitions as the hub gets them.
func asJSON(apps []protocol.Definition) []string {
	texts := make([]string, len(apps))
	for i := range apps {
		texts[i] = string(apps[i].AppendJSON(nil))
	}
	return texts
}

func TestOwnForm(t *testing.T) {
	var set Set
	if err := set.AddFile("testdata/crm.yaml"); err != nil {
		t.Fatal(err)
	}
	want := `{"name":"crm","title":"Customers","url":"https://crm.example.com/start","version":"1.10","categories":["customers"],` +
		`"origins":["https://crm.example.com","https://*.xn--bcher-kva.example"],"allowNested":true,` +
		`"frame":{"sandbox":["allow-scripts","allow-same-origin"],"allow":["clipboard-write"]},"limits":{"messagesPerSecond":50},` +
		`"grants":{"offer":["crm.*"],"invoke":["*"]},"seesUser":true,"custom":{"placement":{"area":"left"}}}`
	if got := asJSON(set.Apps); len(got) != 1 || got[0] != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFDC3Records(t *testing.T) {
	var set Set
	if err := set.AddFile("testdata/appd.json"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"name":"fdc3-workbench@example.com","title":"FDC3 Workbench","description":"Try FDC3","url":"https://workbench.example.com/fdc3/",` +
			`"icon":"https://workbench.example.com/icon.png","version":"1.0.0","categories":["developer tools"],"origins":["https://*.example.com"],` +
			`"frame":{"sandbox":["allow-scripts","allow-same-origin"]},"custom":{"appD":{"name":"fdc3-workbench","tooltip":"Try FDC3","lang":"en-US",` +
			`"icons":[{"src":"https://workbench.example.com/icon.png","size":"32x32"}],` +
			`"publisher":"Example","interop":{"intents":{"listensFor":{"ViewChart":{"contexts":["fdc3.instrument"],"displayName":"View chart"}}}},` +
			`"hostManifests":{"Another desktop":"https://example.com/manifest.json"}},"placement":{"area":"left"}}}`,
		`{"name":"plain","title":"Plain","url":"https://plain.example.com","custom":{"appD":{"name":"Plain"}}}`,
	}
	if got := asJSON(set.Apps); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	if want := `testdata/appd.json:33:15: applications[1].type: the app "calc" is of type "native", which no browser can show; it is left out`; len(set.Warnings) != 1 || set.Warnings[0] != want {
		t.Errorf("warnings: %q", set.Warnings)
	}
}

func TestFormsOfAFile(t *testing.T) {
	one := `{"name": "a", "url": "https://a.example"}`
	two := `{"name": "b", "url": "https://b.example"}`
	record := `{"appId": "c", "details": {"url": "https://c.example"}}`
	for text, want := range map[string]string{
		one:                            "a",
		"[" + one + "," + two + "]":    "a b",
		`{"apps": [` + one + `]}`:      "a",
		record:                         "c",
		"[" + record + "," + one + "]": "c a",
		`{"applications": [` + record + `], "message": "OK"}`: "c",
		"[]": "",
	} {
		var set Set
		if err := add(&set, "x.json", text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var names []string
		for _, d := range set.Apps {
			names = append(names, d.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMistakesNameFileLineAndField(t *testing.T) {
	for _, test := range []struct{ name, file, text, want string }{
		{"empty", "x.yaml", "# nothing\n", "x.yaml: there is no app definition\n  fix: write at least a \"name\" and a \"url\""},
		{"no url", "x.yaml", "title: X\nname: x\n", "x.yaml:1:1: apps[x].url: is missing; it is where the app lives"},
		{"misspelt field", "x.yaml", "name: x\nurl: https://x.example\nframe:\n  sandbx: []\n", "x.yaml:4:3: frame.sandbx: there is no such field\n  fix: did you mean sandbox?"},
		{"sandbox", "x.yaml", "name: x\nurl: https://x.example\nframe:\n  sandbox:\n    - allow-scripts\n    - allow-top-navigation\n",
			`x.yaml:6:7: apps[x].frame.sandbox[1]: "allow-top-navigation" is refused: the app could navigate the main page away`},
		{"in a list", "x.json", "[\n {\"name\": \"a\", \"url\": \"https://a.example\"},\n {\"name\": \"b\", \"url\": \"b\"}\n]",
			`x.json:3:23: apps[b].url: must be an absolute http or https URL such as "https://app.example.com/start"`},
		{"twice", "x.json", "[\n {\"name\": \"a\", \"url\": \"https://a.example\"},\n {\"name\": \"a\", \"url\": \"https://b.example\"}\n]",
			"x.json:3:11: [1].name: the app \"a\" is defined already, in x.json:2\n  fix: give it another name, or remove one of them"},
		{"beside apps", "x.yaml", "apps: []\nlisten: x\n", "x.yaml:2:9: listen: there is no such field beside apps"},
		{"apps is no list", "x.yaml", "apps: {}\n", "x.yaml:1:7: apps: must be a list, not a mapping"},
		{"not a mapping", "x.yaml", "- x\n", "x.yaml:1:3: [0]: must be a mapping, not a text"},
		{"record without a url", "x.json", "{\"appId\": \"c\",\n \"details\": {}}", "x.json:2:13: apps[c].url: is missing; it is where the app lives"},
		{"record with a bad url", "x.json", "{\"appId\": \"c\",\n \"details\": {\"url\": \"c\"}}", `x.json:2:21: apps[c].url: must be an absolute http or https URL such as "https://app.example.com/start"`},
		{"record of a wrong type", "x.json", "{\"appId\": \"c\", \"details\": {\"url\": 7}, \"categories\": {}}", "x.json:1:53: categories: must be a list, not a mapping"},
		{"record with the url in the manifest", "x.json", "{\"appId\": \"c\", \"hostManifests\": {\"crossframe\": {\"url\": \"https://c.example\"}}}",
			"x.json:1:56: hostManifests.crossframe.url: belongs into the record itself\n  fix: write it as details.url"},
		{"manifest", "x.json", "{\"appId\": \"c\", \"details\": {\"url\": \"https://c.example\"},\n \"hostManifests\": {\"crossframe\": {\"limits\": {\"burst\": -1}}}}",
			"x.json:2:55: apps[c].limits.burst: must be above 0; leave it out for the platform's limit"},
		{"manifest twice", "x.json", "{\"appId\": \"c\", \"hostManifests\": {\"crossframe\": {},\n \"Crossframe\": {}}}",
			"x.json:1:48: hostManifests.crossframe: is there twice, in another spelling\n  fix: keep hostManifests.Crossframe"},
		{"rest of a record in the manifest", "x.json", "{\"appId\": \"c\", \"lang\": \"en\", \"details\": {\"url\": \"https://c.example\"},\n \"hostManifests\": {\"Crossframe\": {\"custom\": {\"appD\": 1}}}}",
			"x.json:2:54: hostManifests.Crossframe.custom.appD: is where the rest of the record goes\n  fix: give it another name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := add(new(Set), test.file, test.text); err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestTooManyApps(t *testing.T) {
	set := Set{Apps: make([]protocol.Definition, MaxApps)}
	if err := add(&set, "x.yaml", "name: x\nurl: https://x.example\n"); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("got %v", err)
	}
}

func TestFiles(t *testing.T) {
	root := t.TempDir()
	// The folder's own name has the signs of a pattern.
	folder := filepath.Join(root, "we[b] {1}")
	for _, name := range []string{"a.yaml", "b.json", "crm/c.yaml", "crm/deep/d.yaml", "node_modules/x/e.yaml", ".git/f.yaml", "crm/README.md"} {
		touch(t, filepath.Join(folder, name))
	}
	for pattern, want := range map[string]string{
		"a.yaml":            "a.yaml",
		"missing.yaml":      "missing.yaml",
		"*.yaml":            "a.yaml",
		"*.{yaml,json}":     "a.yaml b.json",
		"**/*.yaml":         "a.yaml crm/c.yaml crm/deep/d.yaml",
		"crm/**/*.yaml":     "crm/c.yaml crm/deep/d.yaml",
		"crm/*.yaml":        "crm/c.yaml",
		"c?m/*":             "crm/README.md crm/c.yaml",
		"nowhere/**/*.yaml": "",
		"crm/[a-c].yaml":    "crm/c.yaml",
	} {
		got, err := Files(folder, pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
		for i, name := range got {
			got[i], _ = filepath.Rel(folder, name)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%s: %q, want %q", pattern, text, want)
		}
	}
	if got, err := Files("/elsewhere", filepath.ToSlash(root)+"/*/a.yaml"); err != nil || len(got) != 1 {
		t.Errorf("an absolute pattern found %q, %v", got, err)
	}
	if _, err := Files(folder, "a[.yaml"); err == nil {
		t.Error("an open bracket was accepted")
	}
}

func add(set *Set, name, text string) error {
	root, err := source.Parse(name, []byte(text))
	if err != nil {
		return err
	}
	return set.AddRoot(root)
}
