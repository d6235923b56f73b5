package licensing

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/crossframe/crossframe/protocol"
)

// desk is a directory with a signing key and its list of trusted keys, and a clock.
type desk struct {
	t       *testing.T
	dir     string
	now     time.Time
	in      string
	errText string
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, dir: t.TempDir(), now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	d.write("trusted.json", d.must("keygen", "--out", d.path("key.json")))
	return d
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) write(name, text string) string {
	d.t.Helper()
	if err := os.WriteFile(d.path(name), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return d.path(name)
}

// run runs one command line as the program does, and returns what went to standard output.
func (d *desk) run(args ...string) (string, error) {
	d.t.Helper()
	var out, errs bytes.Buffer
	env := &Env{In: strings.NewReader(d.in), Out: &out, Err: &errs, Now: func() time.Time { return d.now }}
	var command Command
	parser, err := kong.New(&command, kong.Bind(env), kong.Name("license"), kong.Exit(func(int) { d.t.Fatal("exit") }))
	if err != nil {
		d.t.Fatal(err)
	}
	c, err := parser.Parse(args)
	if err != nil {
		return "", err
	}
	err = c.Run()
	d.errText = errs.String()
	return out.String(), err
}

func (d *desk) must(args ...string) string {
	d.t.Helper()
	out, err := d.run(args...)
	if err != nil {
		d.t.Fatalf("%q: %v", args, err)
	}
	return out
}

// fails wants an error that says all of the texts.
func (d *desk) fails(texts []string, args ...string) {
	d.t.Helper()
	out, err := d.run(args...)
	if err == nil {
		d.t.Errorf("%q gives %s, want an error", args, out)
		return
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			d.t.Errorf("%q: %v, want %q in it", args, err, text)
		}
	}
}

func (d *desk) issue(more ...string) string {
	d.t.Helper()
	args := append([]string{"issue", "--key", d.path("key.json"), "--subject", "Example Corp"}, more...)
	return d.must(args...)
}

func (d *desk) verify(key, origin string, more ...string) (got verdict) {
	d.t.Helper()
	args := append([]string{"verify", key, "--origin", origin, "--trusted", d.path("trusted.json"), "--json"}, more...)
	out, err := d.run(args...)
	if jsonErr := json.Unmarshal([]byte(out), &got); jsonErr != nil {
		d.t.Fatalf("%q: %v, %v: %s", args, jsonErr, err, out)
	}
	if got.OK != (err == nil) {
		d.t.Errorf("%q: %v beside %s", args, err, out)
	}
	return got
}

