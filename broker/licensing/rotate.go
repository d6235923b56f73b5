package licensing

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// RotateCmd signs a key set anew.
type RotateCmd struct {
	Root   string   `required:"" placeholder:"FILE" help:"Root key, made with keygen --root."`
	Set    string   `required:"" placeholder:"FILE" help:"The key set; made where there is none."`
	Add    []string `sep:"none" placeholder:"FILE" help:"Public keys to add, as keygen prints them; may be repeated."`
	Retire []string `sep:"none" placeholder:"ID[=DATE]" help:"Key whose licenses stay good where they were issued before that day or moment, or before now; may be repeated."`
	Remove []string `sep:"none" placeholder:"ID" help:"Key whose licenses all end, because it has leaked or the last of them is over; may be repeated."`
	Roots  string   `placeholder:"FILE" help:"JSON list of public root keys, where another root than --root signed the set before."`
}

// Run writes the set and says which keys it has.
func (c *RotateCmd) Run(env *Env) error {
	root, err := readSigningKey(c.Root, rootFileMark)
	if err != nil {
		return err
	}
	if len(c.Add)+len(c.Retire)+len(c.Remove) == 0 {
		return errors.New("nothing to change: give --add, --retire or --remove")
	}
	set, err := c.before(root)
	if err != nil {
		return err
	}
	if set.IssuedAt, err = later(set.IssuedAt, env.now()); err != nil {
		return err
	}
	for _, step := range []func(*sealed.KeySet, time.Time) error{c.add, c.retire, c.remove} {
		if err := step(&set, env.now()); err != nil {
			return err
		}
	}
	text, err := sealed.SignKeySet(set, root)
	if err != nil {
		return err
	}
	if err := replaceFile(c.Set, []byte(text+"\n"), 0o644); err != nil {
		return fmt.Errorf("write key set: %w", err)
	}
	fmt.Fprintf(env.err(), "Signed a set of %d keys. Put %s in the place of license.keySetFile of every broker; pages follow by themselves.\n", len(set.Keys), c.Set)
	return env.printJSON(set.Keys)
}

func (c *RotateCmd) before(root sealed.SigningKey) (sealed.KeySet, error) {
	if _, err := os.Stat(c.Set); errors.Is(err, fs.ErrNotExist) {
		return sealed.KeySet{}, nil
	}
	roots := []protocol.TrustedKey{root.Trusted()}
	if c.Roots != "" {
		more, err := ReadTrustedKeys(c.Roots)
		if err != nil {
			return sealed.KeySet{}, err
		}
		roots = append(roots, more...)
	}
	return ReadKeySet(c.Set, roots)
}

func (c *RotateCmd) add(set *sealed.KeySet, _ time.Time) error {
	for _, file := range c.Add {
		keys, err := ReadTrustedKeys(file)
		if err != nil {
			return fmt.Errorf("--add: %w", err)
		}
		for _, k := range keys {
			if indexOf(set, k.ID) >= 0 {
				return fmt.Errorf("--add: the set has a key %s already; give the new one another --id at keygen", k.ID)
			}
			set.Keys = append(set.Keys, k)
		}
	}
	return nil
}

func (c *RotateCmd) retire(set *sealed.KeySet, now time.Time) error {
	for _, text := range c.Retire {
		id, date, dated := strings.Cut(text, "=")
		i := indexOf(set, id)
		if i < 0 {
			return fmt.Errorf("--retire: the set has no key %s", id)
		}
		last := now
		if dated {
			var err error
			if last, _, err = parseTime(date); err != nil {
				return fmt.Errorf("--retire: %w", err)
			}
		}
		set.Keys[i].NotAfterIssued = last.Unix()
	}
	return nil
}

func (c *RotateCmd) remove(set *sealed.KeySet, _ time.Time) error {
	for _, id := range c.Remove {
		i := indexOf(set, id)
		if i < 0 {
			return fmt.Errorf("--remove: the set has no key %s", id)
		}
		set.Keys = slices.Delete(set.Keys, i, i+1)
	}
	return nil
}

func indexOf(set *sealed.KeySet, id string) int {
	return slices.IndexFunc(set.Keys, func(k protocol.TrustedKey) bool { return k.ID == id })
}
