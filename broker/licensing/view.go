package licensing

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/protocol/license"
)

// view is a license as the commands show it.
type view struct {
	ID        string           `json:"id"`
	Issuer    string           `json:"issuer,omitempty"`
	Subject   string           `json:"subject"`
	KeyID     string           `json:"keyId"`
	IssuedAt  string           `json:"issuedAt"`
	NotBefore string           `json:"notBefore"`
	Expires   string           `json:"expires"`
	Ends      string           `json:"ends"`
	Origins   []string         `json:"origins"`
	Features  []string         `json:"features,omitempty"`
	Limits    map[string]int64 `json:"limits,omitempty"`
}

func viewOf(l license.License) *view {
	return &view{
		ID: l.ID, Issuer: l.Issuer, Subject: l.Subject, KeyID: l.KeyID,
		IssuedAt: stamp(l.IssuedAt), NotBefore: stamp(l.NotBefore), Expires: stamp(l.Expires), Ends: stamp(l.Ends()),
		Origins: l.Origins, Features: l.Features, Limits: l.Limits,
	}
}

func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// print writes the license for people, one fact a line. Texts of a license are quoted: they may hold anything.
func (v *view) print(w io.Writer) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s"+format+"\n", append([]any{name}, args...)...)
	}
	line("license", "%q", v.ID)
	line("for", "%q", v.Subject)
	if v.Issuer != "" {
		line("from", "%q", v.Issuer)
	}
	line("signed with", "%s", v.KeyID)
	line("issued", "%s", v.IssuedAt)
	line("valid from", "%s", v.NotBefore)
	line("expires", "%s, grace days until %s", v.Expires, v.Ends)
	line("origins", "%s", strings.Join(v.Origins, "  "))
	if len(v.Features) > 0 {
		line("features", "%q", v.Features)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Limits)) {
		line("limit", "%q at most %d", name, v.Limits[name])
	}
}
