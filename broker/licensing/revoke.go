package licensing

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// RevokeCmd signs a revocation list anew.
type RevokeCmd struct {
	Key          string   `required:"" placeholder:"FILE" help:"Signing key, made with keygen."`
	List         string   `required:"" placeholder:"FILE" help:"The revocation list; made where there is none, otherwise what is on it stays on it."`
	ID           []string `sep:"none" placeholder:"ID" help:"Id of a license to take back; may be repeated. Without any, the list is signed again for more days."`
	IssuedBefore string   `placeholder:"DATE" help:"Take back every license that was issued before that day or moment."`
	Days         int64    `default:"7" help:"Days for which the list is good: brokers without a newer one admit nobody after that."`
	Trusted      string   `placeholder:"FILE" help:"JSON list of trusted keys, where another key than --key signed the list before."`
	Log          string   `placeholder:"FILE" help:"The file that issue writes to; what is revoked is added to it."`
	Reason       string   `placeholder:"TEXT" help:"Why, for the log."`
}

// Run writes the list. What is revoked is in the log before it is on the list.
func (c *RevokeCmd) Run(env *Env) error {
	key, err := readSigningKey(c.Key, keyFileMark)
	if err != nil {
		return err
	}
	list, err := c.before(key)
	if err != nil {
		return err
	}
	added, err := c.change(&list, env.now())
	if err != nil {
		return err
	}
	text, err := sealed.SignRevocations(list, key)
	if err != nil {
		return fmt.Errorf("%w; --days may be 1 to 366, and licenses that have ended need not stay on the list", err)
	}
	var lines []any
	for _, id := range added {
		lines = append(lines, revokedLine{Revoked: id, RevokedAt: stamp(env.now().Unix()), Reason: c.Reason})
	}
	if err := appendLog(c.Log, lines...); err != nil {
		return err
	}
	if err := replaceFile(c.List, []byte(text+"\n"), 0o644); err != nil {
		return fmt.Errorf("write revocation list: %w", err)
	}
	fmt.Fprintf(env.err(), "Revoked %d, %d are on the list, which is good until %s. Put %s in the place of license.revocationFile of every broker.\n",
		len(added), len(list.Hashes), stamp(list.Expires), c.List)
	return nil
}

// before returns the list as it is; none is empty.
func (c *RevokeCmd) before(key sealed.SigningKey) (sealed.Revocations, error) {
	text, err := readFile(c.List)
	if errors.Is(err, fs.ErrNotExist) {
		return sealed.Revocations{}, nil
	}
	if err != nil {
		return sealed.Revocations{}, fmt.Errorf("read revocation list: %w", err)
	}
	keys := []protocol.TrustedKey{key.Trusted()}
	if c.Trusted != "" {
		more, err := ReadTrustedKeys(c.Trusted)
		if err != nil {
			return sealed.Revocations{}, err
		}
		keys = append(keys, more...)
	}
	list, fault := sealed.OpenRevocations(string(text), keys)
	if fault != nil {
		return list, fmt.Errorf("read revocation list: %s: %w; name the keys that may have signed it with --trusted", c.List, fault)
	}
	return list, nil
}

// change adds what is to be revoked, and returns the ids that were not on the list.
func (c *RevokeCmd) change(list *sealed.Revocations, now time.Time) (added []string, err error) {
	if list.IssuedAt, err = later(list.IssuedAt, now); err != nil {
		return nil, err
	}
	list.Expires = list.IssuedAt + c.Days*24*60*60
	for _, id := range c.ID {
		if hash := sealed.HashOf(id); !slices.Contains(list.Hashes, hash) {
			list.Hashes = append(list.Hashes, hash)
			added = append(added, id)
		}
	}
	if c.IssuedBefore != "" {
		from, _, err := parseTime(c.IssuedBefore)
		if err != nil {
			return nil, fmt.Errorf("--issued-before: %w", err)
		}
		list.IssuedFrom = max(list.IssuedFrom, from.Unix())
	}
	return added, nil
}

// later returns when something is issued that takes the place of what was issued before: of the two the later one counts. A clock
// that is far behind is told.
func later(before int64, now time.Time) (int64, error) {
	if before > now.Add(24*time.Hour).Unix() {
		return 0, errors.New("the file was signed on " + stamp(before) + ", which is later than this machine's clock says; set the clock right")
	}
	return max(now.Unix(), before+1), nil
}

// ReadRevocations reads a list that one of the keys signed.
func ReadRevocations(path string, keys []protocol.TrustedKey) (sealed.Revocations, error) {
	text, err := readFile(path)
	if err != nil {
		return sealed.Revocations{}, fmt.Errorf("read revocation list: %w", err)
	}
	list, fault := sealed.OpenRevocations(string(text), keys)
	if fault != nil {
		return list, fmt.Errorf("read revocation list: %s: %w", path, fault)
	}
	return list, nil
}

// ReadKeySet reads a key set that one of the roots signed.
func ReadKeySet(path string, roots []protocol.TrustedKey) (sealed.KeySet, error) {
	text, err := readFile(path)
	if err != nil {
		return sealed.KeySet{}, fmt.Errorf("read key set: %w", err)
	}
	set, fault := sealed.OpenKeySet(string(text), roots)
	if fault != nil {
		return set, fmt.Errorf("read key set: %s: %w", path, fault)
	}
	return set, nil
}
