package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/broker/store/storetest"
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
		"\nlink: {url: \"wss://other.example.com/link\"}\nidentity: {development: {users: [{id: ada, tenant: acme}, {id: root, tenant: acme, roles: [admin]}, {id: other, tenant: evil, roles: [admin]}]}}\n")
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
	for user, want := range map[string]string{
		"ada": `"PERMISSION_DENIED"`, "root": `{"connections":[{"tenant":"acme","user":"ada"`, "other": `{"connections":[]}`,
	} {
		if _, _, body := get(t, "http://127.0.0.1:"+page+"/api/v1/presence", "Authorization", "Bearer dev:"+user); !strings.Contains(body, want) {
			t.Errorf("who is there, for %s: %s", user, body)
		}
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

// TestTwoServeOneCluster: two brokers of one cluster are as one, and either may end.
func TestTwoServeOneCluster(t *testing.T) {
	cluster := storetest.Start(t, storetest.Options{Quick: true})
	file := write(t, "crossframe.yaml", "opsListen: \"\"\nidentity: {development: {users: [{id: ada, tenant: acme}, {id: bob, tenant: acme}]}}\n")
	ports := []string{freePort(t), freePort(t)}
	var stops []func() int
	for _, port := range ports {
		out, stop := start(t, "serve", "--config", file, "--listen", "127.0.0.1:"+port, "--nats", strings.Join(cluster.URLs(), ","))
		await(t, out, `(msg=started)`)
		stops = append(stops, stop)
	}
	ada, bob := connect(t, ports[0], "dev:ada"), connect(t, ports[1], "dev:bob")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := ada.Set(ctx, "c", map[string]int{"n": 1}, crossframe.WriteOptions{Scope: "tenant"}); err != nil {
		t.Fatal(err)
	}
	if s, err := bob.Get(ctx, "c", "tenant"); err != nil || s.Revision != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	handler := func(context.Context, *crossframe.Call) (any, error) { return 7, nil }
	if _, err := ada.Offer(ctx, "m", handler, protocol.MethodOptions{Scope: "tenant"}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Invoke(ctx, "m", nil, crossframe.InvokeOptions{WaitFor: 30 * time.Second}); err != nil {
		t.Error(err)
	}
	if code := stops[0](); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := bob.Update(ctx, "c", map[string]int{"n": 2}, crossframe.WriteOptions{Scope: "tenant", IfRevision: 1}); err != nil {
		t.Error(err)
	}
	if code := stops[1](); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
