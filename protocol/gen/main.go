// Command gen reads the Go files of package protocol, the source of truth for what travels the wire, and writes
// what follows from them:
//
//   - protocol/codec.gen.go: JSON codecs of the payload structs, without reflection;
//   - protocol/ts/src/wire.gen.ts: the same as TypeScript types and constants;
//   - the tables in docs/protocol.md, between the two "generated" markers.
//
// It runs anywhere inside the module: go run ./protocol/gen. With -check it writes nothing and fails where a file
// is not what it would write.
//
// It refuses, with file and line, what does not travel the wire: see fieldType. It reads source, not the compiled
// package, so that it can run while the codecs are missing or out of date.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where a file is out of date")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check bool) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	files, err := generate(root)
	if err != nil {
		return err
	}
	if check {
		return compare(root, files)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(root, f.path), f.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// file is one output; its path is relative to the module's root.
type file struct {
	path string
	text []byte
}

func generate(root string) ([]file, error) {
	m, err := load(filepath.Join(root, "protocol"))
	if err != nil {
		return nil, err
	}
	codec, err := writeCodec(m)
	if err != nil {
		return nil, err
	}
	const docPath = "docs/protocol.md"
	doc, err := os.ReadFile(filepath.Join(root, docPath))
	if err != nil {
		return nil, err
	}
	doc, err = replaceTables(doc, writeTables(m))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", docPath, err)
	}
	return []file{
		{"protocol/codec.gen.go", codec},
		{"protocol/ts/src/wire.gen.ts", writeTypeScript(m)},
		{docPath, doc},
	}, nil
}

// compare reports each file that differs, with its first line that does.
func compare(root string, files []file) error {
	var errs []error
	for _, f := range files {
		have, err := os.ReadFile(filepath.Join(root, f.path))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if bytes.Equal(have, f.text) {
			continue
		}
		line, old, now := firstDifference(have, f.text)
		errs = append(errs, fmt.Errorf("%s:%d: out of date, run make generate\n\t- %s\n\t+ %s", f.path, line, old, now))
	}
	return errors.Join(errs...)
}

func firstDifference(a, b []byte) (line int, left, right []byte) {
	as, bs := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for line < len(as) && line < len(bs) && bytes.Equal(as[line], bs[line]) {
		line++
	}
	if line < len(as) {
		left = as[line]
	}
	if line < len(bs) {
		right = bs[line]
	}
	return line + 1, left, right
}

// moduleRoot is the nearest directory upwards that holds go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod here or above")
		}
		dir = parent
	}
}
