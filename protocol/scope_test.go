package protocol

import (
	"strings"
	"testing"
)

func TestValidScope(t *testing.T) {
	for _, c := range []struct {
		scope string
		want  bool
	}{
		{"local", true}, {"user", true}, {"tenant", true}, {"everyone", true}, {"group:claims", true}, {"group:a:b", true},
		{"", false}, {"USER", false}, {"user ", false}, {"group", false}, {"group:", false}, {"group: x", false},
		{"group:..", false}, {"group:\x00", false}, {"group:" + strings.Repeat("x", MaxNameRunes), true},
		{"group:" + strings.Repeat("x", MaxNameRunes+1), false}, {"user:anna", false}, {"tenant:other", false},
	} {
		if got := ValidScope(c.scope); got != c.want {
			t.Errorf("%q: %v", c.scope, got)
		}
	}
}
