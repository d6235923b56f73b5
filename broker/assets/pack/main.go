// Command pack copies built files into the folder that the broker embeds, each with a brotli and a gzip form
// beside it, so that the server never compresses anything at run time.
//
//	pack -out broker/assets/dist -quality 11 site=hostpage/dist demo=demo/dist
//
// It keeps what is there already and has not changed, if its forms are of that quality at least, and removes what no
// longer has a source; a file whose name begins with a dot is left alone. Quality 11 of brotli takes half a minute for
// the hub and saves a seventh of what 5 gives: 11 is for what is shipped, 5 for trying out.
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
	"strconv"
	"strings"

	"github.com/andybalholm/brotli"
)

func main() {
	var p packer
	flag.StringVar(&p.out, "out", "", "the folder to fill")
	flag.IntVar(&p.quality, "quality", brotli.BestCompression, "of brotli, from 0 to 11")
	flag.Parse()
	if p.out == "" || flag.NArg() == 0 || p.quality < 0 || p.quality > brotli.BestCompression {
		fmt.Fprintln(os.Stderr, "usage: pack -out FOLDER [-quality 0-11] NAME=SOURCE...")
		os.Exit(2)
	}
	if err := p.pack(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// packer fills one folder.
type packer struct {
	out     string
	quality int
	// had is the quality of the forms that are there already; -1 if it is not known.
	had int
	// made: at least one file had to be made anew.
	made bool
	// kept are the files that are written or up to date.
	kept map[string]bool
}

// qualityFile notes in the folder which quality its forms have at least.
const qualityFile = ".quality"

// pack fills the folder with one folder or file for each NAME=SOURCE.
func (p *packer) pack(sources []string) error {
	p.kept, p.had = make(map[string]bool), -1
	note := filepath.Join(p.out, qualityFile)
	if text, err := os.ReadFile(note); err == nil {
		if p.had, err = strconv.Atoi(string(text)); err != nil {
			p.had = -1
		}
	}
	for _, s := range sources {
		name, source, ok := strings.Cut(s, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=SOURCE", s)
		}
		if err := p.copyTree(filepath.Join(p.out, name), source); err != nil {
			return err
		}
	}
	if err := p.prune(); err != nil {
		return err
	}
	if p.had >= p.quality && !p.made {
		return nil
	}
	return os.WriteFile(note, []byte(strconv.Itoa(p.quality)), 0o644)
}

// copyTree copies the files below source, or the file source.
func (p *packer) copyTree(to, source string) error {
	return filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		return p.copyFile(filepath.Join(to, relative), path)
	})
}

func (p *packer) copyFile(to, from string) error {
	body, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	for _, path := range []string{to, to + ".br", to + ".gz"} {
		p.kept[path] = true
	}
	old, err := os.ReadFile(to)
	if err == nil && p.had >= p.quality && bytes.Equal(old, body) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	p.made = true
	// The plain file comes last: it is what says that its compressed forms are there.
	for suffix, compress := range map[string]func([]byte) ([]byte, error){".br": p.withBrotli, ".gz": withGzip} {
		packed, err := compress(body)
		if err != nil {
			return err
		}
		if err := writeOrRemove(to+suffix, packed, worthwhile(body, packed)); err != nil {
			return err
		}
	}
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

func (p *packer) withBrotli(body []byte) ([]byte, error) {
	return compressed(body, func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, p.quality), nil })
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

// prune removes the files of the folder that have no source any more.
func (p *packer) prune() error {
	return filepath.WalkDir(p.out, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || p.kept[path] || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		return os.Remove(path)
	})
}
