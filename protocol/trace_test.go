package protocol

import (
	"regexp"
	"strings"
	"testing"
)

const (
	traceID  = "0af7651916cd43dd8448eb211c80319c"
	parentID = "b7ad6b7169203331"
	trace00  = "00-" + traceID + "-" + parentID + "-01"
)

// TestValidTrace has the cases of the recommendation's own test suite, and those that a sender could hide something in.
func TestValidTrace(t *testing.T) {
	for text, want := range map[string]bool{
		trace00:                                                         true,
		"00-" + traceID + "-" + parentID + "-00":                        true,
		"00-" + traceID + "-" + parentID + "-ff":                        true,
		"cc-" + traceID + "-" + parentID + "-01":                        true,
		"cc-" + traceID + "-" + parentID + "-01-what-the-future-brings": true,

		"":                                       false,
		"t":                                      false,
		strings.ToUpper(trace00):                 false,
		trace00 + "-":                            false,
		trace00 + "-x":                           false,
		trace00 + " ":                            false,
		" " + trace00:                            false,
		trace00[1:]:                              false,
		trace00[:len(trace00)-1]:                 false,
		strings.ReplaceAll(trace00, "-", "_"):    false,
		"ff-" + traceID + "-" + parentID + "-01": false,
		"0x-" + traceID + "-" + parentID + "-01": false,
		"00-" + strings.Repeat("0", 32) + "-" + parentID + "-01":             false,
		"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01":              false,
		"00-" + traceID + "-" + parentID + "-0g":                             false,
		"cc-" + traceID + "-" + parentID + "-01.x":                           false,
		"cc-" + traceID + "-" + parentID + "-01-":                            false,
		"cc-" + traceID + "-" + parentID + "-01-a b":                         false,
		"cc-" + traceID + "-" + parentID + "-01-é":                           false,
		"cc-" + traceID + "-" + parentID + "-01-" + strings.Repeat("x", 300): false,
		"00-" + traceID + "-" + parentID[:15] + "\n-01":                      false,
	} {
		if got := ValidTrace(text); got != want {
			t.Errorf("%q is valid: %v", text, got)
		}
	}
}

// FuzzValidTrace holds it against a second implementation.
func FuzzValidTrace(f *testing.F) {
	f.Add(trace00)
	f.Add("cc-" + traceID + "-" + parentID + "-01-x")
	form := regexp.MustCompile(`^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[!-~]+)?$`)
	zero := regexp.MustCompile(`^0+$`)
	f.Fuzz(func(t *testing.T, text string) {
		m := form.FindStringSubmatch(text)
		want := m != nil && len(text) <= MaxTraceBytes && !strings.HasSuffix(text, "\n") &&
			m[1] != "ff" && !zero.MatchString(m[2]) && !zero.MatchString(m[3]) && (m[4] == "" || m[1] != "00")
		if got := ValidTrace(text); got != want {
			t.Errorf("%q is valid: %v", text, got)
		}
	})
}
