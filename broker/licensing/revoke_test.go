package licensing

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// signer is the flags of every signing command.
func (d *desk) revoke(more ...string) string {
	d.t.Helper()
	return d.must(append([]string{"revoke", "--key", d.path("key.json"), "--list", d.path("revoked")}, more...)...)
}

func (d *desk) revocations() sealed.Revocations {
	d.t.Helper()
	keys, err := ReadTrustedKeys(d.path("trusted.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	list, err := ReadRevocations(d.path("revoked"), keys)
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

func TestRevokeAndList(t *testing.T) {
	d := newDesk(t)
	log := d.path("issued.jsonl")
	for _, id := range []string{"lic-1", "lic-2", "lic-3"} {
		d.issue("--origin=https://a.example", "--id", id, "--log", log)
	}
	old := d.issue("--origin=https://a.example", "--id=old", "--days=1", "--grace-days=0", "--log", log)
	d.now = d.now.AddDate(0, 0, 3)
	d.revoke("--id=lic-1", "--id=lic-1", "--reason=not paid", "--log", log)
	first := d.revocations()
	if len(first.Hashes) != 1 || first.Expires != first.IssuedAt+7*24*60*60 || !strings.Contains(d.errText, "Revoked 1, 1 are on the list") {
		t.Errorf("%+v, %s", first, d.errText)
	}
	d.revoke("--id=lic-3", "--id=elsewhere", "--days=30", "--log", log)
	second := d.revocations()
	if len(second.Hashes) != 3 || second.IssuedAt <= first.IssuedAt || second.Expires != second.IssuedAt+30*24*60*60 {
		t.Errorf("%+v", second)
	}
	d.revoke() // Only for more days.
	if third := d.revocations(); len(third.Hashes) != 3 || third.IssuedAt <= second.IssuedAt {
		t.Errorf("%+v", third)
	}

	var got struct {
		Licenses []listed
		Unknown  int
	}
	out := d.must("list", "--log", log, "--list", d.path("revoked"), "--trusted", d.path("trusted.json"), "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, one := range got.Licenses {
		said = append(said, one.ID+" "+string(one.State)+" "+one.Reason)
	}
	if all := strings.Join(said, ", "); all != "lic-1 revoked not paid, lic-2 valid , lic-3 revoked , old expired " || got.Unknown != 1 {
		t.Errorf("list says %s, %d unknown", all, got.Unknown)
	}
	if text := d.must("list", "--log", log); !strings.Contains(text, "revoked  \"lic-1\"  \"Example Corp\"  2027-06-01  https://a.example\n") {
		t.Errorf("list prints %s", text)
	}
	written, err := os.ReadFile(log)
	if err != nil || strings.Contains(string(written), strings.TrimSpace(old)[4:40]) || strings.Count(string(written), "\n") != 7 {
		t.Errorf("the log is %s, %v", written, err)
	}

	d.revoke("--issued-before=2026-06-02")
	if text := d.must("list", "--log", log, "--list", d.path("revoked"), "--trusted", d.path("trusted.json")); strings.Count(text, "revoked") != 4 {
		t.Errorf("all of the first of June are revoked: %s", text)
	}
}

func TestVerifyLooksUpTheList(t *testing.T) {
	d := newDesk(t)
	key := strings.TrimSpace(d.issue("--origin=https://a.example", "--id=lic-1"))
	d.revoke("--id=lic-2")
	if got := d.verify(key, "https://a.example", "--list", d.path("revoked")); !got.OK {
		t.Errorf("%+v", got)
	}
	if got := d.verify(key, "https://a.example", "--list", d.path("revoked"), "--at=2026-07-01"); got.Fault == nil || got.Fault.Code != protocol.LicenseUnverified {
		t.Errorf("a list that is out of date: %+v", got)
	}
	d.revoke("--id=lic-1")
	if got := d.verify(key, "https://a.example", "--list", d.path("revoked")); got.Fault == nil || got.Fault.Code != protocol.LicenseRevoked || got.State != "revoked" {
		t.Errorf("%+v", got)
	}
}

func TestRevokeRefuses(t *testing.T) {
	d := newDesk(t)
	refuse := func(texts []string, more ...string) {
		t.Helper()
		d.fails(texts, append([]string{"revoke", "--key", d.path("key.json"), "--list", d.path("revoked")}, more...)...)
	}
	refuse([]string{"--days"}, "--days=0")
	refuse([]string{"--days", "366"}, "--days=367")
	refuse([]string{"--issued-before", "2027-12-31"}, "--issued-before=yesterday")
	refuse([]string{"not issued yet"}, "--issued-before=2027-01-01")
	refuse([]string{"log license"}, "--id=a", "--log", d.path("no/where"))
	if _, err := os.Stat(d.path("revoked")); err == nil {
		t.Error("a list was written in spite of a mistake")
	}
	d.write("revoked", "x")
	refuse([]string{"LICENSE_UNVERIFIED", "--trusted"}, "--id=a")
	if text, _ := os.ReadFile(d.path("revoked")); string(text) != "x" {
		t.Error("what could not be read was overwritten")
	}
	if err := os.Remove(d.path("revoked")); err != nil {
		t.Fatal(err)
	}
	d.revoke("--id=a")
	// The next signing key goes on with the list, where it is told who signed it.
	d.write("next.json", d.must("keygen", "--out", d.path("key2.json"), "--id=2027a"))
	next := []string{"revoke", "--key", d.path("key2.json"), "--list", d.path("revoked"), "--id=b"}
	d.fails([]string{"2026a", "--trusted"}, next...)
	d.must(append(next, "--trusted", d.path("trusted.json"))...)
	d.now = d.now.AddDate(-1, 0, 0)
	d.fails([]string{"set the clock right"}, next...)
	d.fails([]string{"--trusted"}, "list", "--log", d.write("log", ""), "--list", d.path("revoked"))
	d.fails([]string{d.path("log") + ":2"}, "list", "--log", d.write("log", `{"id":"a"}`+"\n{}\n"))
	d.fails([]string{"read license log"}, "list", "--log", d.path("missing"))
}

func TestRotate(t *testing.T) {
	d := newDesk(t)
	d.write("roots.json", d.must("keygen", "--root", "--out", d.path("root.json")))
	if !strings.Contains(d.errText, "license.rootKeysFile") {
		t.Errorf("keygen --root says %s", d.errText)
	}
	roots, err := ReadTrustedKeys(d.path("roots.json"))
	if err != nil || roots[0].ID != "root-2026a" {
		t.Fatalf("%+v, %v", roots, err)
	}
	rotate := func(more ...string) []protocol.TrustedKey {
		t.Helper()
		d.must(append([]string{"rotate", "--root", d.path("root.json"), "--set", d.path("keys")}, more...)...)
		set, err := ReadKeySet(d.path("keys"), roots)
		if err != nil {
			t.Fatal(err)
		}
		return set.Keys
	}
	d.write("next.json", d.must("keygen", "--out", d.path("key2.json"), "--id=2027a"))
	if keys := rotate("--add", d.path("trusted.json")); len(keys) != 1 || keys[0].ID != "2026a" {
		t.Errorf("%+v", keys)
	}
	keys := rotate("--add", d.path("next.json"), "--retire=2026a")
	if len(keys) != 2 || keys[0].NotAfterIssued != d.now.Unix() || keys[1].ID != "2027a" || keys[1].NotAfterIssued != 0 {
		t.Errorf("%+v", keys)
	}
	if keys := rotate("--retire=2026a=2026-07-01"); keys[0].NotAfterIssued != time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("%+v", keys)
	}
	if keys := rotate("--remove=2026a"); len(keys) != 1 || keys[0].ID != "2027a" {
		t.Errorf("%+v", keys)
	}
	refuse := func(texts []string, more ...string) {
		t.Helper()
		d.fails(texts, append([]string{"rotate", "--root", d.path("root.json"), "--set", d.path("keys")}, more...)...)
	}
	refuse([]string{"nothing to change"})
	refuse([]string{"has a key 2027a already"}, "--add", d.path("next.json"))
	refuse([]string{"no key 2026a"}, "--retire=2026a")
	refuse([]string{"no key 2026a"}, "--remove=2026a")
	refuse([]string{"--retire", "2027-12-31"}, "--retire=2027a=soon")
	refuse([]string{"1 to 64 keys"}, "--remove=2027a")
	// A key of one kind does nothing of the other.
	d.fails([]string{"no root key", "keygen --root"}, "rotate", "--root", d.path("key.json"), "--set", d.path("keys"), "--remove=2027a")
	d.fails([]string{"no signing key"}, "issue", "--key", d.path("root.json"), "--subject=x", "--origin=https://a.b")
	d.must("keygen", "--root", "--out", d.path("root2.json"), "--id=root-2")
	d.fails([]string{"LICENSE_INVALID", "root-2026a"}, "rotate", "--root", d.path("root2.json"), "--set", d.path("keys"), "--remove=2027a")
	d.must("rotate", "--root", d.path("root2.json"), "--roots", d.path("roots.json"), "--set", d.path("keys"), "--add", d.path("trusted.json"))
	if _, err := ReadKeySet(d.path("keys"), roots); err == nil || !strings.Contains(err.Error(), "root-2") {
		t.Errorf("the set of another root is taken: %v", err)
	}
}

func TestLogOfManyLicenses(t *testing.T) {
	d := newDesk(t)
	var b strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&b, `{"id":"lic-%d","subject":"x","issuedAt":"2026-01-01T00:00:00Z","expires":"2027-01-01T00:00:00Z","ends":"2027-01-01T00:00:00Z","origins":["https://a.example"]}`+"\n", i)
	}
	if out := d.must("list", "--log", d.write("log", b.String())); strings.Count(out, "\n") != 20_001 {
		t.Errorf("list prints %d lines", strings.Count(out, "\n"))
	}
	d.fails([]string{"read license log"}, "list", "--log", d.write("log", `{"id":"`+strings.Repeat("x", maxLogLine)+`"}`))
}
