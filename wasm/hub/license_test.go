package hub_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

// TestLicense runs the hub on an origin that needs a key.
func TestLicense(t *testing.T) {
	const desk = "https://desk.example"
	const now = int64(1_700_000_000)
	key, err := sealed.NewSigningKey("k1")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := sealed.NewSigningKey("k2")
	if err != nil {
		t.Fatal(err)
	}
	valid := license.License{Issuer: "i", Subject: "s", ID: "lic-1", IssuedAt: now - 9e6, NotBefore: now - 9e6, Expires: now + 365*86400, Origins: []string{desk}}
	issue := func(k sealed.SigningKey, change func(*license.License)) string {
		l := valid
		if change != nil {
			change(&l)
		}
		text, err := sealed.Issue(l, k)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := issue(key, nil)
	for _, c := range []struct {
		name, key, state string
		want             protocol.Code
	}{
		{"valid", good, "valid", ""},
		{"white space around it", " " + good + "\n", "valid", ""},
		{"expiring", issue(key, func(l *license.License) { l.Expires = now + 86400 }), "expiring", ""},
		{"grace", issue(key, func(l *license.License) { l.Expires, l.GraceDays = now-86400, 7 }), "grace", ""},
		{"expired", issue(key, func(l *license.License) { l.Expires = now - 86400 }), "", protocol.LicenseExpired},
		{"not yet valid", issue(key, func(l *license.License) { l.NotBefore = now + 86400 }), "", protocol.LicenseNotYetValid},
		{"another origin", issue(key, func(l *license.License) { l.Origins = []string{"https://other.example"} }), "", protocol.LicenseOrigin},
		{"unknown signer", issue(stranger, nil), "", protocol.LicenseInvalid},
		{"cut off", good[:len(good)-1], "", protocol.LicenseInvalid},
		{"flipped", flip(good, len(good)/2), "", protocol.LicenseInvalid},
		{"missing", "", "", protocol.LicenseMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := hubtest.New(t, hubtest.Options{Boot: protocol.Boot{
				Origin: desk, NowMs: now * 1000, Apps: apps(), LicenseKey: c.key, LicenseKeys: []protocol.TrustedKey{key.Trusted()},
			}})
			if d.Booted.License != c.state {
				t.Errorf("state %q, want %q", d.Booted.License, c.state)
			}
			if c.want != "" {
				if d.Booted.Fault == nil || d.Booted.Fault.Code != c.want || c.key != "" && strings.Contains(d.Booted.Fault.Message, c.key) {
					t.Errorf("the page learns %v", d.Booted.Fault)
				}
				wantRefusal(t, d.Greet(hubtest.Visit{Origin: crm}), c.want)
				wantRefusal(t, d.Greet(hubtest.Visit{Main: true}), c.want)
				return
			}
			app := d.Connect(d.Main(), "crm", crm)
			if told := fmt.Sprint(app.Log, d.PageLog[1:]); strings.Contains(told, c.key) || strings.Contains(told, "lic-1") {
				t.Error("the license is told to an app")
			}
		})
	}
}

func flip(s string, i int) string {
	b := []byte(s)
	if b[i]++; b[i] > 'z' {
		b[i] = 'a'
	}
	return string(b)
}
