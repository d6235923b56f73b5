package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
)

// command runs one command line to its end.
func command(args ...string) (code int, out, errors string) {
	var o, e bytes.Buffer
	code = run(context.Background(), args, &console{out: &o, err: &e, files: func(string) fs.FS { return fstest.MapFS{} }})
	return code, o.String(), e.String()
}

// TestAuditSearchCommand: the trail of a broker is searched while it runs, by the credential of an admin or auditor, and in its
// store when it has stopped.
func TestAuditSearchCommand(t *testing.T) {
	page, dir := freePort(t), t.TempDir()+"/store"
	config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: \"\"\nstore: {dir: "+dir+
		"}\nidentity: {development: {users: [{id: ada, roles: [auditor]}, {id: bob}, {id: eve, tenant: other, roles: [admin]}]}}\n")
	out, stop := start(t, "serve", "--config", config)
	await(t, out, `(msg=started)`)
	connect(t, page, "dev:bob").Close()
	get(t, "http://127.0.0.1:"+page+"/api/v1/me", "Authorization", "Bearer dev:nobody")
	url := "http://127.0.0.1:" + page
	search := func(want string, args ...string) (text string) {
		t.Helper()
		for range 200 {
			code, text, errs := command(append([]string{"audit", "search"}, args...)...)
			if code != 0 {
				t.Fatalf("%v: %d %s", args, code, errs)
			}
			if strings.Contains(text, want) {
				return text
			}
			time.Sleep(25 * time.Millisecond)
		}
		t.Fatalf("%v: no %q", args, want)
		return ""
	}
	t.Setenv(tokenVariable, "dev:ada")
	search("SESSION_ENDED tenant=default user=bob", "--url", url)
	if text := search("UNAUTHENTICATED", "--url", url, "--since", "1h", "--code", "UNAUTHENTICATED"); strings.Count(text, "\n") != 1 || strings.Contains(text, "nobody") {
		t.Errorf("found %s", text)
	}
	text := search("SESSION_BEGUN", "--url", url, "--user", "bob", "--limit", "1", "--json")
	var e audit.Event
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Code != audit.SessionBegun || e.User != "bob" || strings.Count(text, "\n") != 1 {
		t.Errorf("found %s: %v", text, err)
	}
	t.Setenv(tokenVariable, "dev:eve")
	if text := search("", "--url", url); strings.Contains(text, "bob") || strings.Contains(text, "UNAUTHENTICATED") {
		t.Errorf("another tenant sees %s", text)
	}
	for _, x := range []struct{ token, want string }{{"dev:bob", "PERMISSION_DENIED"}, {"dev:x", "UNAUTHENTICATED"}, {"", tokenVariable}} {
		t.Setenv(tokenVariable, x.token)
		if code, out, errs := command("audit", "search", "--url", url); code != 1 || out != "" || !strings.Contains(errs, x.want) {
			t.Errorf("as %q: %d %s %s", x.token, code, out, errs)
		}
	}
	// The broker has the store open.
	if code, _, errs := command("audit", "search", "--config", config); code != 1 || !strings.Contains(errs, "store") {
		t.Errorf("while the broker runs: %d %s", code, errs)
	}
	if code := stop(); code != 0 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	all := search("BROKER_STOPPED", "--config", config)
	for _, want := range []string{"BROKER_STARTED", "SESSION_BEGUN tenant=default user=bob", "SESSION_ENDED", "UNAUTHENTICATED", "PERMISSION_DENIED tenant=default user=bob"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %s in\n%s", want, all)
		}
	}
	if text := search("", "--store-dir", dir, "--tenant", "nobody"); text != "" {
		t.Errorf("found %s", text)
	}
	for _, args := range [][]string{
		{"--since", "yesterday", "--store-dir", dir}, {"--limit=-1", "--store-dir", dir}, {}, {"--url", "http://desk.example.com"},
		{"--url", "ftp://localhost"}, {"--url", "https://user:password@localhost"},
	} {
		if code, _, errs := command(append([]string{"audit", "search"}, args...)...); code != 1 || !strings.Contains(errs, "fix:") && args[0] != "--limit=-1" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}
