package sealed

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// revocationFile is read here and by hostpage/test/revocations.test.ts.
const revocationFile = "../../testdata/revocations.json"

type revocationVectors struct {
	About string             `json:"about"`
	Cases []revocationVector `json:"cases"`
}

type revocationVector struct {
	Why     string                `json:"why"`
	List    string                `json:"list"`
	Trusted []protocol.TrustedKey `json:"trusted"`
	// Claims is what was signed; "" where the list is refused.
	Claims string `json:"claims"`
	// Code is why the list is refused.
	Code protocol.Code `json:"code"`
	// Licenses are judged by the list as a page does, and as the broker does, which has no grace days.
	Licenses []judged `json:"licenses,omitempty"`
}

type judged struct {
	ID       string        `json:"id"`
	IssuedAt int64         `json:"issuedAt"`
	Now      int64         `json:"now"`
	OnPage   protocol.Code `json:"onPage"`
	AtBroker protocol.Code `json:"atBroker"`
}

func sampleList() Revocations {
	return Revocations{IssuedAt: now, Expires: now + 7*day, Hashes: []string{HashOf("lic-1"), HashOf("lic-2"), HashOf("Müller & Söhne")}}
}

func signedList(t testing.TB, r Revocations) string {
	t.Helper()
	text, err := SignRevocations(r, signer(t))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func judge(r *Revocations, j *judged) {
	l := license.License{ID: j.ID, IssuedAt: j.IssuedAt}
	j.OnPage, j.AtBroker = codeOf(r.Check(&l, j.Now, ListGraceDays)), codeOf(r.Check(&l, j.Now, 0))
}

func TestRevocationVectors(t *testing.T) {
	if *update {
		v := revocationVectors{About: "Signed revocation lists, who is trusted, and what comes of it. Made by TestRevocationVectors of " +
			"protocol/license/sealed with -update; all keys in it are known to everybody."}
		for _, c := range revocationCases(t) {
			r, fault := OpenRevocations(c.List, c.Trusted)
			if c.Code = codeOf(fault); fault == nil {
				c.Claims = string(r.appendClaims(nil))
				for i := range c.Licenses {
					judge(&r, &c.Licenses[i])
				}
			}
			v.Cases = append(v.Cases, c)
		}
		writeJSON(t, revocationFile, v)
	}
	var v revocationVectors
	readJSON(t, revocationFile, &v)
	for _, c := range v.Cases {
		r, fault := OpenRevocations(c.List, c.Trusted)
		if codeOf(fault) != c.Code || fault == nil && string(r.appendClaims(nil)) != c.Claims || fault != nil && !reflect.DeepEqual(r, Revocations{}) {
			t.Errorf("%s: %+v, %v; want %q %s", c.Why, r, fault, c.Code, c.Claims)
		}
		for _, want := range c.Licenses {
			got := want
			if judge(&r, &got); got != want {
				t.Errorf("%s: %+v, want %+v", c.Why, got, want)
			}
		}
	}
}

// revocationCases lists the cases of the file without their results.
func revocationCases(t *testing.T) (cases []revocationVector) {
	t.Helper()
	add := func(why, list string, licenses ...judged) {
		cases = append(cases, revocationVector{Why: why, List: list, Trusted: trusted(t), Licenses: licenses})
	}
	at := func(id string, issuedAt, later int64) judged {
		return judged{ID: id, IssuedAt: issuedAt, Now: now + later}
	}
	r := sampleList()
	list := signedList(t, r)
	add("three licenses", list, at("lic-1", now-day, 0), at("lic-2", now-day, 99*day), at("lic-3", now-day, 0), at("Müller & Söhne", now-day, 0),
		at("lic-3", now-day, 7*day+license.Leeway-1), at("lic-3", now-day, 7*day+license.Leeway), at("lic-3", now-day, 14*day+license.Leeway-1), at("lic-3", now-day, 14*day+license.Leeway))
	add("white space around it", "\n "+list+"\r\n", at("lic-1", now-day, 0))
	add("no license", signedList(t, Revocations{IssuedAt: now, Expires: now + 1}), at("lic-1", now-day, 0))
	since := Revocations{IssuedAt: now, Expires: now + 7*day, IssuedFrom: now - 5*day}
	add("all that were issued before a day", signedList(t, since), at("a", now-5*day-1, 0), at("a", now-5*day, 0), at("a", 0, 0))

	signed := func(claims string) string { return forRevocations.sign([]byte(claims), signer(t)) }
	hashes := inOrder(r.Hashes)
	r.Hashes = hashes
	good := string(r.appendClaims(nil))
	for _, c := range [][2]string{
		{"nothing", ""}, {"no token", "revoked"}, {"cut off", list[:len(list)/2]}, {"more behind", list + "A"}, {"two lists", list + list},
		{"another character in the middle", list[:90] + string(list[90]^1) + list[91:]},
		{"a line break inside", list[:90] + "\n" + list[90:]},
		{"a license's token", forLicenses.sign([]byte(good), signer(t))},
		{"a key set's token", forKeySets.sign([]byte(good), signer(t))},
		{"claims that are no JSON", signed("x")},
		{"claims of nothing", signed("{}")},
		{"claims in another order", signed(`{"exp":1780604800,"iat":1780000000,"issuedFrom":0,"revoked":[]}`)},
		{"claims with white space", signed(strings.Replace(good, ":", ": ", 1))},
		{"a claim more", signed(good[:len(good)-1] + `,"alg":"none"}`)},
		{"a claim twice", signed(`{"iat":1,` + good[1:])},
		{"a number with a fraction", signed(strings.Replace(good, "1780000000", "1780000000.0", 1))},
		{"hashes out of order", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":0,"revoked":["` + hashes[1] + `","` + hashes[0] + `"]}`)},
		{"a hash twice", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":0,"revoked":["` + HashOf("a") + `","` + HashOf("a") + `"]}`)},
		{"a hash that is too short", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":0,"revoked":["AAAA"]}`)},
		{"a hash with bits that mean nothing", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":0,"revoked":["AAAAAAAAAAAAAAAAAAAAAB"]}`)},
		{"a hash that is a number", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":0,"revoked":[7]}`)},
		{"a list without an end", signed(`{"iat":1780000000,"exp":99999999999,"issuedFrom":0,"revoked":[]}`)},
		{"a list that ends before it begins", signed(`{"iat":1780000000,"exp":1779999999,"issuedFrom":0,"revoked":[]}`)},
		{"it revokes what will be issued", signed(`{"iat":1780000000,"exp":1780604800,"issuedFrom":1780000001,"revoked":[]}`)},
	} {
		add(c[0], c[1])
	}
	from := func(why string, keys ...protocol.TrustedKey) {
		cases = append(cases, revocationVector{Why: why, List: list, Trusted: append([]protocol.TrustedKey{}, keys...)})
	}
	key := signer(t).Trusted()
	from("nobody is trusted")
	from("another key is trusted under this id", protocol.TrustedKey{ID: key.ID, Public: trusted(t)[0].Public})
	from("the trusted key is too short", protocol.TrustedKey{ID: key.ID, Public: "AAAA"})
	from("the key was retired before", protocol.TrustedKey{ID: key.ID, Public: key.Public, NotAfterIssued: now - 1})
	from("the key was retired later", protocol.TrustedKey{ID: key.ID, Public: key.Public, NotAfterIssued: now})
	return cases
}

// inOrder returns hashes as a list has them.
func inOrder(hashes []string) []string {
	hashes = slices.Clone(hashes)
	slices.Sort(hashes)
	return hashes
}

// TestEveryFlipOfAListIsRefused, and every truncation.
func TestEveryFlipOfAListIsRefused(t *testing.T) {
	list := signedList(t, sampleList())
	for i := range list {
		for _, c := range []byte{list[i] ^ 1, list[i] ^ 2, list[i] ^ 0x20, '\n', 'A', '='} {
			altered := list[:i] + string(c) + list[i+1:]
			if c == list[i] || strings.Trim(altered, space) == list {
				continue
			}
			if r, fault := OpenRevocations(altered, trusted(t)); codeOf(fault) != protocol.LicenseUnverified {
				t.Fatalf("character %d as %q: %+v, %v", i, c, r, fault)
			}
		}
		if _, fault := OpenRevocations(list[:i], trusted(t)); codeOf(fault) != protocol.LicenseUnverified {
			t.Fatalf("cut off at %d: %v", i, fault)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	most := Revocations{IssuedAt: now, Expires: now + MaxListDays*day}
	for i := range MaxRevoked {
		most.Hashes = append(most.Hashes, HashOf(fmt.Sprint(i)))
	}
	list := signedList(t, most)
	if r, fault := OpenRevocations(list, trusted(t)); fault != nil || len(r.Hashes) != MaxRevoked || len(list) > MaxListBytes {
		t.Errorf("a list of %d bytes: %v", len(list), fault)
	}
	most.Hashes = inOrder(append(most.Hashes, HashOf("one more")))
	for what, text := range map[string]string{
		"one more": forRevocations.sign(most.appendClaims(nil), signer(t)),
		"too long": list + strings.Repeat("A", MaxListBytes-len(list)+1),
	} {
		if _, fault := OpenRevocations(text, trusted(t)); codeOf(fault) != protocol.LicenseUnverified {
			t.Errorf("%s: %v", what, fault)
		}
	}
}

func TestSignRevocationsRefuses(t *testing.T) {
	for what, change := range map[string]func(r *Revocations){
		"no end":        func(r *Revocations) { r.Expires = 0 },
		"years":         func(r *Revocations) { r.Expires += 366 * day },
		"no hash":       func(r *Revocations) { r.Hashes[1] = "lic-1" },
		"from tomorrow": func(r *Revocations) { r.IssuedFrom = now + day },
	} {
		r := sampleList()
		change(&r)
		if text, err := SignRevocations(r, signer(t)); err == nil {
			t.Errorf("%s: %s", what, text)
		}
	}
}

func FuzzOpenRevocations(f *testing.F) {
	list := signedList(f, sampleList())
	f.Add(list)
	f.Add(" " + list + "\n")
	f.Add("v4.public.AAAA.AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if r, fault := OpenRevocations(text, trusted(t)); fault == nil && strings.Trim(text, space) != list {
			t.Fatalf("a list that nobody signed opens: %+v", r)
		}
	})
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}
