package licensing

import (
	"fmt"
	"strings"

	"github.com/crossframe/crossframe/protocol/license/sealed"
)

// KeyArg names a license key on the command line. A key in a file or on standard input does not show in process lists.
type KeyArg struct {
	Key string `arg:"" help:"File with the license key, - for standard input, or the key itself."`
}

// read returns the key's text.
func (a *KeyArg) read(env *Env) (string, error) {
	if strings.HasPrefix(strings.TrimSpace(a.Key), "CF1.") {
		return a.Key, nil
	}
	if a.Key == "-" {
		text, err := readAll(env.in(), "standard input")
		return string(text), err
	}
	text, err := readFile(a.Key)
	if err != nil {
		return "", fmt.Errorf("read license key: %w; a key begins with 'CF1.'", err)
	}
	return string(text), nil
}

// InspectCmd shows what can be seen of a key from outside.
type InspectCmd struct {
	KeyArg `embed:""`
	JSON   bool `help:"Print JSON."`
}

// Run checks the key's form and prints how many origins it was made for. Which ones is sealed.
func (c *InspectCmd) Run(env *Env) error {
	key, err := c.read(env)
	if err != nil {
		return err
	}
	seal, fault := sealed.Inspect(key)
	if fault != nil {
		return fault
	}
	if c.JSON {
		return env.printJSON(struct {
			Format     string `json:"format"`
			Origins    int    `json:"origins"`
			Characters int    `json:"characters"`
		}{seal.Format, seal.Origins, seal.Bytes})
	}
	_, err = fmt.Fprintf(env.out(), "format     %s\norigins    %d\ncharacters %d\n"+
		"The rest opens with one of its origins: crossframe license verify --origin=... --trusted=...\n",
		seal.Format, seal.Origins, seal.Bytes)
	return err
}
