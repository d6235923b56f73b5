package store

import (
	"encoding/base64"
	"strings"
)

// maxKeyBytes bounds an encoded key, so that the subject made of it fits the control line of every NATS server.
const maxKeyBytes = 2800

// emptyElement stands for an element without characters: base64url encodes nothing as one character.
const emptyElement = "_"

// Key is the path of a value: tenant, scope and name, for instance. Elements may be any text. They are encoded, so that no
// text can reach over its own place: a name like "a.>" is a name. Keys may be compared with ==. The zero Key has no
// elements; it names no value, and everything is below it.
type Key struct {
	encoded string
}

// KeyOf returns the key with these elements.
func KeyOf(elements ...string) Key {
	return Key{}.Join(elements...)
}

// Join returns the key with more elements.
func (k Key) Join(elements ...string) Key {
	var b strings.Builder
	b.WriteString(k.encoded)
	for _, e := range elements {
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		if e == "" {
			b.WriteString(emptyElement)
			continue
		}
		b.WriteString(base64.RawURLEncoding.EncodeToString([]byte(e)))
	}
	return Key{b.String()}
}

// Elements returns what the key was made of.
func (k Key) Elements() []string {
	if k.encoded == "" {
		return nil
	}
	parts := strings.Split(k.encoded, ".")
	for i, p := range parts {
		parts[i] = ""
		if p != emptyElement {
			// Keys are made by Join and parseKey only, so that this cannot fail.
			text, _ := base64.RawURLEncoding.DecodeString(p)
			parts[i] = string(text)
		}
	}
	return parts
}

// Below reports whether the key is longer than the other one and begins with it.
func (k Key) Below(prefix Key) bool {
	rest, ok := strings.CutPrefix(k.encoded, prefix.encoded)
	return ok && rest != "" && (prefix.encoded == "" || rest[0] == '.')
}

// String returns the encoded key. It is made of letters, digits, "-", "_" and ".".
func (k Key) String() string { return k.encoded }

func (k Key) check() error {
	if k.encoded == "" || len(k.encoded) > maxKeyBytes {
		return ErrInvalidKey
	}
	return nil
}

// parseKey reads an encoded key. What KeyOf does not write is refused.
func parseKey(encoded string) (Key, bool) {
	// The decoder passes over line breaks.
	if encoded == "" || len(encoded) > maxKeyBytes || strings.ContainsAny(encoded, "\r\n") {
		return Key{}, false
	}
	for p := range strings.SplitSeq(encoded, ".") {
		if p == emptyElement {
			continue
		}
		if text, err := strict.DecodeString(p); err != nil || len(text) == 0 {
			return Key{}, false
		}
	}
	return Key{encoded}, true
}

// strict refuses a second spelling of the same bytes.
var strict = base64.RawURLEncoding.Strict()
