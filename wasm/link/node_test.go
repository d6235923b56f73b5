//go:build !js

package link

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/ws"
)

// TestInNode runs the tests of driven_js_test.go as WebAssembly in Node, against a broker of this process: a program in a
// browser cannot listen. Node 20 has a WebSocket only if told so.
func TestInNode(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	b := startBroker(t, ws.Options{DangerouslyAllowMissingOrigin: true})
	runner := []string{
		"env", "-i", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "NODE_OPTIONS=--experimental-websocket", "BROKER=" + b.url,
		filepath.Join(strings.TrimSpace(string(root)), "lib/wasm/go_js_wasm_exec"),
	}
	cmd := exec.Command("go", "test", "-tags=driven", "-count=1", "-timeout=60s", "-v", "-run=^TestDriven", "-exec="+strings.Join(runner, " "), ".")
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.CombinedOutput()
	if passed := strings.Count(string(out), "--- PASS: TestDriven"); err != nil || passed != 6 {
		t.Errorf("%d of 6 tests passed, %v\n%s", passed, err, out)
	}
	if n := b.Snapshot(); n.Opened == 0 || n.MessagesIn == 0 {
		t.Errorf("the broker saw nothing of it: %+v", n)
	}
}
