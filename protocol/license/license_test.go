package license

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

const (
	page = "https://desk.example.com"
	// now is in 2026; claims begin a day before and last a year.
	now = 1_780_000_000
	// claims are those of sample.
	claims = `{"iss":"Crossframe","sub":"Müller & Söhne","jti":"lic-1","iat":1779913600,"nbf":1779913600,"exp":1811449600,` +
		`"graceDays":14,"origins":["https://desk.example.com","https://*.desk.example.org:8443"],` +
		`"features":["broker","layouts"],"limits":{"apps":20,"users":1000}}`
)

func sample() License {
	return License{
		Issuer: "Crossframe", Subject: "Müller & Söhne", ID: "lic-1",
		IssuedAt: now - day, NotBefore: now - day, Expires: now + 364*day, GraceDays: 14,
		Origins:  []string{page, "https://*.desk.example.org:8443"},
		Features: []string{"broker", "layouts"}, Limits: map[string]int64{"apps": 20, "users": 1000},
	}
}

func codeOf(fault *protocol.Fault) protocol.Code {
	if fault == nil {
		return ""
	}
	return fault.Code
}

func TestCheck(t *testing.T) {
	want := sample()
	want.State = StateValid
	got, fault := Check([]byte(claims), page, now)
	if fault != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v; want %+v", got, fault, want)
	}
	if !got.Has("broker") || got.Has("proxy") {
		t.Error("Has does not follow the features")
	}
	for candidate, code := range map[string]protocol.Code{
		"https://a.desk.example.org:8443":      "",
		"https://desk.example.org:8443":        protocol.LicenseOrigin,
		"https://desk.example.com:444":         protocol.LicenseOrigin,
		"https://desk.example.com.evil.org":    protocol.LicenseOrigin,
		"https://evil.org#https://desk.exampl": protocol.LicenseOrigin,
		"null":                                 protocol.LicenseOrigin,
		"":                                     protocol.LicenseOrigin,
	} {
		if l, fault := Check([]byte(claims), candidate, now); codeOf(fault) != code || (l.ID != "") != (code == "") {
			t.Errorf("%s: %+v, %v; want %q", candidate, l, fault, code)
		}
	}
	for at, code := range map[int64]protocol.Code{now - 2*day: protocol.LicenseNotYetValid, now + 400*day: protocol.LicenseExpired} {
		if l, fault := Check([]byte(claims), page, at); codeOf(fault) != code || l.ID != "lic-1" {
			t.Errorf("%+d s: %+v, %v; want %s beside the license", at-now, l, fault, code)
		}
	}
}

func TestTimes(t *testing.T) {
	l := sample()
	l.NotBefore, l.IssuedAt, l.Expires = now, now-day, now+100*day
	noGrace := l
	noGrace.GraceDays = 0
	rows := []struct {
		l     License
		at    int64
		state State
		code  protocol.Code
	}{
		{l, now - Leeway - 1, "", protocol.LicenseNotYetValid},
		{l, now - 1, StateValid, ""},
		{l, now - Leeway, StateValid, ""},
		{l, now + 70*day - 1, StateValid, ""},
		{l, now + 70*day, StateExpiring, ""},
		{l, now + 100*day - 1, StateExpiring, ""},
		{l, now + 100*day, StateGrace, ""},
		{l, now + 114*day + Leeway - 1, StateGrace, ""},
		{l, now + 114*day + Leeway, StateExpired, protocol.LicenseExpired},
		{noGrace, now + 100*day + 1, StateGrace, ""},
		{noGrace, now + 100*day + Leeway, StateExpired, protocol.LicenseExpired},
		{noGrace, 1 << 60, StateExpired, protocol.LicenseExpired},
		{noGrace, 0, "", protocol.LicenseNotYetValid},
		{noGrace, -1 << 60, "", protocol.LicenseNotYetValid},
	}
	for _, row := range rows {
		if got, fault := row.l.At(row.at); got != row.state || codeOf(fault) != row.code {
			t.Errorf("%+d s: %q, %v; want %q, %q", row.at-now, got, fault, row.state, row.code)
		}
	}
	_, fault := l.At(now + 200*day)
	if want := "license lic-1 expired on " + date(now+100*day); fault == nil || !strings.Contains(fault.Message, want) {
		t.Errorf("%v, want %q", fault, want)
	}
}

func TestDate(t *testing.T) {
	for at := int64(0); at <= maxTime; at += 97*day + 3607 {
		if got, want := date(at), time.Unix(at, 0).UTC().Format(time.DateOnly); got != want {
			t.Fatalf("date(%d) = %s, want %s", at, got, want)
		}
	}
	if date(-1) != "1970-01-01" || date(1<<62) != "9999-12-31" {
		t.Error("times out of range are not clamped")
	}
}

func TestNeedsLicense(t *testing.T) {
	for candidate, want := range map[string]bool{
		"http://localhost": false, "https://localhost:8443": false, "http://app.localhost:3000": false,
		"http://127.0.0.1:8080": false, "https://127.1.2.3": false, "http://[::1]:80": false,
		"https://example.com": true, "http://localhost.example.com": true, "http://127.0.0.1.example.com": true,
		"app://localhost": true, "http://LOCALHOST": true, "null": true, "": true, "http://[::2]": true,
	} {
		if got := NeedsLicense(candidate); got != want {
			t.Errorf("%q needs a license: %v, want %v", candidate, got, want)
		}
	}
}

// TestSignedNonsense: what a careless issuer might sign is refused, not guessed at.
func TestSignedNonsense(t *testing.T) {
	for what, altered := range map[string]string{
		"not JSON":           "x",
		"no expiry":          strings.Replace(claims, `"exp"`, `"exq"`, 1),
		"two expiries":       strings.Replace(claims, `"exp"`, `"exp":9999999999,"exp"`, 1),
		"expiry as a string": strings.Replace(claims, `"nbf":`, `"nbf":"2026",`, 1),
		"fraction":           strings.Replace(claims, `"graceDays":14`, `"graceDays":14.5`, 1),
		"endless grace":      strings.Replace(claims, `"graceDays":14`, `"graceDays":9007199254740991`, 1),
		"negative grace":     strings.Replace(claims, `"graceDays":14`, `"graceDays":-14`, 1),
		"no subject":         strings.Replace(claims, `"sub"`, `"sup"`, 1),
		"no origins":         strings.Replace(claims, `"origins"`, `"urigins"`, 1),
		"origin no pattern":  strings.Replace(claims, `"origins":[`, `"origins":["example.com",`, 1),
		"negative limit":     strings.Replace(claims, `"apps":20`, `"apps":-20`, 1),
		"features no list":   strings.Replace(claims, `["broker"`, `[1,"broker"`, 1),
	} {
		if altered == claims {
			t.Fatalf("%s: the claims are still good", what)
		}
		if l, fault := Check([]byte(altered), page, now); codeOf(fault) != protocol.LicenseInvalid || l.ID != "" {
			t.Errorf("%s: %+v, %v", what, l, fault)
		}
	}
	more := strings.Replace(claims, `"iss"`, `"aud":{"x":[1]},"iss"`, 1)
	if _, fault := Check([]byte(more), page, now); fault != nil {
		t.Errorf("a claim of a later version: %v", fault)
	}
}
