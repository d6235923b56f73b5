package licensing

import (
	"fmt"
	"strings"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// KeygenCmd makes a signing key.
type KeygenCmd struct {
	Out string `required:"" placeholder:"FILE" help:"File for the private key; made with mode 0600, never overwritten."`
	ID  string `placeholder:"ID" help:"Name of the key, such as 2026a; if empty, the year and an a, and root- before it for a root key."`
	// A root key signs key sets and nothing else.
	Root bool `help:"Make a root key, which signs the set of signing keys; see rotate."`
}

// Run writes the private key to the file and prints the public one as a list of trusted keys.
func (c *KeygenCmd) Run(env *Env) error {
	id := c.ID
	mark, where := keyFileMark, "the trusted license keys of your hubs and brokers, or to their key set by \"crossframe license rotate\""
	if c.Root {
		mark, where = rootFileMark, "license.rootKeysFile of your brokers"
	}
	if id == "" {
		id = env.now().UTC().Format("2006") + "a"
		if c.Root {
			id = "root-" + id
		}
	}
	key, err := sealed.NewSigningKey(id)
	if err != nil {
		return err
	}
	if err := writeSigningKey(c.Out, mark, key); err != nil {
		return err
	}
	fmt.Fprintf(env.err(), "Wrote %s %s to %s. Keep it offline, and a copy of it elsewhere.\nAdd this public key to %s:\n",
		strings.TrimPrefix(mark, "license "), id, c.Out, where)
	return env.printJSON([]protocol.TrustedKey{key.Trusted()})
}
