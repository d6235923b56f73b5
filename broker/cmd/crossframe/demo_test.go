package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// TestDemoKeepsItsStore: where the demo has a directory, a second start has what the first one left, and nobody else may have it
// meanwhile.
func TestDemoKeepsItsStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, stop := start(t, "demo", "--port-base", "0", "--store-dir", dir)
	port := await(t, out, `Workspace  http://localhost:(\d+)`)
	anna := connect(t, port, "dev:anna")
	if _, err := anna.Set(ctx, "customer.note", map[string]string{"text": "calls back"}, crossframe.WriteOptions{Scope: "tenant"}); err != nil {
		t.Fatal(err)
	}
	code, _, message := execute(t, testFiles, "demo", "--port-base", "0", "--store-dir", dir)
	if code != 1 || !strings.Contains(message, "another process has "+dir) || !strings.Contains(message, "fix: stop the other broker") {
		t.Errorf("a second demo on the directory: %d %s", code, message)
	}
	anna.Close()
	if code := stop(); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	out, stop = start(t, "demo", "--port-base", "0", "--store-dir", dir)
	port = await(t, out, `Workspace  http://localhost:(\d+)`)
	ben := connect(t, port, "dev:ben")
	if s, err := ben.Get(ctx, "customer.note", "tenant"); err != nil || string(s.Value) != `{"text":"calls back"}` {
		t.Errorf("after the second start: %+v, %v", s, err)
	}
	ben.Close()
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
