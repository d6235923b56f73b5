package directory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/source"
)

// checkout is the checkout of a repository as a source.
type checkout struct {
	settings Git
	// seen is the state that was loaded last.
	seen [sha256.Size]byte
	ever bool
}

// NewGit returns a checkout as a source.
func NewGit(settings Git) Source { return &checkout{settings: settings} }

func (g *checkout) Name() string { return "git " + g.settings.Path }

func (g *checkout) Every() time.Duration { return duration(g.settings.PollMs, defaultPoll) }

var errBusy = errors.New("the checkout is being changed")

// Load reads the files, where commit or files are others than the last time. What is checked out while git works on it is
// not looked at: half of one state and half of another is neither.
func (g *checkout) Load(ctx context.Context) (*Listing, error) {
	before, err := readHead(g.settings.Path)
	if err != nil {
		return nil, err
	}
	if g.settings.Ref != "" && before.branch != g.settings.Ref {
		return nil, fmt.Errorf("the branch %s is not checked out", g.settings.Ref)
	}
	paths, err := Files(g.settings.Path, g.settings.files())
	if err != nil {
		return nil, err
	}
	sum, err := fingerprint(before.commit, paths)
	if err != nil || g.ever && sum == g.seen {
		return nil, err
	}
	listing := g.read(ctx, paths)
	after, err := readHead(g.settings.Path)
	if err != nil {
		return nil, err
	}
	if again, err := fingerprint(after.commit, paths); err != nil || again != sum || after != before {
		return nil, errBusy
	}
	g.seen, g.ever = sum, true
	listing.Version = before.String()
	return listing, nil
}

// read reads the files. A file that cannot be read is refused as a whole, and a definition in it by itself.
func (g *checkout) read(ctx context.Context, paths []string) *Listing {
	var values []source.Value
	listing := new(Listing)
	for _, path := range paths {
		if ctx.Err() != nil {
			break
		}
		// Whoever may commit to the repository must not be able to show what else this machine has.
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			listing.Refused = append(listing.Refused, Refused{Reason: path + ": is a link, or no file"})
			continue
		}
		root, err := source.Open(path)
		if err != nil {
			listing.Refused = append(listing.Refused, Refused{Reason: oneLine(err.Error())})
			continue
		}
		items, err := definitions(root)
		if err != nil {
			listing.Refused = append(listing.Refused, Refused{Reason: oneLine(err.Error())})
			continue
		}
		values = append(values, items...)
	}
	read := listingOf(values)
	read.Refused = append(listing.Refused, read.Refused...)
	return read
}

// fingerprint tells one state of the files from another, without reading them.
func fingerprint(commit string, paths []string) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	fmt.Fprintln(h, commit)
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			return sum, errBusy
		}
		fmt.Fprintln(h, path, info.Size(), info.ModTime().UnixNano())
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// head is what is checked out.
type head struct {
	// branch is empty where a commit is checked out by itself.
	branch, commit string
}

func (h head) String() string {
	short := h.commit[:min(len(h.commit), 12)]
	if h.branch == "" {
		return short
	}
	return h.branch + "@" + short
}

// maxRefBytes bounds the small files of a repository that are read.
const maxRefBytes = 4 << 20

// readHead reads what is checked out in a folder, from git's own files. The program git is not needed.
func readHead(folder string) (head, error) {
	own, shared, err := gitFolders(folder)
	if err != nil {
		return head{}, err
	}
	if _, err := os.Stat(filepath.Join(own, "index.lock")); err == nil {
		return head{}, errBusy
	}
	text, err := readSmall(filepath.Join(own, "HEAD"))
	if err != nil {
		return head{}, fmt.Errorf("read HEAD of %s: %w", folder, err)
	}
	ref, symbolic := strings.CutPrefix(text, "ref: ")
	if !symbolic {
		return head{commit: text}, nil
	}
	if !filepath.IsLocal(ref) {
		return head{}, fmt.Errorf("read HEAD of %s: it names no reference", folder)
	}
	branch := strings.TrimPrefix(ref, "refs/heads/")
	if commit, err := readSmall(filepath.Join(shared, ref)); err == nil {
		return head{branch, commit}, nil
	}
	commit, err := packed(filepath.Join(shared, "packed-refs"), ref)
	if err != nil {
		return head{}, fmt.Errorf("read %s of %s: %w", ref, folder, err)
	}
	return head{branch, commit}, nil
}

// gitFolders returns git's folder of a checkout, and the one that several checkouts of a repository share.
func gitFolders(folder string) (own, shared string, err error) {
	own = filepath.Join(folder, ".git")
	info, err := os.Stat(own)
	if err != nil {
		return "", "", fmt.Errorf("%s is no checkout: it has no .git", folder)
	}
	if info.IsDir() {
		return own, own, nil
	}
	text, err := readSmall(own)
	path, ok := strings.CutPrefix(text, "gitdir: ")
	if err != nil || !ok {
		return "", "", fmt.Errorf("%s is no checkout: its .git names no folder", folder)
	}
	own = below(folder, path)
	if common, err := readSmall(filepath.Join(own, "commondir")); err == nil {
		return own, below(own, common), nil
	}
	return own, own, nil
}

func below(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// packed finds a reference in git's file of many.
func packed(path, ref string) (commit string, err error) {
	text, err := readSmall(path)
	if err != nil {
		return "", errors.New("there is no such reference")
	}
	for line := range strings.Lines(text) {
		if commit, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == ref {
			return commit, nil
		}
	}
	return "", errors.New("there is no such reference")
}

// readSmall reads one of git's own files.
func readSmall(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRefBytes))
	return strings.TrimSpace(string(text)), err
}
