// Command pack copies built files into the folder that the broker embeds, each with a brotli and a gzip form
// beside it, so that the server never compresses anything at run time.
//
//	pack -out broker/assets/dist site=hostpage/dist demo=demo/dist
//
// It keeps what is there already and has not changed, and removes what no longer has a source; a file whose name
// begins with a dot is left alone.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/andybalholm/brotli"
)

func main() {
	out := flag.String("out", "", "the folder to fill")
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: pack -out FOLDER NAME=SOURCE...")
		os.Exit(2)
	}
	if err := pack(*out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// pack fills out with one folder for each NAME=SOURCE.
func pack(out string, sources []string) error {
	kept := make(map[string]bool)
	for _, s := range sources {
		name, source, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=SOURCE", s)
		}
		if err := copyTree(filepath.Join(out, name), source, kept); err != nil {
			return err
		}
	}
	return prune(out, kept)
}

// copyTree copies the files below source and notes in kept what it wrote or found up to date.
func copyTree(out, source string, kept map[string]bool) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		return copyFile(filepath.Join(out, relative), path, kept)
	})
}

func copyFile(to, from string, kept map[string]bool) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(to)
	if err == nil && bytes.Equal(old, body) {
		for _, path := range []string{to, to + ".br", to + ".gz"} {
			kept[path] = true
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	// The plain file comes last: it is what says that its compressed forms are there.
	for suffix, compress := range map[string]func([]byte) ([]byte, error){".br": withBrotli, ".gz": withGzip} {
		packed, err := compress(body)
		if err != nil {
			return err
		}
		if err := writeOrRemove(to+suffix, packed, worthwhile(body, packed)); err != nil {
			return err
		}
		kept[to+suffix] = true
	}
	kept[to] = true
	return os.WriteFile(to, body, 0o644)
}

// worthwhile: a packet holds about 1.4 kB, so that a small file gains nothing; nor does one that is packed already.
func worthwhile(body, packed []byte) bool { return len(body) > 1400 && len(packed) < len(body)*9/10 }

func writeOrRemove(path string, body []byte, write bool) error {
	if write {
		return os.WriteFile(path, body, 0o644)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func withBrotli(body []byte) ([]byte, error) {
	return compressed(body, func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	})
}

func withGzip(body []byte) ([]byte, error) {
	return compressed(body, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) })
}

func compressed(body []byte, open func(io.Writer) (io.WriteCloser, error)) ([]byte, error) {
	var out bytes.Buffer
	w, err := open(&out)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// prune removes the files below out that have no source any more.
func prune(out string, kept map[string]bool) error {
	return filepath.WalkDir(out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || kept[path] || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		return os.Remove(path)
	})
}
