package licensing

import (
	"encoding/json"
	"io"
	"os"
	"time"
)

// Command is the group "license" of the command line. Its subcommands' Run methods want an *Env, which the program
// binds with kong.Bind.
type Command struct {
	Keygen  KeygenCmd  `cmd:"" help:"Make a signing key; prints its public part for the configuration of hubs and brokers."`
	Issue   IssueCmd   `cmd:"" help:"Issue a license key."`
	Inspect InspectCmd `cmd:"" help:"Show what a license key tells without its origin."`
	Verify  VerifyCmd  `cmd:"" help:"Check a license key as a hub would, for one origin and one time."`
	Revoke  RevokeCmd  `cmd:"" help:"Take licenses back: sign the revocation list anew, with more on it."`
	List    ListCmd    `cmd:"" help:"Show which licenses were issued, and what became of them."`
	Rotate  RotateCmd  `cmd:"" help:"Sign the set of signing keys anew: add, retire or remove some."`
}

// Env is what the commands use of the system. The zero value is the process's own.
type Env struct {
	// In, Out and Err are the standard streams if nil. Results go to Out, remarks for people to Err.
	In       io.Reader
	Out, Err io.Writer
	// Now is time.Now if nil.
	Now func() time.Time
}

func (e *Env) in() io.Reader {
	if e.In == nil {
		return os.Stdin
	}
	return e.In
}

func (e *Env) out() io.Writer {
	if e.Out == nil {
		return os.Stdout
	}
	return e.Out
}

func (e *Env) err() io.Writer {
	if e.Err == nil {
		return os.Stderr
	}
	return e.Err
}

func (e *Env) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// printJSON writes v to Out, indented, with a line break.
func (e *Env) printJSON(v any) error {
	w := json.NewEncoder(e.out())
	w.SetEscapeHTML(false)
	w.SetIndent("", "  ")
	return w.Encode(v)
}
