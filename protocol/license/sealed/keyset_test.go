package sealed

import (
	"bytes"
	"crypto/ed25519"
	"reflect"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// keySetFile is read here and by hostpage/test/revocations.test.ts.
const keySetFile = "../../testdata/keysets.json"

type keySetVectors struct {
	About string         `json:"about"`
	Cases []keySetVector `json:"cases"`
}

type keySetVector struct {
	Why   string                `json:"why"`
	Set   string                `json:"set"`
	Roots []protocol.TrustedKey `json:"roots"`
	// Keys is what was signed; none where the set is refused, with Code.
	IssuedAt int64                 `json:"issuedAt"`
	Keys     []protocol.TrustedKey `json:"keys"`
	Code     protocol.Code         `json:"code"`
}

// root is a root key that everybody knows.
func root() SigningKey {
	return SigningKey{ID: "root-2026", Private: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))}
}

func sampleSet(t testing.TB) KeySet {
	t.Helper()
	old := trusted(t)[0]
	old.NotAfterIssued = now - 30*day
	return KeySet{IssuedAt: now, Keys: []protocol.TrustedKey{old, signer(t).Trusted()}}
}

func signedSet(t testing.TB, s KeySet) string {
	t.Helper()
	text, err := SignKeySet(s, root())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestKeySetVectors(t *testing.T) {
	if *update {
		v := keySetVectors{About: "Signed key sets, who may sign them, and what comes of it. Made by TestKeySetVectors of " +
			"protocol/license/sealed with -update; all keys in it are known to everybody."}
		for _, c := range keySetCases(t) {
			s, fault := OpenKeySet(c.Set, c.Roots)
			c.IssuedAt, c.Keys, c.Code = s.IssuedAt, s.Keys, codeOf(fault)
			v.Cases = append(v.Cases, c)
		}
		writeJSON(t, keySetFile, v)
	}
	var v keySetVectors
	readJSON(t, keySetFile, &v)
	for _, c := range v.Cases {
		s, fault := OpenKeySet(c.Set, c.Roots)
		if codeOf(fault) != c.Code || s.IssuedAt != c.IssuedAt || !reflect.DeepEqual(s.Keys, c.Keys) {
			t.Errorf("%s: %+v, %v; want %q %+v", c.Why, s, fault, c.Code, c.Keys)
		}
	}
}

// keySetCases lists the cases of the file without their results.
func keySetCases(t *testing.T) (cases []keySetVector) {
	t.Helper()
	rootKey := root().Trusted()
	roots := []protocol.TrustedKey{{ID: "root-2020", Public: rootKey.Public}, rootKey}
	add := func(why, set string) { cases = append(cases, keySetVector{Why: why, Set: set, Roots: roots}) }
	s := sampleSet(t)
	set, good := signedSet(t, s), string(s.appendClaims(nil))
	add("two keys, one of them retired", set)
	add("white space around it", " "+set+"\n")
	signed := func(claims string) string { return forKeySets.sign([]byte(claims), root()) }
	one := `{"id":"a","public":"` + signer(t).Trusted().Public + `","notAfterIssued":0}`
	for _, c := range [][2]string{
		{"nothing", ""}, {"cut off", set[:len(set)-9]}, {"another character in the middle", set[:50] + string(set[50]^1) + set[51:]},
		{"far too long", set + strings.Repeat("A", MaxSetBytes)},
		{"signed by one of its own keys", forKeySets.sign([]byte(good), signer(t))},
		{"signed by one of its own keys under the root's id", forKeySets.sign([]byte(good), SigningKey{ID: "root-2026", Private: signer(t).Private})},
		{"a revocation list's token", forRevocations.sign([]byte(good), root())},
		{"a license's token", forLicenses.sign([]byte(good), root())},
		{"no keys", signed(`{"iat":1780000000,"keys":[]}`)},
		{"no time", signed(`{"iat":0,"keys":[` + one + `]}`)},
		{"a key twice", signed(`{"iat":1780000000,"keys":[` + one + `,` + one + `]}`)},
		{"too many keys", signed(`{"iat":1780000000,"keys":[` + strings.Repeat(one+",", MaxKeys) + one + `]}`)},
		{"a key that is too short", signed(`{"iat":1780000000,"keys":[{"id":"a","public":"AAAA","notAfterIssued":0}]}`)},
		{"an id that is none", signed(`{"iat":1780000000,"keys":[` + strings.Replace(one, `"a"`, `"a b"`, 1) + `]}`)},
		{"a key that says more", signed(`{"iat":1780000000,"keys":[` + strings.Replace(one, `0}`, `0,"alg":"none"}`, 1) + `]}`)},
		{"a key that says less", signed(`{"iat":1780000000,"keys":[` + strings.Replace(one, `,"notAfterIssued":0`, ``, 1) + `]}`)},
		{"white space inside", signed(strings.Replace(good, ",", ", ", 1))},
		{"no JSON", signed("x")},
	} {
		add(c[0], c[1])
	}
	from := func(why string, roots ...protocol.TrustedKey) {
		cases = append(cases, keySetVector{Why: why, Set: set, Roots: append([]protocol.TrustedKey{}, roots...)})
	}
	from("no root is trusted")
	from("another root is trusted under this id", protocol.TrustedKey{ID: rootKey.ID, Public: signer(t).Trusted().Public})
	from("the root was retired before", protocol.TrustedKey{ID: rootKey.ID, Public: rootKey.Public, NotAfterIssued: now - 1})
	return cases
}

func TestEveryFlipOfASetIsRefused(t *testing.T) {
	set := signedSet(t, sampleSet(t))
	for i := range set {
		for _, c := range []byte{set[i] ^ 1, set[i] ^ 2, set[i] ^ 0x20, '\n', 'A', '='} {
			altered := set[:i] + string(c) + set[i+1:]
			if c == set[i] || strings.Trim(altered, space) == set {
				continue
			}
			if s, fault := OpenKeySet(altered, []protocol.TrustedKey{root().Trusted()}); codeOf(fault) != protocol.LicenseInvalid {
				t.Fatalf("character %d as %q: %+v, %v", i, c, s, fault)
			}
		}
	}
}

// TestKeysOfASetOpenLicenses, and the retired one of them opens what it signed before.
func TestKeysOfASetOpenLicenses(t *testing.T) {
	s, fault := OpenKeySet(signedSet(t, KeySet{IssuedAt: now, Keys: []protocol.TrustedKey{{ID: "2026a", Public: signer(t).Trusted().Public, NotAfterIssued: now - day}}}),
		[]protocol.TrustedKey{root().Trusted()})
	if fault != nil {
		t.Fatal(fault)
	}
	if _, fault := Open(issue(t, sample()), page, s.Keys, now); fault != nil {
		t.Errorf("issued before: %v", fault)
	}
	later := sample()
	later.IssuedAt = now - day + 1
	if _, fault := Open(issue(t, later), page, s.Keys, now); codeOf(fault) != protocol.LicenseInvalid {
		t.Errorf("issued after: %v", fault)
	}
}
