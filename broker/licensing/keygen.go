package licensing

import (
	"fmt"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// KeygenCmd makes a signing key.
type KeygenCmd struct {
	Out string `required:"" placeholder:"FILE" help:"File for the private key; made with mode 0600, never overwritten."`
	ID  string `placeholder:"ID" help:"Name of the key, such as 2026a; if empty, the year and an a."`
}

// Run writes the private key to the file and prints the public one as a list of trusted keys.
func (c *KeygenCmd) Run(env *Env) error {
	id := c.ID
	if id == "" {
		id = env.now().UTC().Format("2006") + "a"
	}
	key, err := sealed.NewSigningKey(id)
	if err != nil {
		return err
	}
	if err := writeSigningKey(c.Out, key); err != nil {
		return err
	}
	fmt.Fprintf(env.err(), "Wrote signing key %s to %s. Keep it offline, and a copy of it elsewhere.\n"+
		"Add this public key to the trusted license keys of your hubs and brokers:\n", id, c.Out)
	return env.printJSON([]protocol.TrustedKey{key.Trusted()})
}
