package definition

import (
	"errors"
	"strings"

	"github.com/crossframe/crossframe/protocol/origin"
)

// maxURLBytes bounds a URL; servers and proxies take no longer ones.
const maxURLBytes = 2048

// What is wrong with a URL.
var (
	errURLForm     = errors.New(`must be an absolute http or https URL such as "https://app.example.com/start"`)
	errURLLength   = errors.New("is longer than 2048 bytes")
	errURLUser     = errors.New("must not hold a user or password; browsers ignore it, and it ends up in logs")
	errURLSigns    = errors.New("has a space, a backslash, a control character or a character outside of ASCII; write it percent-encoded, the host in punycode")
	errURLHostPort = errors.New("has no host and port that a browser would write so")
)

// OriginOf returns the origin of an absolute http or https URL. It is stricter than a browser: what two programs
// could read differently is an error.
func OriginOf(url string) (origin.Origin, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	scheme = origin.LowerASCII(scheme)
	if !ok || scheme != "http" && scheme != "https" {
		return origin.Origin{}, errURLForm
	}
	if len(url) > maxURLBytes {
		return origin.Origin{}, errURLLength
	}
	for i := range len(url) {
		if url[i] <= ' ' || url[i] >= 0x7f || url[i] == '\\' {
			return origin.Origin{}, errURLSigns
		}
	}
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	if strings.Contains(authority, "@") {
		return origin.Origin{}, errURLUser
	}
	o, err := origin.Parse(scheme + "://" + origin.LowerASCII(authority))
	if err != nil {
		return origin.Origin{}, errURLHostPort
	}
	return o, nil
}

// isImageData reports whether the URL is an image of its own.
func isImageData(url string) bool {
	return len(url) <= 64<<10 && strings.HasPrefix(url, "data:image/") && !strings.ContainsAny(url, "\"'<> \n\r\t\\")
}
