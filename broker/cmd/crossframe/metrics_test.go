package main

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// TestMetricsAreDocumented: every metric of a broker at work is in docs/metrics.md with its type, and what is there exists; calls
// and writes are counted; labels have the values of the docs, and never a name.
func TestMetricsAreDocumented(t *testing.T) {
	page, ops := freePort(t), freePort(t)
	file := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: 127.0.0.1:"+ops+"\nidentity: {development: {users: [{id: canary-user}]}}\n")
	out, stop := start(t, "serve", "--config", file)
	await(t, out, `(msg=started)`)
	a, b := connect(t, page, "dev:canary-user"), connect(t, page, "dev:canary-user")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	handler := func(_ context.Context, c *crossframe.Call) (any, error) {
		var fail bool
		if err := c.Arguments.Decode(&fail); err != nil || fail {
			return nil, protocol.NewFault(protocol.HandlerError, "no")
		}
		return 7, nil
	}
	if _, err := a.Offer(ctx, "canary", handler, protocol.MethodOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, fail := range []bool{false, false, true} {
		if _, err := b.Invoke(ctx, "canary", fail, crossframe.InvokeOptions{}); (err != nil) != fail {
			t.Fatal(err)
		}
	}
	if _, err := b.Invoke(ctx, "canary-nowhere", nil, crossframe.InvokeOptions{}); err == nil {
		t.Error("a method that nobody offers")
	}
	if _, err := a.Set(ctx, "canary", map[string]int{"n": 1}, crossframe.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _, metrics := get(t, "http://127.0.0.1:"+ops+"/metrics")
	for _, want := range []string{
		`crossframe_calls_total{outcome="ok"} 2`, `crossframe_calls_total{outcome="handler"} 1`, `crossframe_calls_total{outcome="not_found"} 1`,
		"crossframe_calls_open 0", "crossframe_call_seconds_count 4", "crossframe_contexts_write_seconds_count 1", "crossframe_store_connected 1",
		`crossframe_license_state{state="not_needed"} 1`, "crossframe_license_seats_taken 1", "crossframe_audit_dropped_total 0",
		`crossframe_link_rejected_total{reason="origin"} 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(metrics, "canary") {
		t.Error("a name is in the metrics")
	}
	text, err := os.ReadFile("../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(crossframe_[a-z_]+)(?:{[a-z]+})?` \\| (counter|gauge|histogram) \\|").FindAllStringSubmatch(string(text), -1) {
		documented[m[1]] = m[2]
	}
	there := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (crossframe_[a-z_]+) (\w+)$`).FindAllStringSubmatch(metrics, -1) {
		there[m[1]] = m[2]
		if documented[m[1]] != m[2] {
			t.Errorf("docs/metrics.md says of %s %q, it is a %s", m[1], documented[m[1]], m[2])
		}
	}
	// Those that are there only sometimes.
	sometimes := regexp.MustCompile(`^crossframe_(tls_|license_days_left|license_seats$|link_refused_total)`)
	for name := range documented {
		if there[name] == "" && !sometimes.MatchString(name) {
			t.Errorf("docs/metrics.md has %s, which there is not", name)
		}
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
