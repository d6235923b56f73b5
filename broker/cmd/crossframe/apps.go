package main

import (
	"errors"
	"fmt"

	"github.com/crossframe/crossframe/broker/directory"
)

// appsCommand has the commands for app definitions.
type appsCommand struct {
	Lint lintCommand `cmd:"" help:"Check files with app definitions."`
}

// lintCommand checks definitions as serve would.
type lintCommand struct {
	Files []string `arg:"" placeholder:"FILE" help:"Files, or patterns such as apps/**/*.yaml."`
}

// Run tells the first mistake of every file, and fails if there is one.
func (c *lintCommand) Run(on *console) error {
	var set directory.Set
	bad := 0
	for _, pattern := range c.Files {
		files, err := directory.Files(".", pattern)
		if err != nil {
			return err
		}
		if len(files) == 0 {
			return fmt.Errorf("no file matches %q", pattern)
		}
		for _, file := range files {
			before := len(set.Apps)
			if err := set.AddFile(file); err != nil {
				fmt.Fprintln(on.err, err)
				bad++
				continue
			}
			fmt.Fprintf(on.out, "%s: %d ok\n", file, len(set.Apps)-before)
		}
	}
	for _, warning := range set.Warnings {
		fmt.Fprintln(on.err, "warning:", warning)
	}
	if bad > 0 {
		return errors.New("there are mistakes in app definitions")
	}
	return nil
}
