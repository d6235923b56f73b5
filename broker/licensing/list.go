package licensing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// ListCmd shows what the log and the revocation list say together.
type ListCmd struct {
	Log     string `required:"" placeholder:"FILE" help:"The file that issue writes to."`
	List    string `placeholder:"FILE" help:"The revocation list; without it, what the log says was revoked."`
	Trusted string `placeholder:"FILE" help:"JSON list of trusted keys, to check the revocation list with."`
	JSON    bool   `help:"Print JSON."`
}

// listed is one license with what became of it.
type listed struct {
	view
	State     license.State `json:"state"`
	RevokedAt string        `json:"revokedAt,omitempty"`
	Reason    string        `json:"reason,omitempty"`
}

// Run prints the licenses in the order in which they were issued.
func (c *ListCmd) Run(env *Env) error {
	lines, err := readLog(c.Log)
	if err != nil {
		return err
	}
	var list *sealed.Revocations
	if c.List != "" {
		if c.Trusted == "" {
			return errors.New("--trusted: name the keys that the list is checked with")
		}
		keys, err := ReadTrustedKeys(c.Trusted)
		if err != nil {
			return err
		}
		read, err := ReadRevocations(c.List, keys)
		if err != nil {
			return err
		}
		list = &read
	}
	all, unknown := statesOf(lines, list, env.now())
	if c.JSON {
		return env.printJSON(struct {
			Licenses []listed `json:"licenses"`
			// Unknown is how many licenses the list revokes that the log does not have.
			Unknown int `json:"unknown"`
		}{all, unknown})
	}
	return c.print(env, all, list, unknown)
}

func statesOf(lines []logLine, list *sealed.Revocations, now time.Time) (all []listed, unknown int) {
	all = []listed{}
	taken := make(map[string]logLine)
	for _, line := range lines {
		if line.Revoked != "" {
			taken[line.Revoked] = line
		}
	}
	known := 0
	for _, line := range lines {
		if line.ID == "" {
			continue
		}
		one := listed{view: line.view, State: line.stateAt(now)}
		entry, said := taken[line.ID]
		one.RevokedAt, one.Reason = entry.RevokedAt, entry.Reason
		if list != nil {
			_, named := slices.BinarySearch(list.Hashes, sealed.HashOf(line.ID))
			if named {
				known++
			}
			said = named || secondsOf(line.IssuedAt) < list.IssuedFrom
		}
		if said {
			one.State = license.StateRevoked
		}
		all = append(all, one)
	}
	if list != nil {
		unknown = len(list.Hashes) - known
	}
	return all, unknown
}

// stateAt returns the state that the license has by its own dates.
func (v *view) stateAt(now time.Time) license.State {
	l := license.License{IssuedAt: secondsOf(v.IssuedAt), NotBefore: secondsOf(v.NotBefore), Expires: secondsOf(v.Expires)}
	l.GraceDays = (secondsOf(v.Ends) - l.Expires) / (24 * 60 * 60)
	if state, _ := l.At(now.Unix()); state != "" {
		return state
	}
	return "not yet"
}

func secondsOf(stamp string) int64 {
	at, err := time.Parse(time.RFC3339, stamp)
	if err != nil {
		return 0
	}
	return at.Unix()
}

func (c *ListCmd) print(env *Env, all []listed, list *sealed.Revocations, unknown int) error {
	w := tabwriter.NewWriter(env.out(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATE\tID\tFOR\tEXPIRES\tORIGINS")
	for _, one := range all {
		fmt.Fprintf(w, "%s\t%q\t%q\t%.10s\t%s\n", one.State, one.ID, one.Subject, one.Expires, strings.Join(one.Origins, " "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if list != nil {
		fmt.Fprintf(env.err(), "The revocation list names %d licenses, %d of them not in the log; it is good until %s.\n", len(list.Hashes), unknown, stamp(list.Expires))
	}
	return nil
}
