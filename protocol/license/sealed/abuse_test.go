package sealed

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

// refused opens a key and wants a code, and no part of the key in the text beside it.
func refused(t *testing.T, what, key, at string, want protocol.Code) {
	t.Helper()
	l, fault := Open(key, at, trusted(t), now)
	if codeOf(fault) != want || l.ID != "" {
		t.Errorf("%s: %+v, %v; want %s", what, l, fault, want)
	}
	if fault == nil {
		return
	}
	for i := len(prefix); i+8 <= len(key); i += 8 {
		if strings.Contains(fault.Message, key[i:i+8]) {
			t.Errorf("%s: the fault quotes the key: %s", what, fault.Message)
		}
	}
}

func TestEveryFlipIsRefused(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	key := issue(t, sample())
	for i := range key {
		next := strings.IndexByte(alphabet, key[i]) + 1
		for _, c := range []byte{alphabet[next%64], alphabet[(next+31)%64], key[i] ^ 1, key[i] ^ 0x20, '\n', '=', 0} {
			if c == key[i] || (c == '\n' && i == 0) {
				continue
			}
			altered := key[:i] + string(c) + key[i+1:]
			if strings.TrimSpace(altered) == key {
				continue
			}
			refused(t, "flip", altered, page, protocol.LicenseInvalid)
		}
		refused(t, "doubled character", key[:i]+key[i:i+1]+key[i:], page, protocol.LicenseInvalid)
	}
}

func TestTruncationsAreRefused(t *testing.T) {
	key := issue(t, sample())
	refused(t, "nothing", "", page, protocol.LicenseMissing)
	refused(t, "white space", " \n", page, protocol.LicenseMissing)
	for n := 1; n < len(key); n++ {
		refused(t, "truncated", key[:n], page, protocol.LicenseInvalid)
		refused(t, "beginning cut off", key[n:], page, protocol.LicenseInvalid)
	}
}

func TestSpellingsAreRefused(t *testing.T) {
	key := issue(t, sample())
	raw, ok := decode64(key[len(prefix):])
	if !ok {
		t.Fatal("a key is no base64url")
	}
	for what, altered := range map[string]string{
		"padding":          prefix + base64.URLEncoding.EncodeToString(append(raw, 0)),
		"trailing padding": key + "=",
		"standard letters": prefix + base64.RawStdEncoding.EncodeToString(raw),
		"line break":       key[:100] + "\n" + key[100:],
		"space":            key[:100] + " " + key[100:],
		"lower prefix":     "cf1." + key[len(prefix):],
		"other version":    "CF2." + key[len(prefix):],
		"two prefixes":     prefix + key,
		"more behind":      prefix + strict.EncodeToString(append(raw, 0, 0, 0)),
		"two keys":         key + key,
		"no slots":         prefix + strict.EncodeToString(append(append(raw[:saltBytes:saltBytes], 0), make([]byte, 99)...)),
		"too many slots":   prefix + strict.EncodeToString(append(append(raw[:saltBytes:saltBytes], 255), make([]byte, 99)...)),
		"far too long":     prefix + strings.Repeat("A", MaxKeyBytes),
	} {
		refused(t, what, altered, page, protocol.LicenseInvalid)
	}
}

// TestForeignOrigin: what a thief sees. Damage to the head is told from a foreign origin; damage inside is not.
func TestForeignOrigin(t *testing.T) {
	key := issue(t, sample())
	refused(t, "stolen", key, "https://evil.example", protocol.LicenseOrigin)
	front := len(prefix) + strict.EncodedLen(saltBytes+1+len(sample().Origins)*slotBytes+nonceBytes) - 1
	for i := range key {
		altered := key[:i] + string(key[i]^1) + key[i+1:]
		_, fault := Open(altered, "https://evil.example", trusted(t), now)
		if code := codeOf(fault); code != protocol.LicenseInvalid && (i < front || code != protocol.LicenseOrigin) {
			t.Errorf("character %d changed: %v", i, fault)
		}
	}
}

// TestAddedSlot: the owner of a license can open its box and seal the token for others, who gain nothing by it.
func TestAddedSlot(t *testing.T) {
	b, fault := unpack(issue(t, sample()))
	if fault != nil {
		t.Fatal(fault)
	}
	fileKey, ok := b.fileKey([]string{page})
	if !ok {
		t.Fatal("the slot does not open")
	}
	token, ok := unseal(fileKey, b.nonce, b.sealed, b.head)
	if !ok {
		t.Fatal("the box does not open")
	}
	repacked := packed(t, []string{"https://evil.example", page}, string(token))
	refused(t, "added slot", repacked, "https://evil.example", protocol.LicenseOrigin)
}

