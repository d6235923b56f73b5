package directory

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gobwas/glob"
)

// maxFiles bounds how many files are looked at for one pattern.
const maxFiles = 100_000

// Files returns the files that a path names, relative to the folder where it is not absolute. The path may be a
// pattern: * and ? stay within one name, ** crosses folders, [a-z] and {a,b} choose. Links to folders are not
// followed. A path without a wildcard is returned whether the file exists or not.
func Files(folder, path string) ([]string, error) {
	fixed, wild := cutFixed(filepath.ToSlash(path))
	root := filepath.FromSlash(fixed)
	if !filepath.IsAbs(root) {
		root = filepath.Join(folder, root)
	}
	if wild == "" {
		return []string{root}, nil
	}
	// What is in front is not part of the pattern: names of folders may have signs that patterns read otherwise.
	pattern, err := compile(wild)
	if err != nil {
		return nil, err
	}
	found, err := walk(root, pattern)
	slices.Sort(found)
	return found, err
}

func compile(pattern string) (*glob.Pattern, error) {
	compiled, err := glob.Compiler{Separators: []rune{'/'}, Globstar: true}.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("read pattern: %w", err)
	}
	return compiled, nil
}

// cutFixed cuts a slash-separated path behind the last folder that has no wildcard in it or before it.
func cutFixed(path string) (fixed, wild string) {
	sign := strings.IndexAny(path, `*?[{\`)
	if sign < 0 {
		return path, ""
	}
	slash := strings.LastIndexByte(path[:sign], '/')
	return path[:slash+1], path[slash+1:]
}

var errTooMany = errors.New("the folder has too many files; name a folder further down")

func walk(root string, pattern *glob.Pattern) (found []string, err error) {
	seen := 0
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && seen == 0 {
			return fs.SkipAll
		}
		if err != nil {
			return err
		}
		if seen++; seen > maxFiles {
			return errTooMany
		}
		if entry.IsDir() {
			if path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		if err == nil && pattern.Match(filepath.ToSlash(relative)) {
			found = append(found, path)
		}
		return err
	})
	return found, err
}
