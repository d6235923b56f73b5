package sealed

import (
	"errors"
	"strings"

	"github.com/crossframe/crossframe/protocol/origin"
)

// slotLabels returns the patterns that could name the origin, each in canonical form: those are the labels that a slot
// may be encrypted under. Patterns that cannot be listed so cannot be licensed; see slotLabel.
func slotLabels(o origin.Origin) []string {
	full := o.String()
	before := o.Scheme + "://"
	host := o.Host
	if o.Rooted {
		host += "."
	}
	port := full[len(before)+len(host):]
	labels := []string{full, before + host + ":*"}
	if strings.HasPrefix(host, "[") {
		return labels
	}
	for {
		_, parent, found := strings.Cut(host, ".")
		if !found || !manyLabels(parent) {
			return labels
		}
		labels = append(labels, before+"*."+parent+port, before+"*."+parent+":*")
		host = parent
	}
}

// manyLabels reports whether the name has at least two labels. A license for every name under com is none.
func manyLabels(name string) bool {
	return strings.Contains(strings.TrimSuffix(name, "."), ".")
}

var errSlotLabel = errors.New("a license origin is scheme://host[:port], where the host may begin with *. and the " +
	"port may be *; name the scheme, and behind *. at least two labels")

// slotLabel returns the canonical form of an origin pattern of a license.
func slotLabel(pattern string) (string, error) {
	p, err := origin.ParsePattern(pattern, origin.AllowList)
	if err != nil {
		return "", err
	}
	label := p.String()
	scheme, rest, _ := strings.Cut(label, "://")
	name, deep := strings.CutPrefix(strings.TrimSuffix(rest, ":*"), "*.")
	if rest == "" || scheme == "*" || strings.Contains(name, "*") || deep && !manyLabels(name) {
		return "", errSlotLabel
	}
	return label, nil
}
