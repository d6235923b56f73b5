// Package assets holds the files that the broker serves: the main page with the hub, the client library and the
// demo apps. They are embedded at build time from the folder dist, which `make build` fills; a binary built
// without it works, and says what is missing.
//
// Nothing is read from the disk at run time, and nothing outside of this list can be served: there is no path to
// traverse. Package assets knows no HTTP.
package assets

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// Embedded returns a folder of the embedded files: "site" for the main page and the client library, or
// "demo/<name>" for a demo app. A folder that was not built is empty.
func Embedded(folder string) fs.FS {
	sub, err := fs.Sub(dist, path.Join("dist", folder))
	if err != nil {
		return embed.FS{}
	}
	return sub
}

// File is one file to serve, with its compressed forms.
type File struct {
	// Path is what follows the origin in the file's address, such as "/assets/page.ABCD2345.js".
	Path string
	// Type is the media type, with the charset for text.
	Type string
	Body []byte
	// Brotli and Gzip are nil where compressing was not worth it.
	Brotli, Gzip []byte
	// Tag is a digest of Body, for validators.
	Tag string
	// Immutable: the name holds a digest of the content, so that this address never means anything else.
	Immutable bool
}

// Set is a fixed list of files by path. It does not change after Load; any number of goroutines may read it.
type Set map[string]*File

// Load reads all files below root; there are none where root does not exist. A file x.br or x.gz beside a file x is its
// compressed form.
func Load(root fs.FS) (Set, error) {
	contents := make(map[string][]byte)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if name == "." && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		contents[name], err = fs.ReadFile(root, name)
		return err
	})
	if err != nil {
		return nil, err
	}
	set := make(Set)
	for name, body := range contents {
		if isVariant(name, contents) {
			continue
		}
		set["/"+name] = &File{
			Path: "/" + name, Type: typeOf(name), Body: body, Tag: tag(body), Immutable: hashed(name),
			Brotli: contents[name+".br"], Gzip: contents[name+".gz"],
		}
	}
	return set, nil
}

// isVariant reports whether the file is the compressed form of another one.
func isVariant(name string, contents map[string][]byte) bool {
	for _, suffix := range []string{".br", ".gz"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok && contents[plain] != nil {
			return true
		}
	}
	return false
}

// Replace returns a copy of the set in whose HTML files old is new. Those lose their compressed forms.
func (s Set) Replace(old, new string) Set {
	out := maps.Clone(s)
	for name, file := range s {
		if path.Ext(name) != ".html" || !bytes.Contains(file.Body, []byte(old)) {
			continue
		}
		changed := *file
		changed.Body = bytes.ReplaceAll(file.Body, []byte(old), []byte(new))
		changed.Tag, changed.Brotli, changed.Gzip = tag(changed.Body), nil, nil
		out[name] = &changed
	}
	return out
}

// Paths lists the paths of the set in order.
func (s Set) Paths() []string { return slices.Sorted(maps.Keys(s)) }

func tag(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// hashLength is the length of the digest that the build puts before the last dot of a name: name.ABCD2345.js.
const hashLength = 8

// hashed reports whether the name holds a digest of the content, in the form that the build gives it.
func hashed(name string) bool {
	stem := strings.TrimSuffix(path.Base(name), path.Ext(name))
	dot := strings.LastIndexByte(stem, '.')
	if dot < 0 || len(stem)-dot-1 != hashLength {
		return false
	}
	for _, c := range stem[dot+1:] {
		if !(c >= 'A' && c <= 'Z' || c >= '2' && c <= '7') {
			return false
		}
	}
	return true
}
