package sealed

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
)

// vectorCases lists the cases of testdata/license.json without their results.
func vectorCases(t *testing.T) (cases []vector) {
	t.Helper()
	key := fixed(t, sample(), signer(t))
	cases = append(cases, damageCases(t, key)...)
	cases = append(cases, originCase(t))
	cases = append(cases, tokenCases(t)...)
	cases = append(cases, signerCases(t, key)...)
	return append(cases, timeCases(t)...)
}

// seed makes what is random in a key from the claims, so that the same license gives the same key each time.
func seed(claims string) []byte {
	a, b := sha256.Sum256([]byte("salt "+claims)), sha256.Sum256([]byte("key "+claims))
	return append(a[:saltBytes], b[:]...)
}

func fixed(t *testing.T, l license.License, by SigningKey) string {
	t.Helper()
	key, err := issueWith(seed(string(appendClaims(nil, &l))), l, by)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// fixedToken seals any token.
func fixedToken(t *testing.T, token string, labels ...string) string {
	t.Helper()
	key, err := pack(seed(token), labels, token)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func damageCases(t *testing.T, key string) (cases []vector) {
	t.Helper()
	add := func(why, key string) {
		cases = append(cases, vector{Why: why, Key: key, Pages: at(page), Trusted: trusted(t)})
	}
	add("a page on an origin of the license", key)
	add("white space around the key", " \r\n"+key+"\t\n")
	add("nothing", "")
	add("white space alone", " \n")
	for _, at := range []int{0, 3, 4, 26, 27, 100, 160, 161, 170, 176, len(key) / 2, len(key) - 23, len(key) - 2} {
		add("one character is another", key[:at]+string(key[at]^1)+key[at+1:])
	}
	for _, n := range []int{3, 4, 20, 27, 100, 170, len(key) - 40, len(key) - 1} {
		add("cut off", key[:n])
	}
	raw, _ := decode64(key[len(prefix):])
	l, loose := sample(), key
	for len(loose)%4 != 2 {
		// Then the last character has bits that mean nothing.
		l.ID += "."
		loose = fixed(t, l, signer(t))
	}
	add("bits that mean nothing are zero", loose)
	add("bits that mean nothing are set", loose[:len(loose)-1]+string(loose[len(loose)-1]+1))
	add("padding", key+"=")
	add("the other alphabet", prefix+"+/"+key[len(prefix)+2:])
	add("a line break inside", key[:100]+"\n"+key[100:])
	add("a character that is no ASCII", key[:100]+"é"+key[100:])
	add("another version", "CF2."+key[len(prefix):])
	add("two keys", key+key)
	add("no slots", prefix+strict.EncodeToString(append(append(raw[:saltBytes:saltBytes], 0), make([]byte, 99)...)))
	add("too many slots", prefix+strict.EncodeToString(append(append(raw[:saltBytes:saltBytes], 33), make([]byte, 33*slotBytes+99)...)))
	return cases
}

// originCase: origins as browsers write them.
func originCase(t *testing.T) vector {
	t.Helper()
	l := sample()
	l.Origins = []string{
		"https://exact.example.com", "https://*.wild.example.com", "http://any.example.com:*", "https://*.port.example.com:*",
		"http://[2001:db8::1]:*", "https://rooted.example.com.", "app://shell", "http://10.0.0.7", "https://*.example.org.",
	}
	pages := at(
		"https://exact.example.com", "https://exact.example.com:444", "http://exact.example.com", "https://exact.example.com.",
		"https://a.exact.example.com", "https://exact.example.com.evil.org", "https://evil-exact.example.com",
		"https://wild.example.com", "https://a.wild.example.com", "https://a.b.c.wild.example.com", "https://a.evil-wild.example.com",
		"https://a.wild.example.com.evil.org", "https://a.wild.example.com:8443", "http://any.example.com", "http://any.example.com:1",
		"https://any.example.com", "https://a.port.example.com:9", "http://[2001:db8::1]:5", "http://[2001:db8::1]", "http://[2001:db8::2]:5",
		"https://rooted.example.com.", "https://rooted.example.com", "https://a.example.org.", "https://a.example.org", "app://shell",
		"http://10.0.0.7", "http://1.10.0.0.7", "https://com", "null", "", "https://*.wild.example.com", "https://exact.example.com/",
		"https://evil.org#https://a.wild.example.com", "https://evil.org@exact.example.com",
	)
	return vector{Why: "a license of nine origins", Key: fixed(t, l, signer(t)), Pages: pages, Trusted: trusted(t)}
}

// at lists pages.
func at(origins ...string) (pages []onPage) {
	for _, o := range origins {
		pages = append(pages, onPage{Origin: o})
	}
	return pages
}

// tokenCases open the box of a key and seal something else in it.
func tokenCases(t *testing.T) (cases []vector) {
	t.Helper()
	l := sample()
	claims := appendClaims(nil, &l)
	genuine := forLicenses.sign(claims, signer(t))
	body, footer, _ := strings.Cut(genuine[len(tokenHeader):], ".")
	b64 := func(s string) string { return strict.EncodeToString([]byte(s)) }
	signed := func(claims, footer, assertion string) string {
		message := preAuth([]byte(tokenHeader), []byte(claims), []byte(footer), []byte(assertion))
		return tokenHeader + b64(claims+string(ed25519.Sign(signer(t).Private, message))) + "." + b64(footer)
	}
	add := func(why, origin, token string, labels ...string) {
		cases = append(cases, vector{Why: why, Key: fixedToken(t, token, labels...), Pages: at(origin), Trusted: trusted(t)})
	}
	add("a slot that the issuer did not make", "https://evil.example", genuine, "https://evil.example", page)
	for _, c := range [][2]string{
		{"no token", ""},
		{"no signature", tokenHeader + b64(string(claims)) + "." + footer},
		{"a signature of zeros", tokenHeader + b64(string(claims)+strings.Repeat("\x00", 64)) + "." + footer},
		{"shorter than a signature", tokenHeader + b64("x") + "." + footer},
		{"v4.local", "v4.local." + body + "." + footer},
		{"v3.public", "v3.public." + body + "." + footer},
		{"a JWT", b64(`{"alg":"none"}`) + "." + b64(string(claims)) + "."},
		{"no footer", tokenHeader + body},
		{"three parts", genuine + "." + footer},
		{"a footer that was not signed", tokenHeader + body + "." + b64(`{"kid":"2025z"}`)},
		{"a footer of two keys", signed(string(claims), `{"kid":"2026b","kid":"2026a"}`, assertion)},
		{"a footer with white space", signed(string(claims), `{"kid": "2026a"}`, assertion)},
		{"a footer that says more", signed(string(claims), `{"kid":"2026a","alg":"none"}`, assertion)},
		{"a footer with an escape", signed(string(claims), `{"kid":"\u0032026a"}`, assertion)},
		{"a footer without an id", signed(string(claims), `{"kid":""}`, assertion)},
		{"a token for another purpose", signed(string(claims), `{"kid":"2026a"}`, "revocation-list")},
		{"a token for any purpose", signed(string(claims), `{"kid":"2026a"}`, "")},
		{"claims that are no JSON", signed("x", `{"kid":"2026a"}`, assertion)},
		{"claims that say a thing twice", signed(`{"exp":9999999999,`+string(claims[1:]), `{"kid":"2026a"}`, assertion)},
		{"claims without an end", signed(strings.Replace(string(claims), `"exp"`, `"exq"`, 1), `{"kid":"2026a"}`, assertion)},
	} {
		add(c[0], page, c[1], page)
	}
	return cases
}

func signerCases(t *testing.T, key string) (cases []vector) {
	t.Helper()
	add := func(why string, change func(k *protocol.TrustedKey)) {
		k := signer(t).Trusted()
		change(&k)
		cases = append(cases, vector{Why: why, Key: key, Pages: at(page), Trusted: []protocol.TrustedKey{k}})
	}
	cases = append(cases, vector{Why: "nobody is trusted", Key: key, Pages: at(page), Trusted: []protocol.TrustedKey{}})
	add("another key is trusted under another id", func(k *protocol.TrustedKey) { k.ID = "2026b" })
	add("another key is trusted under this id", func(k *protocol.TrustedKey) { k.Public = trusted(t)[0].Public })
	add("the trusted key is too short", func(k *protocol.TrustedKey) { k.Public = "AAAA" })
	add("the trusted key has padding", func(k *protocol.TrustedKey) { k.Public += "=" })
	add("the key was retired before", func(k *protocol.TrustedKey) { k.NotAfterIssued = sample().IssuedAt - 1 })
	add("the key was retired later", func(k *protocol.TrustedKey) { k.NotAfterIssued = sample().IssuedAt })
	return cases
}

func timeCases(t *testing.T) (cases []vector) {
	t.Helper()
	add := func(why string, begins, ends, graceDays int64) {
		l := sample()
		l.IssuedAt, l.NotBefore, l.Expires, l.GraceDays = begins, begins, ends, graceDays
		cases = append(cases, vector{Why: why, Key: fixed(t, l, signer(t)), Pages: at(page), Trusted: trusted(t)})
	}
	add("it begins tomorrow", now+day, now+9*day, 0)
	add("its grace days are not over", now-9*day, now-day, 2)
	add("its grace days are over", now-9*day, now-3*day, 2)
	return cases
}
