package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/source"
)

// write puts a file into a folder and returns its path.
func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load reads a configuration file with that text, in a folder that has the other files.
func load(t *testing.T, text string, flags Flags, files ...string) (*Loaded, string, error) {
	t.Helper()
	folder := t.TempDir()
	for i := 0; i+1 < len(files); i += 2 {
		write(t, folder, files[i], files[i+1])
	}
	flags.Config = write(t, folder, "crossframe.yaml", text)
	l, err := Load(&flags)
	return l, folder, err
}

func pointer(s string) *string { return &s }

const crm = "name: crm\nurl: https://crm.example.com\n"

// TestBaseComesFirst: what a program brings itself is held to the same rules as what the configuration names.
func TestBaseComesFirst(t *testing.T) {
	base := func(text string) source.Value {
		root, err := source.Parse("base.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return root
	}
	file := write(t, t.TempDir(), "chart.yaml", "name: chart\nurl: https://chart.example\n")
	l, err := Load(&Flags{Apps: []string{file}}, base(crm))
	if err != nil || len(l.Definitions) != 2 || l.Definitions[0].Name != "crm" {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := Load(&Flags{Apps: []string{file}}, base("name: chart\nurl: https://x.example\n")); err == nil || !strings.Contains(err.Error(), "defined already, in base.yaml:1") {
		t.Errorf("got %v", err)
	}
}

func TestDefaults(t *testing.T) {
	l, err := Load(&Flags{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Listen != "127.0.0.1:8080" || l.OpsListen != "127.0.0.1:8079" || len(l.Origins) != 1 || l.Origins[0].String() != "http://localhost:8080" {
		t.Errorf("%+v, origins %v", l.Config, l.Origins)
	}
	if len(l.Definitions)+len(l.Warnings) != 0 || !l.OpsIsLocal() {
		t.Errorf("%+v", l)
	}
}

func TestFlagsOverFileOverDefaults(t *testing.T) {
	l, _, err := load(t, "listen: 127.0.0.1:1\npage: {title: File}\nlog: {level: debug}\npolicy: {blockList: [https://a.example], allowList: [https://b.example]}\n",
		Flags{Listen: pointer("127.0.0.1:2"), OpsListen: pointer(""), BlockList: []string{"https://c.example"}})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{l.Listen, l.OpsListen, l.Page.Title, l.Log.Level, l.Log.Format, strings.Join(l.Policy.BlockList, ","), strings.Join(l.Policy.AllowList, ",")}
	want := []string{"127.0.0.1:2", "", "File", "debug", "text", "https://c.example", "https://b.example"}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
	if l.Origins[0].String() != "http://localhost:2" {
		t.Errorf("the default origin follows the listener: %v", l.Origins)
	}
}

func TestEverythingTogether(t *testing.T) {
	t.Setenv(licenseKeyVariable, "")
	l, _, err := load(t, `
listen: 0.0.0.0:443
opsListen: 10.0.0.1:9000
publicOrigins: ["https://desk.bücher.example", "https://desk.example.com:8443"]
tls: {certFile: tls/cert.pem, keyFile: /etc/key.pem}
page:
  title: Desk
  frames: ["https://*.partner.example"]
apps:
  - apps/**/*.yaml
  - name: inline
    url: https://inline.example
policy:
  blockList: ["https://*.bücher.example", "https://bücher.example"]
limits: {burst: 10}
startMs: 5000
license: {keyFile: key.txt, trustedKeysFile: keys.json}
user: {id: u1, firstName: Ada}
`, Flags{}, "apps/crm.yaml", crm, "apps/deep/chart.yaml", "name: chart\nurl: https://chart.example\n",
		"key.txt", "  CF1.secret\n", "keys.json", `[{"id": "k1", "public": "`+strings.Repeat("A", 43)+`"}]`)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range l.Definitions {
		names = append(names, d.Name)
	}
	if got := strings.Join(names, " "); got != "crm chart inline" {
		t.Errorf("apps are %s", got)
	}
	if l.Origins[0].String() != "https://desk.xn--bcher-kva.example" || l.Policy.BlockList[0] != "https://*.xn--bcher-kva.example" {
		t.Errorf("names must be ASCII: %v %v", l.Origins, l.Policy)
	}
	if l.License.Key != "CF1.secret" || len(l.LicenseKeys) != 1 || l.LicenseKeys[0].ID != "k1" || l.User.FirstName != "Ada" || l.OpsIsLocal() {
		t.Errorf("%+v", l)
	}
	if !filepath.IsAbs(l.TLS.CertFile) || l.TLS.KeyFile != "/etc/key.pem" {
		t.Errorf("paths of the file are relative to its folder: %+v", l.TLS)
	}
	if len(l.Warnings) != 0 {
		t.Errorf("warnings: %q", l.Warnings)
	}
}

func TestTheKeyOfTheEnvironmentWins(t *testing.T) {
	t.Setenv(licenseKeyVariable, "CF1.environment")
	l, _, err := load(t, "license: {keyFile: missing.txt}\n", Flags{})
	if err != nil || l.License.Key != "CF1.environment" {
		t.Errorf("%+v, %v", l, err)
	}
	file := write(t, t.TempDir(), "k", "CF1.flag")
	l, _, err = load(t, "license: {key: CF1.file}\n", Flags{LicenseKeyFile: &file})
	if err != nil || l.License.Key != "CF1.flag" {
		t.Errorf("%+v, %v", l, err)
	}
}

// TestMistakes: the folder of the configuration stands as DIR in the messages.
func TestMistakes(t *testing.T) {
	for _, test := range []struct {
		name, text string
		flags      Flags
		want       string
	}{
		{"unknown key", "listen: 127.0.0.1:1\npolicy:\n  blocklist: []\n", Flags{}, "DIR/crossframe.yaml:3:3: policy.blocklist: there is no such field\n  fix: did you mean blockList?"},
		{"no YAML", "listen: [\n", Flags{}, "DIR/crossframe.yaml:1:1: this is not YAML: did not find expected node content"},
		{"address", "listen: 8080\n", Flags{}, "DIR/crossframe.yaml:1:9: listen: \"8080\" is no address to listen on\n  fix: write host and port, such as \"127.0.0.1:8080\", or \":8080\" for every interface"},
		{"address by flag", "", Flags{OpsListen: pointer("x:99999")}, "--ops-listen (or CROSSFRAME_OPS_LISTEN): \"x:99999\" is no address to listen on\n  fix: write host and port, such as \"127.0.0.1:8080\", or \":8080\" for every interface"},
		{"public origin", "publicOrigins:\n  - https://a.example\n  - https://*.example.com\n", Flags{}, "DIR/crossframe.yaml:3:5: publicOrigins[1]: origin pattern \"https://*.example.com\", position 9: wildcards are not allowed here; name one origin\n  fix: write one origin, such as \"https://desk.example.com\""},
		{"public origin of an extension", "publicOrigins: [chrome-extension://abc]\n", Flags{}, "DIR/crossframe.yaml:1:17: publicOrigins[0]: \"chrome-extension://abc\" is not http or https"},
		{"origin of the API", "api:\n  origins: [https://a.example, \"https://*.example.com\"]\n", Flags{}, "DIR/crossframe.yaml:2:32: api.origins[1]: origin pattern \"https://*.example.com\", position 9: wildcards are not allowed here; name one origin\n  fix: write one origin, such as \"https://desk.example.com\""},
		{"proxy", "trustedProxies: [10.0.0.0/8, proxy.example]\n", Flags{}, "DIR/crossframe.yaml:1:30: trustedProxies[1]: \"proxy.example\" is no network; write an address such as \"10.0.0.7\", or a network such as \"10.0.0.0/8\""},
		{"everybody a proxy", "trustedProxies: [0.0.0.0/0]\n", Flags{}, "DIR/crossframe.yaml:1:18: trustedProxies[0]: \"0.0.0.0/0\" is everybody, so that everybody could say where he comes from\n  fix: name the networks of the proxies"},
		{"upstream", "directory:\n  upstreams:\n    - {name: a, url: \"http://a.example\"}\n", Flags{}, "DIR/crossframe.yaml:3:22: directory.upstreams[0].url: must begin with https://; http:// is for servers of this machine only, because anybody on the way could change what they answer\n  fix: write the address of the list, such as \"https://apps.example.com/v2/apps\""},
		{"checkout", "directory: {git: {ref: main}}\n", Flags{}, "DIR/crossframe.yaml:1:18: directory.git.path: is missing\n  fix: write the folder of the checkout"},
		{"certificate", "tls:\n  certFile: c.pem\n", Flags{}, "DIR/crossframe.yaml:2:13: tls.certFile: there is a certificate, but no key\n  fix: set tls.keyFile too"},
		{"key", "tls:\n  keyFile: c.pem\n", Flags{}, "DIR/crossframe.yaml:2:12: tls.keyFile: there is a key, but no certificate\n  fix: set tls.certFile too"},
		{"level", "log: {level: verbose}\n", Flags{}, "DIR/crossframe.yaml:1:14: log.level: \"verbose\" is not known\n  fix: write one of debug, info, warn, error"},
		{"format by flag", "", Flags{LogFormat: pointer("xml")}, "--log-format (or CROSSFRAME_LOG_FORMAT): \"xml\" is not known\n  fix: write one of text, json"},
		{"block list", "policy:\n  blockList:\n    - https://a.example\n    - https://b.example/path\n", Flags{}, "DIR/crossframe.yaml:4:7: policy.blockList[1]: origin pattern \"https://b.example/path\", position 19: an origin has no path; only a / at the end may follow the host\n  fix: see docs/origin-patterns.md"},
		{"block list by flag", "", Flags{BlockList: []string{"a b"}}, "--block-list (or CROSSFRAME_BLOCK_LIST): origin pattern \"a b\", position 2: there must be no white space\n  fix: see docs/origin-patterns.md"},
		{"frames", "page:\n  frames: [\"*.a.example\"]\n", Flags{}, "DIR/crossframe.yaml:2:12: page.frames[0]: origin pattern \"*.a.example\", position 1: the scheme is missing; an allow list needs https://, or *:// for http and https\n  fix: see docs/origin-patterns.md"},
		{"limits", "limits:\n  burst: -1\n", Flags{}, "DIR/crossframe.yaml:2:10: limits.burst: must be above 0\n  fix: leave it out for the default"},
		{"start", "startMs: -1\n", Flags{}, "DIR/crossframe.yaml:1:10: startMs: must be above 0\n  fix: leave it out for 20000"},
		{"user", "user: {email: a@b.example}\n", Flags{}, "DIR/crossframe.yaml:1:7: user.id: is missing\n  fix: write what identifies the person at the desk"},
		{"two license keys", "license:\n  key: CF1.x\n  keyFile: y\n", Flags{}, "DIR/crossframe.yaml:3:12: license.keyFile: there is a key already, in license.key\n  fix: keep one of them"},
		{"no license key", "license: {keyFile: y}\n", Flags{}, "DIR/y: the file cannot be read: no such file or directory\n  fix: check the path; it is relative to the folder of the file that names it, or to where the program was started"},
		{"trusted keys", "license: {trustedKeysFile: apps/crm.yaml}\n", Flags{}, "DIR/crossframe.yaml:1:28: license.trustedKeysFile: read trusted keys: DIR/apps/crm.yaml is no list of {\"id\", \"public\", \"notAfterIssued\"}: invalid character 'a' in literal null (expecting 'u')\n  fix: write what crossframe license keygen printed"},
		{"an app that is missing", "apps: [nowhere.yaml]\n", Flags{}, "DIR/nowhere.yaml: the file cannot be read: no such file or directory\n  fix: check the path; it is relative to the folder of the file that names it, or to where the program was started"},
		{"a pattern", "apps:\n  - \"apps/[.yaml\"\n", Flags{}, "DIR/crossframe.yaml:2:5: apps[0]: read pattern: "},
		{"an app of another form", "apps: [[x]]\n", Flags{}, "DIR/crossframe.yaml:1:8: apps[0]: must be a path of files with app definitions, or a definition, not a list"},
		{"an app in the file", "apps:\n  - name: crm\n    url: nowhere\n", Flags{}, "DIR/crossframe.yaml:3:10: apps[crm].url: must be an absolute http or https URL such as \"https://app.example.com/start\""},
		{"an app in its file", "apps: [apps/bad.yaml]\n", Flags{}, "DIR/apps/bad.yaml:2:1: ulr: there is no such field\n  fix: did you mean url?"},
		{"an app twice", "apps:\n  - apps/crm.yaml\n  - name: crm\n    url: https://x.example\n", Flags{}, "DIR/crossframe.yaml:3:11: apps[1].name: the app \"crm\" is defined already, in DIR/apps/crm.yaml:1\n  fix: give it another name, or remove one of them"},
		{"an app of the page's own origin", "publicOrigins: [https://crm.example.com]\napps: [apps/crm.yaml]\n", Flags{}, "DIR/crossframe.yaml:2:7: apps: the app \"crm\" is of the main page's own origin https://crm.example.com, so that it could take over the page\n  fix: serve it from another origin, or give it a frame.sandbox without allow-same-origin and allowOpaque: true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, folder, err := load(t, test.text, test.flags, "apps/crm.yaml", crm, "apps/bad.yaml", "name: bad\nulr: https://x.example\n")
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.ReplaceAll(err.Error(), folder, "DIR"); got != test.want && !(test.name == "a pattern" && strings.HasPrefix(got, test.want)) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if _, err := Load(&Flags{Config: "nowhere.yaml"}); err == nil || !strings.HasPrefix(err.Error(), "nowhere.yaml: the file cannot be read") {
		t.Errorf("got %v", err)
	}
}

func TestWarnings(t *testing.T) {
	l, folder, err := load(t, `listen: 0.0.0.0:8080
apps: ["apps/*.json", {name: crm, url: "https://crm.example.com", origins: ["https://*.com"]}]
policy:
  blockList: ["https://*.example.com"]
`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"DIR/crossframe.yaml:1:1: publicOrigins: not set, so that only this machine's own names are answered\n  fix: set the origins",
		`DIR/crossframe.yaml:4:15: policy.blockList[0]: origin pattern "https://*.example.com": it does not match example.com itself`,
		`DIR/crossframe.yaml:2:8: apps[0]: no file matches "apps/*.json"`,
		`apps[crm].origins[0]: origin pattern "https://*.com": it matches every name under com`,
	}
	if len(l.Warnings) != len(want) {
		t.Fatalf("warnings: %q", l.Warnings)
	}
	for i, w := range l.Warnings {
		if got := strings.ReplaceAll(w, folder, "DIR"); !strings.HasPrefix(got, want[i]) {
			t.Errorf("got  %s\nwant %s", got, want[i])
		}
	}
}