func TestKeygen(t *testing.T) {
	d := newDesk(t)
	keys, err := ReadTrustedKeys(d.path("trusted.json"))
	if err != nil || len(keys) != 1 || keys[0].ID != "2026a" || keys[0].NotAfterIssued != 0 {
		t.Errorf("keygen prints %+v, %v", keys, err)
	}
	info, err := os.Stat(d.path("key.json"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the private key has mode %v, %v", info.Mode(), err)
	}
	private, err := readSigningKey(d.path("key.json"), keyFileMark)
	if err != nil || private.Trusted() != keys[0] {
		t.Errorf("the private key is read as %v, %v", private.ID, err)
	}
	d.fails([]string{"exists", "another file"}, "keygen", "--out", d.path("key.json"))
	if again, err := readSigningKey(d.path("key.json"), keyFileMark); err != nil || !again.Private.Equal(private.Private) {
		t.Errorf("the private key was overwritten: %v", err)
	}
	if out := d.must("keygen", "--out", d.path("other.json"), "--id", "office-1"); !strings.Contains(out, `"office-1"`) {
		t.Errorf("keygen --id prints %s", out)
	}
	d.fails([]string{"an id is"}, "keygen", "--out", d.path("third.json"), "--id", "no id")
	d.fails([]string{"write signing key"}, "keygen", "--out", d.path("nowhere/key.json"))
}

func TestIssueAndVerify(t *testing.T) {
	d := newDesk(t)
	key := strings.TrimSpace(d.issue("--origin", "https://Desk.example.com/", "--origin", "https://*.bücher.example",
		"--expires", "2027-05-31", "--grace-days", "10", "--feature", "broker", "--feature", "a,b", "--limit", "apps=20",
		"--limit", "users=5", "--id", "lic-7"))
	if !strings.HasPrefix(key, "CF1.") || strings.Contains(key, "\n") {
		t.Fatalf("issue prints more than the key: %s", key)
	}
	if !strings.Contains(d.errText, `"Example Corp"`) || strings.Contains(d.errText, key) {
		t.Errorf("issue says %s", d.errText)
	}
	want := &view{
		ID: "lic-7", Issuer: "Crossframe", Subject: "Example Corp", KeyID: "2026a",
		IssuedAt: "2026-06-01T12:00:00Z", NotBefore: "2026-06-01T12:00:00Z", Expires: "2027-06-01T00:00:00Z", Ends: "2027-06-11T00:00:00Z",
		Origins:  []string{"https://desk.example.com", "https://*.xn--bcher-kva.example"},
		Features: []string{"broker", "a,b"}, Limits: map[string]int64{"apps": 20, "users": 5},
	}
	got := d.verify(key, "https://desk.example.com")
	if a, b := asJSON(t, got.License), asJSON(t, want); !got.OK || got.State != "valid" || a != b {
		t.Errorf("verified %v %s %s; want %s", got.OK, got.State, a, b)
	}
	for _, row := range []struct {
		origin, at, state string
		code              protocol.Code
	}{
		{"https://a.xn--bcher-kva.example", "", "valid", ""},
		{"https://desk.example.com", "2027-05-31", "expiring", ""},
		{"https://desk.example.com", "2027-06-05", "grace", ""},
		{"https://desk.example.com", "2028-01-01T00:00:00Z", "expired", protocol.LicenseExpired},
		{"https://desk.example.com", "2026-05-31", "", protocol.LicenseNotYetValid},
		{"https://evil.example", "", "", protocol.LicenseOrigin},
	} {
		got := d.verify(key, row.origin, "--at="+row.at)
		code := protocol.Code("")
		if got.Fault != nil {
			code = got.Fault.Code
		}
		if string(got.State) != row.state || code != row.code {
			t.Errorf("%s at %s: %q, %v", row.origin, row.at, got.State, got.Fault)
		}
	}
	text := d.must("verify", d.write("key.txt", key+"\n"), "--origin=https://desk.example.com", "--trusted", d.path("trusted.json"))
	for _, line := range []string{"state       valid\n", "expires     2027-06-01", `limit       "apps" at most 20` + "\n", "signed with 2026a\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("verify prints no %q:\n%s", line, text)
		}
	}
	if strings.Contains(text, key) {
		t.Error("verify prints the key")
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestIssueJSONAndLog(t *testing.T) {
	d := newDesk(t)
	var issued struct {
		Key     string `json:"key"`
		License view   `json:"license"`
	}
	out := d.issue("--origin=https://a.example", "--days=10", "--from=2026-07-01", "--json", "--log", d.path("log"))
	if err := json.Unmarshal([]byte(out), &issued); err != nil {
		t.Fatal(err)
	}
	if issued.License.Expires != "2026-07-11T00:00:00Z" || len(issued.License.ID) < 20 {
		t.Errorf("issued %+v", issued.License)
	}
	d.issue("--origin=https://b.example", "--log", d.path("log"))
	log, err := os.ReadFile(d.path("log"))
	lines := strings.Split(string(log), "\n")
	if err != nil || len(lines) != 3 || lines[0] != asJSON(t, issued.License) || strings.Contains(string(log), "CF1.") {
		t.Errorf("the log is %q, %v", log, err)
	}
	if got := d.verify(issued.Key, "https://a.example", "--at=2026-07-02"); !got.OK || got.License.ID != issued.License.ID {
		t.Errorf("%+v", got)
	}
}

func TestIssueRefuses(t *testing.T) {
	d := newDesk(t)
	base := []string{"issue", "--key", d.path("key.json"), "--subject=x"}
	refuse := func(texts []string, more ...string) {
		t.Helper()
		d.fails(texts, append(base[:len(base):len(base)], more...)...)
	}
	refuse([]string{"--origin"})
	refuse([]string{"--origin", "scheme is missing", "https://"}, "--origin=desk.example.com")
	refuse([]string{"--origin", "position 21", "no path"}, "--origin=https://example.com/app")
	refuse([]string{"two labels"}, "--origin=https://*.com")
	refuse([]string{"--expires", "2027-12-31"}, "--origin=https://a.b", "--expires=31.12.2027")
	refuse([]string{"expired already"}, "--origin=https://a.b", "--expires=2026-05-01")
	refuse([]string{"--days"}, "--origin=https://a.b", "--days=0")
	refuse([]string{"grace days"}, "--origin=https://a.b", "--grace-days=999")
	refuse([]string{"--limit"}, "--origin=https://a.b", "--limit=apps=many")
	refuse([]string{"log license"}, "--origin=https://a.b", "--log", d.path("no/where"))
}

func TestInspect(t *testing.T) {
	d := newDesk(t)
	key := d.issue("--origin=https://a.example", "--origin=https://b.example")
	d.in = key
	for _, name := range []string{key, d.write("key.txt", key), "-"} {
		out := d.must("inspect", name)
		if !strings.Contains(out, "origins    2\n") || strings.Contains(out, "example") {
			t.Errorf("inspect prints %s", out)
		}
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(d.must("inspect", key, "--json")), &got); err != nil || got["format"] != "CF1" || got["origins"] != 2.0 {
		t.Errorf("inspect --json prints %v, %v", got, err)
	}
	d.fails([]string{"LICENSE_INVALID"}, "inspect", strings.TrimSpace(key)[:150])
	d.fails([]string{"begins with 'CF1.'"}, "inspect", d.path("missing.txt"))
	d.in = ""
	d.fails([]string{"LICENSE_MISSING"}, "inspect", "-")
}

func TestVerifyRefuses(t *testing.T) {
	d := newDesk(t)
	key := strings.TrimSpace(d.issue("--origin=https://a.example"))
	with := func(texts []string, origin, trusted string, more ...string) {
		t.Helper()
		d.fails(texts, append([]string{"verify", key, "--origin", origin, "--trusted", trusted}, more...)...)
	}
	trusted := d.path("trusted.json")
	with([]string{"without a path"}, "https://a.example/", trusted)
	with([]string{"--at", "2027-12-31"}, "https://a.example", trusted, "--at=tomorrow")
	with([]string{"LICENSE_ORIGIN_MISMATCH", "https://b.example"}, "https://b.example", trusted)
	with([]string{"read trusted keys"}, "https://a.example", d.path("missing.json"))
	other := d.write("other.json", d.must("keygen", "--out", d.path("key2.json"), "--id=2030b"))
	with([]string{"LICENSE_INVALID", "2026a", "configuration"}, "https://a.example", other)
	_, err := d.run("verify", key, "--origin=http://localhost:8080", "--trusted", trusted)
	var fault *protocol.Fault
	if !errors.As(err, &fault) || fault.Code != protocol.LicenseOrigin || !strings.Contains(d.errText, "needs no license key") {
		t.Errorf("localhost: %v, %q", err, d.errText)
	}
}
