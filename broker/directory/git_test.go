package directory

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a checkout made by the real git.
type repository struct {
	t    *testing.T
	path string
}

func newRepository(t *testing.T) repository {
	r := repository{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	return r
}

func (r repository) git(args ...string) {
	r.t.Helper()
	command := exec.Command("git", args...)
	command.Dir = r.path
	command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
	if out, err := command.CombinedOutput(); err != nil {
		r.t.Fatalf("git %s: %v\n%s", args, err, out)
	}
}

func (r repository) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r repository) commit() { r.t.Helper(); r.git("add", "-A"); r.git("commit", "-q", "-m", "x") }

func appsOf(l *Listing) string {
	if l == nil {
		return "unchanged"
	}
	var list []string
	for _, d := range l.Apps {
		list = append(list, d.Name)
	}
	return strings.Join(list, " ")
}

func TestACheckout(t *testing.T) {
	r := newRepository(t)
	r.write("apps/a.yaml", "name: a\nurl: https://a.example\n")
	r.write("apps/list.json", `{"applications":[`+fine+`]}`)
	r.write("README.md", "not an app")
	r.commit()
	source := NewGit(Git{Path: r.path, Ref: "main"})
	load := func(source Source, want, fault string) *Listing {
		t.Helper()
		l, err := source.Load(t.Context())
		if got := appsOf(l); err == nil && got != want || err != nil != (fault != "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("%s, %v; want %s, %s", got, err, want, fault)
		}
		return l
	}
	if l := load(source, "a fine", ""); !strings.HasPrefix(l.Version, "main@") || len(l.Version) != len("main@")+12 {
		t.Errorf("version %q", l.Version)
	}
	load(source, "unchanged", "")
	r.write("apps/b.yaml", "name: b\nurl: https://b.example\n")
	r.commit()
	load(source, "a b fine", "")
	r.git("pack-refs", "--all")
	load(source, "unchanged", "")
	r.git("checkout", "-q", "-b", "other")
	load(source, "", "the branch main is not checked out")
	load(NewGit(Git{Path: r.path}), "a b fine", "")
	r.git("checkout", "-q", "--detach")
	if l := load(NewGit(Git{Path: r.path}), "a b fine", ""); len(l.Version) != 12 {
		t.Errorf("version %q", l.Version)
	}
	r.git("checkout", "-q", "main")
	r.write(".git/index.lock", "")
	load(source, "", "the checkout is being changed")
	if err := os.Remove(filepath.Join(r.path, ".git/index.lock")); err != nil {
		t.Fatal(err)
	}
	// What is wrong with a file or a definition does not keep the others from being used; links are not followed.
	r.write("apps/b.yaml", "name: b\nurl: nonsense\n")
	r.write("apps/c.yaml", "name: [\n")
	if err := os.Symlink("/etc/hostname", filepath.Join(r.path, "apps/d.yaml")); err != nil {
		t.Fatal(err)
	}
	if l := load(source, "a fine", ""); len(l.Refused) != 3 || !strings.Contains(fmt.Sprint(l.Refused), "is a link") || !strings.Contains(fmt.Sprint(l.Refused), "apps[b].url") || !strings.Contains(fmt.Sprint(l.Refused), "c.yaml:1:") {
		t.Errorf("refused: %+v", l.Refused)
	}
	linked := filepath.Join(t.TempDir(), "linked")
	r.git("worktree", "add", "-q", linked, "other")
	load(NewGit(Git{Path: linked, Ref: "other", Files: "apps/[ab].yaml"}), "a b", "")
	load(NewGit(Git{Path: t.TempDir()}), "", "is no checkout")
}
