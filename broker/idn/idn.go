// Package idn turns Unicode host names into the ASCII form that browsers send, for reading origin patterns on the
// server. It is a package of its own because its tables are too large for the hub, where the page does the same with
// new URL().
//
// It may import golang.org/x/net/idna, and is the one place that does.
package idn

import (
	"fmt"

	"golang.org/x/net/idna"
)

// profile is UTS #46 as the URL Standard applies it to the hosts of http and https: not transitional, so that "ß"
// stays a letter of its own, and without the rules of host names that forbid "_" and double hyphens.
var profile = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckJoiners(true),
	idna.CheckHyphens(false),
	idna.StrictDomainName(false),
)

// ToASCII returns the name in lower case and punycode. It fits origin.Options.ToASCII. The result may hold
// any ASCII character, as some Unicode characters stand for signs; the caller checks that.
func ToASCII(host string) (string, error) {
	ascii, err := profile.ToASCII(host)
	if err != nil {
		return "", fmt.Errorf("turn host name into punycode: %w", err)
	}
	return ascii, nil
}
