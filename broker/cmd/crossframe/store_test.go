package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/store"
)

// TestStoreCommands walks a store through export, verify and import, by the command line alone.
func TestStoreCommands(t *testing.T) {
	dir := t.TempDir()
	from, to, file := filepath.Join(dir, "from"), filepath.Join(dir, "to"), filepath.Join(dir, "backup.jsonl")
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{Dir: from})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bucket(store.Contexts).Put(ctx, store.KeyOf("t", "customer"), []byte(`{"id":7}`)); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) (code int, text string) {
		var out output
		code = run(ctx, append([]string{"store"}, args...), &console{&out, &out, folderOf(testFiles), nil})
		return code, out.text.String()
	}
	if code, text := command("export", "--store-dir", from, "-o", file); code != 1 || !strings.Contains(text, "another process") {
		t.Errorf("export of an open store: %d %s", code, text)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a failed export left a file behind")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		args []string
		code int
		text string
	}{
		{[]string{"verify", "--store-dir", from}, 0, "whole"},
		{[]string{"export", "--store-dir", from, "-o", file}, 0, "contexts 1"},
		{[]string{"export", "--store-dir", from, "-o", file}, 1, "exists"},
		{[]string{"export", "--store-dir", from}, 0, `"sha256"`},
		{[]string{"verify", file}, 0, "contexts 1"},
		{[]string{"import", file, "--store-dir", to}, 0, "imported contexts 1"},
		{[]string{"import", file, "--store-dir", to}, 1, "--over"},
		{[]string{"import", file, "--store-dir", to, "--over"}, 0, "imported"},
		{[]string{"verify"}, 1, "no store is named"},
		{[]string{"verify", "--store-dir", filepath.Join(dir, "nowhere")}, 1, "is no store"},
		{[]string{"import", filepath.Join(dir, "nothing"), "--store-dir", to}, 1, "no such file"},
	} {
		if code, text := command(step.args...); code != step.code || !strings.Contains(text, step.text) {
			t.Errorf("store %v: %d %s", step.args, code, text)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export is readable by others: %v, %v", info.Mode(), err)
	}
	if s, err = store.Open(ctx, store.Options{Dir: to}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if e, err := s.Bucket(store.Contexts).Get(ctx, store.KeyOf("t", "customer")); err != nil || string(e.Value) != `{"id":7}` {
		t.Errorf("imported %q, %v", e.Value, err)
	}
	text, err := os.ReadFile(file)
	if err != nil || len(text) == 0 {
		t.Fatal(len(text), err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text := command("verify", file); code != 1 {
		t.Errorf("a changed export: %d %s", code, text)
	}
}