// TestForgedTokens seals tokens that the signer did not make as he would have: opening the box proves nothing.
func TestForgedTokens(t *testing.T) {
	l := sample()
	claims := string(appendClaims(nil, &l))
	genuine := forLicenses.sign([]byte(claims), signer(t))
	stranger, err := NewSigningKey("2026a")
	if err != nil {
		t.Fatal(err)
	}
	unknown, public := signer(t), signer(t).Trusted().Public
	unknown.ID = "2026b"
	b64 := func(s string) string { return strict.EncodeToString([]byte(s)) }
	mac := hmac.New(sha256.New, []byte(public))
	jwt := b64(`{"alg":"HS256","kid":"2026a"}`) + "." + b64(claims)
	mac.Write([]byte(jwt))
	body, footer, _ := strings.Cut(genuine[len(tokenHeader):], ".")
	signed := func(assertion, footer string) string {
		signature := ed25519.Sign(signer(t).Private, preAuth([]byte(tokenHeader), []byte(claims), []byte(footer), []byte(assertion)))
		return tokenHeader + b64(claims+string(signature)) + "." + b64(footer)
	}
	for what, token := range map[string]string{
		"no signature":       tokenHeader + b64(claims) + "." + footer,
		"zero signature":     tokenHeader + b64(claims+strings.Repeat("\x00", 64)) + "." + footer,
		"other signer":       forLicenses.sign([]byte(claims), stranger),
		"unknown kid":        forLicenses.sign([]byte(claims), unknown),
		"jwt alg none":       b64(`{"alg":"none"}`) + "." + b64(claims) + ".",
		"jwt HS256":          jwt + "." + strict.EncodeToString(mac.Sum(nil)),
		"v4.local":           "v4.local." + body + "." + footer,
		"v3.public":          "v3.public." + body + "." + footer,
		"no footer":          tokenHeader + body,
		"three parts":        genuine + "." + footer,
		"other kid":          tokenHeader + body + "." + b64(`{"kid":"2025z"}`),
		"key in the footer":  tokenHeader + body + "." + b64(`{"kid":"2026a","public":"`+stranger.Trusted().Public+`"}`),
		"two kids":           signed(assertion, `{"kid":"2026b","kid":"2026a"}`),
		"no kid":             signed(assertion, `{}`),
		"footer no JSON":     signed(assertion, `2026a`),
		"footer with space":  signed(assertion, `{"kid": "2026a"}`),
		"more in the footer": signed(assertion, `{"kid":"2026a","alg":"none"}`),
		"escaped kid":        signed(assertion, `{"kid":"\u0032026a"}`),
		"other assertion":    signed("revocation-list", `{"kid":"2026a"}`),
		"no assertion":       signed("", `{"kid":"2026a"}`),
		"empty":              "",
	} {
		refused(t, what, packed(t, []string{page}, token), page, protocol.LicenseInvalid)
	}
}

// TestSignedNonsense: what a careless issuer might sign is refused; package license has the cases.
func TestSignedNonsense(t *testing.T) {
	refused(t, "no claims", packed(t, []string{page}, forLicenses.sign([]byte("{}"), signer(t))), page, protocol.LicenseInvalid)
	retired := signer(t).Trusted()
	retired.NotAfterIssued = now
	_, fault := Open(packed(t, []string{page}, forLicenses.sign([]byte("x"), signer(t))), page, []protocol.TrustedKey{retired}, now)
	if codeOf(fault) != protocol.LicenseInvalid {
		t.Errorf("claims without a time, by a retired key: %v", fault)
	}
}

func TestTrustedKeys(t *testing.T) {
	key := issue(t, sample())
	good := signer(t).Trusted()
	retired, kept, broken := good, good, good
	retired.NotAfterIssued = sample().IssuedAt - 1
	kept.NotAfterIssued = sample().IssuedAt
	broken.Public = "AAAA"
	rows := []struct {
		what string
		keys []protocol.TrustedKey
		want protocol.Code
		says string
	}{
		{"none", nil, protocol.LicenseInvalid, "add its public key"},
		{"retired before", []protocol.TrustedKey{retired}, protocol.LicenseInvalid, "retired"},
		{"retired later", []protocol.TrustedKey{kept}, "", ""},
		{"broken", []protocol.TrustedKey{broken}, protocol.LicenseInvalid, "no Ed25519 public key"},
	}
	for _, row := range rows {
		_, fault := Open(key, page, row.keys, now)
		if codeOf(fault) != row.want || fault != nil && !strings.Contains(fault.Message, row.says) {
			t.Errorf("%s: %v, want %s with %q", row.what, fault, row.want, row.says)
		}
	}
}
