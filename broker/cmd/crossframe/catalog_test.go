package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAppsOfAnotherDirectory: the page has them beside its own, in its list and in its policy, and whoever follows the
// changes learns of new ones.
func TestAppsOfAnotherDirectory(t *testing.T) {
	var body atomic.Value
	body.Store(`{"applications":[{"appId":"crm","details":{"url":"https://other.example"}},{"appId":"news","details":{"url":"https://news.example"}}]}`)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer secret" {
			_, _ = io.WriteString(w, body.Load().(string))
		}
	}))
	defer upstream.Close()
	page := freePort(t)
	config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: \"\"\napps:\n  - {name: crm, url: https://crm.example.com}\n"+
		"directory: {upstreams: [{name: corp, url: \""+upstream.URL+"/v2/apps\", tokenFile: "+write(t, "token", "secret\n")+", refreshMs: 500}]}\n"+
		"identity: {development: {users: [{id: ada}]}}\n")
	out, stop := start(t, "serve", "--config", config)
	await(t, out, `(msg=started)`)
	base := "http://127.0.0.1:" + page
	apps := func() string {
		var boot struct{ Apps []struct{ Name, URL string } }
		_, _, text := get(t, base+"/config.json")
		if err := json.Unmarshal([]byte(text), &boot); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, a := range boot.Apps {
			list = append(list, a.Name+" "+a.URL)
		}
		return strings.Join(list, ", ")
	}
	if got := apps(); got != "crm https://crm.example.com, news https://news.example" {
		t.Errorf("apps: %s", got)
	}
	policy := func() string { _, h, _ := get(t, base+"/"); return h.Get("Content-Security-Policy") }
	if got := policy(); !strings.Contains(got, "frame-src https://crm.example.com https://news.example;") {
		t.Errorf("policy: %s", got)
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1/directory/changes", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer dev:ada")
	changes, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer changes.Body.Close()
	body.Store(`{"applications":[{"appId":"mail","details":{"url":"https://mail.example"}}]}`)
	lines, seen := bufio.NewScanner(changes.Body), 0
	for seen < 2 && lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: changed") {
			seen++
		}
	}
	if got := apps(); seen != 2 || got != "crm https://crm.example.com, mail https://mail.example" {
		t.Errorf("after %d events: %s", seen, got)
	}
	if got := policy(); !strings.Contains(got, "frame-src https://crm.example.com https://mail.example;") {
		t.Errorf("policy: %s", got)
	}
	// A stream that is open does not hold up the end.
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
}
