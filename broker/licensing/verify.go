package licensing

import (
	"fmt"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
	"github.com/crossframe/crossframe/protocol/origin"
)

// VerifyCmd checks a key as a hub would.
type VerifyCmd struct {
	KeyArg  `embed:""`
	Origin  string `required:"" placeholder:"ORIGIN" help:"Origin of the main page, such as https://desk.example.com."`
	Trusted string `required:"" placeholder:"FILE" help:"JSON list of trusted keys, as keygen prints it."`
	List    string `placeholder:"FILE" help:"Revocation list to look the license up in, as a broker does."`
	At      string `placeholder:"DATE" help:"Day or moment to check for; if empty, now."`
	JSON    bool   `help:"Print JSON, also for a key that is refused."`
}

// verdict is the result of verify.
type verdict struct {
	OK      bool            `json:"ok"`
	State   license.State   `json:"state,omitempty"`
	Fault   *protocol.Fault `json:"fault,omitempty"`
	License *view           `json:"license,omitempty"`
}

// Run prints the license and its state. For a key that is refused it returns the *protocol.Fault.
func (c *VerifyCmd) Run(env *Env) error {
	key, err := c.read(env)
	if err != nil {
		return err
	}
	keys, err := ReadTrustedKeys(c.Trusted)
	if err != nil {
		return err
	}
	if _, err := origin.Parse(c.Origin); err != nil {
		return fmt.Errorf("--origin: %w; write it as browsers do, such as https://desk.example.com, without a path or / at the end", err)
	}
	now := env.now()
	if c.At != "" {
		if now, _, err = parseTime(c.At); err != nil {
			return fmt.Errorf("--at: %w", err)
		}
	}
	if !license.NeedsLicense(c.Origin) {
		fmt.Fprintf(env.err(), "A main page at %s needs no license key.\n", c.Origin)
	}
	l, fault := sealed.Open(key, c.Origin, keys, now.Unix())
	if c.List != "" && l.ID != "" {
		list, err := ReadRevocations(c.List, keys)
		if err != nil {
			return err
		}
		if revoked := list.Check(&l, now.Unix(), 0); revoked != nil {
			l.State, fault = stateOf(revoked), revoked
		}
	}
	result := verdict{OK: fault == nil, State: l.State, Fault: fault}
	if l.ID != "" {
		result.License = viewOf(l)
	}
	if err := c.print(env, &result); err != nil {
		return err
	}
	if fault != nil {
		return fault
	}
	return nil
}

func (c *VerifyCmd) print(env *Env, v *verdict) error {
	if c.JSON {
		return env.printJSON(v)
	}
	if v.License != nil {
		v.License.print(env.out())
	}
	if v.State != "" {
		fmt.Fprintf(env.out(), "%-12s%s\n", "state", v.State)
	}
	return nil
}
