package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestServeKeepsRecords: a broker that somebody may connect to keeps what users write by the API, and one that accepts nobody
// has no such routes.
func TestServeKeepsRecords(t *testing.T) {
	page := freePort(t)
	config := write(t, "crossframe.yaml", "listen: 127.0.0.1:"+page+"\nopsListen: \"\"\nidentity: {development: {users: [{id: ada, roles: [admin]}, {id: bob}]}}\n")
	out, stop := start(t, "serve", "--config", config)
	await(t, out, `(msg=started)`)
	ask := func(who, method, path, body string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:"+page+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer dev:"+who)
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	if status, text := ask("ada", "PUT", "/records/preferences/everyone/theme", `"dark"`); status != 201 {
		t.Errorf("write: %d %s", status, text)
	}
	if status, text := ask("bob", "GET", "/records/preferences", ""); status != 200 || !strings.Contains(text, `"owner":"everyone","name":"theme"`) || !strings.Contains(text, `"value":"dark"`) {
		t.Errorf("list: %d %s", status, text)
	}
	if status, text := ask("bob", "PUT", "/records/preferences/everyone/theme", `"light"`); status != 403 {
		t.Errorf("write without the role: %d %s", status, text)
	}
	if code := stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, out)
	}
	other := freePort(t)
	out, stop = start(t, "serve", "--listen", "127.0.0.1:"+other, "--ops-listen", "")
	await(t, out, `(msg=started)`)
	if status, _, _ := get(t, "http://127.0.0.1:"+other+"/api/v1/records/layouts", "Authorization", "Bearer dev:ada"); status != 404 {
		t.Errorf("without identity: %d", status)
	}
	stop()
}
