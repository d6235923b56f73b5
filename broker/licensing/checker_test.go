package licensing

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

const pageOrigin = "https://desk.example.com"

// bench is a desk with a license, and a broker's checker that goes by the desk's clock.
type bench struct {
	*desk
	options Options
	log     bytes.Buffer
}

func newBench(t *testing.T, more ...string) *bench {
	b := &bench{desk: newDesk(t)}
	keys, err := ReadTrustedKeys(b.path("trusted.json"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("key.txt", b.issue(append([]string{"--origin", pageOrigin, "--id=lic-1", "--days=100", "--grace-days=10"}, more...)...))
	b.options = Options{
		KeyFile: b.path("key.txt"), Keys: keys, Origins: []string{"http://localhost:8080", pageOrigin},
		Now: func() time.Time { return b.now }, Log: slog.New(slog.NewTextHandler(&b.log, nil)),
	}
	return b
}

// bubble has the desk's clock go with that of a synctest bubble, which begins in another year.
func (b *bench) bubble() {
	from := time.Now()
	b.options.Now = func() time.Time { return b.now.Add(time.Since(from)) }
}

func (b *bench) checker() *Checker {
	b.t.Helper()
	c, err := NewChecker(b.options)
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// want checks, and compares state and code.
func (b *bench) want(c *Checker, state license.State, code protocol.Code) Standing {
	b.t.Helper()
	s := c.Check()
	if s.State != state || codeOf(s.Fault) != code || (len(s.Missing) > 0) != (code != "") {
		b.t.Fatalf("%s %v, missing %q; want %q %q", s.State, s.Fault, s.Missing, state, code)
	}
	return s
}

func (b *bench) days(n int) { b.now = b.now.AddDate(0, 0, n) }

func TestCheckerFollowsTheYear(t *testing.T) {
	b := newBench(t)
	c := b.checker()
	b.want(c, "valid", "")
	b.days(75)
	b.want(c, "expiring", "")
	b.days(26)
	b.want(c, "grace", "")
	b.days(10)
	b.want(c, "expired", protocol.LicenseExpired)
	if !c.Runs() {
		t.Error("who is connected does not go on under an expired license")
	}
	// A new key in the place of the old one.
	b.write("key.txt", b.issue("--origin", pageOrigin))
	b.want(c, "valid", "")
	for _, state := range []string{"state=valid", "state=expiring", "state=grace", "LICENSE_EXPIRED"} {
		if !strings.Contains(b.log.String(), state) {
			t.Errorf("the log does not say %s: %s", state, &b.log)
		}
	}
}

func TestCheckerSaysWhatIsWrong(t *testing.T) {
	b := newBench(t)
	b.options.Origins = []string{pageOrigin, "https://other.example"}
	if s := b.want(b.checker(), "", protocol.LicenseOrigin); !strings.HasPrefix(s.Missing[0], "license key for https://other.example: ") || s.License.ID != "lic-1" {
		t.Errorf("%+v", s)
	}
	b.options.Origins = b.options.Origins[:1]
	b.options.Keys = nil
	b.want(b.checker(), "", protocol.LicenseInvalid)
	b.options.KeyFile = ""
	b.want(b.checker(), "", protocol.LicenseMissing)
	b.options.Origins = []string{"http://localhost:8080", "http://127.0.0.1:1"}
	if s := b.want(b.checker(), "", ""); s.Needed {
		t.Error("this machine needs a license")
	}
}

// TestClockSetBack: neither while the broker runs nor while it is stopped does a clock that is set back make a license young again.
func TestClockSetBack(t *testing.T) {
	b := newBench(t)
	b.options.StateFile = b.path("state.json")
	c := b.checker()
	b.want(c, "valid", "")
	b.days(200)
	b.want(c, "expired", protocol.LicenseExpired)
	b.days(-150)
	b.want(c, "expired", protocol.LicenseExpired)
	var page protocol.PageConfig
	if c.Fill(&page); page.NowMs != b.now.AddDate(0, 0, 150).UnixMilli() {
		t.Errorf("the page is told %s", time.UnixMilli(page.NowMs))
	}
	if strings.Count(b.log.String(), "clock of this machine is behind") != 1 {
		t.Errorf("the log says %s", &b.log)
	}
	b.want(b.checker(), "expired", protocol.LicenseExpired)
	// Without the file, and so without a memory, it is believed.
	if err := os.Remove(b.path("state.json")); err != nil {
		t.Fatal(err)
	}
	b.want(b.checker(), "valid", "")
}

func TestStateFilesThatCannotBeUsed(t *testing.T) {
	b := newBench(t)
	b.options.StateFile = b.path("state.json")
	for _, text := range []string{"", "x", "{}", `{"crossframe":"license signing key"}`, `{"crossframe":"license state","highestMs":-1}`,
		`{"crossframe":"license state"} {}`, `{"crossframe":"license state","more":1}`} {
		b.write("state.json", text)
		if _, err := NewChecker(b.options); err == nil || !strings.Contains(err.Error(), b.path("state.json")) {
			t.Errorf("%s: %v", text, err)
		}
	}
	b.options.StateFile = b.path("no/where.json")
	if _, err := NewChecker(b.options); err == nil || !strings.Contains(err.Error(), "write license state") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestRevoked: the next check finds it, the page gets the list, running sessions have fifteen minutes, and a new key ends that.
func TestRevoked(t *testing.T) {
	b := newBench(t)
	b.revoke("--id=another")
	b.options.RevocationFile = b.path("revoked")
	c := b.checker()
	b.want(c, "valid", "")
	var heard []Standing
	stop := c.Watch(func(s Standing) { heard = append(heard, s) })
	b.revoke("--id=lic-1")
	s := b.want(c, "revoked", protocol.LicenseRevoked)
	var page protocol.PageConfig
	c.Fill(&page)
	if text, _ := os.ReadFile(b.path("revoked")); page.LicenseRevocations != strings.TrimSpace(string(text)) {
		t.Error("the page does not get the list")
	}
	if !s.EndsAt.Equal(b.now.Add(15*time.Minute)) || !c.Runs() || len(heard) != 1 {
		t.Errorf("%+v, %v, heard %+v", s, c.Runs(), heard)
	}
	b.now = b.now.Add(15*time.Minute - 1)
	b.want(c, "revoked", protocol.LicenseRevoked)
	if !c.Runs() || len(heard) != 1 {
		t.Errorf("sessions end early; heard %+v", heard)
	}
	b.now = b.now.Add(1)
	b.want(c, "revoked", protocol.LicenseRevoked)
	b.want(c, "revoked", protocol.LicenseRevoked)
	if c.Runs() || len(heard) != 2 {
		t.Errorf("sessions go on, or watchers hear it otherwise than once: %+v", heard)
	}
	b.write("key.txt", b.issue("--origin", pageOrigin, "--id=lic-9"))
	b.want(c, "valid", "")
	if !c.Runs() || len(heard) != 3 {
		t.Errorf("a new key changes nothing; heard %+v", heard)
	}
	stop()
	b.revoke("--id=lic-9")
	b.want(c, "revoked", protocol.LicenseRevoked)
	if len(heard) != 3 {
		t.Error("who stopped watching still hears")
	}
}

// TestListOutOfDate: the broker fails closed; what it cannot read any more, it goes by until then.
func TestListOutOfDate(t *testing.T) {
	b := newBench(t)
	b.revoke("--id=another")
	b.options.RevocationFile = b.path("revoked")
	c := b.checker()
	b.days(6)
	b.write("revoked", "damaged")
	b.want(c, "valid", "")
	if !strings.Contains(b.log.String(), "the one before holds") {
		t.Errorf("the log says %s", &b.log)
	}
	b.days(2)
	b.want(c, "", protocol.LicenseUnverified)
	b.want(b.checker(), "", protocol.LicenseUnverified)
	if err := os.Remove(b.path("revoked")); err != nil {
		t.Fatal(err)
	}
	b.want(b.checker(), "", protocol.LicenseUnverified)
	b.revoke("--id=another")
	b.want(c, "valid", "")
}

// TestOlderListsTakeNothingBack, also not after a restart.
func TestOlderListsTakeNothingBack(t *testing.T) {
	b := newBench(t)
	b.options.RevocationFile, b.options.StateFile = b.path("revoked"), b.path("state.json")
	b.revoke("--id=another")
	older, err := os.ReadFile(b.path("revoked"))
	if err != nil {
		t.Fatal(err)
	}
	b.revoke("--id=lic-1")
	c := b.checker()
	b.want(c, "revoked", protocol.LicenseRevoked)
	b.write("revoked", string(older))
	b.want(c, "revoked", protocol.LicenseRevoked)
	b.want(b.checker(), "", protocol.LicenseUnverified)
}

// TestRotation: keys come and go by a set that the root signed, without another configuration and without a restart.
func TestRotation(t *testing.T) {
	b := newBench(t)
	b.write("roots.json", b.must("keygen", "--root", "--out", b.path("root.json")))
	roots, err := ReadTrustedKeys(b.path("roots.json"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("next.json", b.must("keygen", "--out", b.path("key2.json"), "--id=2027a"))
	rotate := func(more ...string) {
		b.must(append([]string{"rotate", "--root", b.path("root.json"), "--set", b.path("keys")}, more...)...)
	}
	rotate("--add", b.path("trusted.json"))
	b.options.Keys, b.options.Roots, b.options.KeySetFile = nil, roots, b.path("keys")
	c := b.checker()
	b.want(c, "valid", "")
	b.now = b.now.Add(time.Hour)
	byOld := b.issue("--origin", pageOrigin)
	byNew := b.must("issue", "--key", b.path("key2.json"), "--subject=x", "--origin", pageOrigin)
	b.write("key.txt", byNew)
	b.want(c, "", protocol.LicenseInvalid)
	rotate("--add", b.path("next.json"), "--retire=2026a=2026-06-01T12:30:00Z")
	b.want(c, "valid", "")
	var page protocol.PageConfig
	c.Fill(&page)
	if text, _ := os.ReadFile(b.path("keys")); page.LicenseKeySet != strings.TrimSpace(string(text)) || len(page.LicenseRoots) != 1 {
		t.Error("the page does not get the set")
	}
	b.write("key.txt", byOld) // Issued after its key was retired.
	b.want(c, "", protocol.LicenseInvalid)
	b.write("key.txt", byNew)
	b.write("keys", "damaged")
	b.want(c, "valid", "")
	b.want(b.checker(), "", protocol.LicenseInvalid)
}

// TestNoKeyInTheLog: what a checker says names a license by its id.
func TestNoKeyInTheLog(t *testing.T) {
	b := newBench(t)
	b.revoke("--id=lic-1")
	b.options.RevocationFile = b.path("revoked")
	c := b.checker()
	b.days(200)
	s := c.Check()
	key, err := os.ReadFile(b.path("key.txt"))
	if err != nil {
		t.Fatal(err)
	}
	b.write("key.txt", "CF1."+strings.TrimSpace(string(key))[4:]+"x")
	said := b.log.String() + strings.Join(append(c.Check().Missing, s.Missing...), "\n")
	for i := 4; i+12 < len(key); i += 12 {
		if strings.Contains(said, string(key[i:i+12])) {
			t.Fatalf("a part of the key is in: %s", said)
		}
	}
	if !strings.Contains(said, "LICENSE_INVALID") || !strings.Contains(said, "lic-1") {
		t.Errorf("it says %s", said)
	}
}

func TestCheckerRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.bubble()
		c := b.checker()
		b.want(c, "valid", "")
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Run(ctx); close(ended) }()
		b.write("key.txt", "x")
		time.Sleep(checkEvery + 1)
		synctest.Wait()
		if s := c.Standing(); codeOf(s.Fault) != protocol.LicenseInvalid {
			t.Errorf("%+v", s)
		}
		stop()
		<-ended
	})
}
