package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// connect connects a program to a broker that runs.
func connect(t *testing.T, port, token string) *crossframe.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	c, err := crossframe.Connect(ctx, crossframe.Options{URL: "ws://localhost:" + port + "/link", Token: crossframe.StaticToken(token)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// TestDemoShares: the demo starts with an engine, two users, and rules of sharing.
func TestDemoShares(t *testing.T) {
	out, stop := start(t, "demo", "--port-base", "0")
	port := await(t, out, `Workspace  http://localhost:(\d+)`)
	var boot protocol.PageConfig
	_, _, body := get(t, "http://127.0.0.1:"+port+"/config.json", "Host", "localhost:"+port)
	if err := json.Unmarshal([]byte(body), &boot); err != nil {
		t.Fatal(err)
	}
	if boot.Link == nil || boot.Link.URL != "/link" || len(boot.Link.Development) != 2 || boot.Link.Development[0].ID != "anna" || len(boot.Sharing) != 2 {
		t.Fatalf("link: %+v, sharing: %+v", boot.Link, boot.Sharing)
	}
	anna, ben := connect(t, port, "dev:anna"), connect(t, port, "dev:ben")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := anna.Set(ctx, "customer", map[string]string{"id": "C-1"}, crossframe.WriteOptions{Scope: "user"}); err != nil {
		t.Fatal(err)
	}
	if _, err := anna.Set(ctx, "customer.note", map[string]string{"text": "calls back"}, crossframe.WriteOptions{Scope: "tenant"}); err != nil {
		t.Fatal(err)
	}
	if s, err := ben.Get(ctx, "customer", "user"); err != nil || s.Revision != 0 {
		t.Errorf("another user's customer: %+v, %v", s, err)
	}
	if s, err := ben.Get(ctx, "customer.note", "tenant"); err != nil || s.Revision != 1 {
		t.Errorf("the team's note: %+v, %v", s, err)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}

// TestServeShares: a broker whose configuration accepts somebody shares, tells what it counts, and is ready; another one says
// that it does not.
func TestServeShares(t *testing.T) {
	page, ops := freePort(t), freePort(t)
	file := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: 127.0.0.1:"+ops+
		"\nlink: {url: \"wss://other.example.com/link\"}\nidentity: {development: {users: [{id: ada, tenant: acme}]}}\n")
	out, stop := start(t, "serve", "--config", file)
	await(t, out, `(msg=started)`)
	c := connect(t, page, "dev:ada")
	if c.Identity() == nil || c.Identity().Tenant != "acme" {
		t.Errorf("%+v", c.Identity())
	}
	if _, h, _ := get(t, "http://127.0.0.1:"+page+"/"); !strings.Contains(h.Get("Content-Security-Policy"), "connect-src 'self' wss://other.example.com;") {
		t.Errorf("policy: %s", h.Get("Content-Security-Policy"))
	}
	if status, _, _ := get(t, "http://127.0.0.1:"+page+"/link?token=x", "Connection", "Upgrade", "Upgrade", "websocket"); status != 400 {
		t.Errorf("a token in the address: %d", status)
	}
	_, _, metrics := get(t, "http://127.0.0.1:"+ops+"/metrics")
	for _, want := range []string{"crossframe_link_hubs 1\n", "crossframe_link_connections 1\n", "crossframe_contexts 0\n", `crossframe_link_frames_total{direction="in"}`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics have no %q", want)
		}
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	out, stop = start(t, "serve", "--config", file, "--no-link")
	await(t, out, `(msg=started)`)
	if status, _, _ := get(t, "http://127.0.0.1:"+page+"/link", "Connection", "Upgrade", "Upgrade", "websocket"); status != 404 {
		t.Errorf("switched off: %d", status)
	}
	if code := stop(); code != 0 || !strings.Contains(out.String(), "nobody can connect") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
