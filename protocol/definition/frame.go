package definition

import (
	"slices"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
	"github.com/crossframe/crossframe/protocol/origin"
)

// sandboxTokens are those of the HTML standard that a definition may have.
var sandboxTokens = [...]string{
	"allow-downloads", "allow-forms", "allow-modals", "allow-orientation-lock", "allow-pointer-lock", "allow-popups",
	"allow-popups-to-escape-sandbox", "allow-presentation", "allow-same-origin", "allow-scripts",
	"allow-storage-access-by-user-activation",
}

// refusedTokens begin so: a frame that may navigate the main page could put itself in its place.
const refusedTokens = "allow-top-navigation"

func checkFrame(d *protocol.Definition) *Problem {
	for i, token := range d.Frame.Sandbox {
		switch {
		case strings.HasPrefix(origin.LowerASCII(token), refusedTokens):
			return &Problem{at("frame.sandbox", i), jsontext.Quote(clip(token)) + " is refused: the app could navigate the main page away"}
		case !slices.Contains(sandboxTokens[:], token):
			return &Problem{at("frame.sandbox", i), jsontext.Quote(clip(token)) + " is no sandbox token; there are " + strings.Join(sandboxTokens[:], ", ")}
		}
	}
	for i, feature := range d.Frame.Allow {
		if !validFeature(feature) {
			return &Problem{at("frame.allow", i), jsontext.Quote(clip(feature)) + ` is no feature name such as "clipboard-write"; name the feature alone, it is granted to the app's own origin`}
		}
	}
	return nil
}

// validFeature reports whether s has the form of a permissions policy feature: small letters and digits in words
// joined by "-". What has that form cannot break out of the attribute that it is written into.
func validFeature(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

func checkGrants(d *protocol.Definition) *Problem {
	if d.Grants == nil {
		return nil
	}
	for _, list := range [...]struct {
		name    string
		entries []string
	}{
		{"offer", d.Grants.Offer},
		{"invoke", d.Grants.Invoke},
		{"readContexts", d.Grants.ReadContexts},
		{"writeContexts", d.Grants.WriteContexts},
		{"start", d.Grants.Start},
	} {
		for i, entry := range list.entries {
			if !validGrant(entry) {
				return notNames(at("grants."+list.name, i), entry)
			}
		}
	}
	return nil
}

func notNames(field, entry string) *Problem {
	return &Problem{field, jsontext.Quote(clip(entry)) + ` is neither a name nor the beginning of names with one "*" at its end`}
}

// validGrant: a name, or the beginning of one and "*". A star elsewhere would look like a pattern and match only
// itself.
func validGrant(entry string) bool {
	prefix, isPrefix := strings.CutSuffix(entry, "*")
	if strings.Contains(prefix, "*") {
		return false
	}
	if isPrefix {
		// The letter stands for whatever follows, so that a prefix may end as no name may: in a space or a dot.
		return prefix == "" || protocol.ValidName(prefix+"x")
	}
	return protocol.ValidName(entry)
}
