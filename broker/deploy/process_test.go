//go:build unix

package deploy

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// TestBinaryIsStatic: it needs no library, no loader and no C.
func TestBinaryIsStatic(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("looks into ELF files; this system has others")
	}
	file := build(t, crossframePackage)
	binary, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	for _, part := range binary.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("it needs a loader")
		}
	}
	if libraries, _ := binary.ImportedLibraries(); len(libraries) > 0 {
		t.Errorf("it needs %v", libraries)
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, setting := range info.Settings {
		if setting.Key == "CGO_ENABLED" && setting.Value != "0" {
			t.Error("it was built with C")
		}
	}
}

// single is one broker with a store of its own.
type single struct {
	*process
	page, ops string
}

func startSingle(t testing.TB, binary, dir string) single {
	t.Helper()
	free := ports(t, 2)
	config := filepath.Join(t.TempDir(), "crossframe.yaml")
	write(t, config, "listen: 127.0.0.1:"+free[0]+"\nopsListen: 127.0.0.1:"+free[1]+"\nstore: {dir: "+dir+"}\nidentity: {development: {users: [{id: ada, tenant: acme}]}}\n")
	return single{run(t, nil, binary, "serve", "--config", config), free[0], free[1]}
}

// held is a request that the broker reads, and whose end has not been sent, so that it cannot stop. It returns when the broker has
// said that it reads on.
func (s single) held(t *testing.T) (finish func() *http.Response) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+s.page)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, "POST /api/v1/fdc3/v2/apps/search HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer dev:ada\r\n"+
		"Content-Type: application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, " 100 ") {
		t.Fatalf("it does not read: %s %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return func() *http.Response {
		t.Helper()
		if _, err := io.WriteString(conn, "{}"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

func awaitDraining(t *testing.T, ops string) {
	t.Helper()
	until(t, "the health says that it stops", func() bool { status, _ := health(ops); return status == "draining" })
}

// TestStops: a stop is told, connections are told, the request under way is answered, and what was written is there at the next
// start. Meanwhile the directory is nobody else's.
func TestStops(t *testing.T) {
	binary, dir := build(t, crossframePackage), filepath.Join(t.TempDir(), "store")
	first := startSingle(t, binary, dir)
	awaitReady(t, first.ops)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	lost := make(chan error, 10)
	ada, err := crossframe.Connect(ctx, crossframe.Options{URL: "ws://localhost:" + first.page + "/link", Token: crossframe.StaticToken("dev:ada"),
		OnState: func(err error) {
			if err != nil {
				lost <- err
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer ada.Close()
	if _, err := ada.Set(ctx, "c", map[string]int{"n": 1}, crossframe.WriteOptions{}); err != nil {
		t.Fatal(err)
	}

	second := startSingle(t, binary, dir)
	if state := second.end(); state.ExitCode() != 1 || !strings.Contains(second.String(), "another process has") || !strings.Contains(second.String(), "fix: stop the other broker") {
		t.Errorf("a second broker on the directory: %v, %s", state, second.String())
	}

	finish := first.held(t)
	first.signal(syscall.SIGTERM)
	awaitDraining(t, first.ops)
	select {
	case err := <-lost:
		if !strings.Contains(err.Error(), "1012") && !strings.Contains(err.Error(), "stops") {
			t.Errorf("the program was told: %v", err)
		}
	case <-ctx.Done():
		t.Fatal("the program was not told")
	}
	if answer := finish(); answer.StatusCode != 200 || !answer.Close {
		t.Errorf("the request under way: %s, %v", answer.Status, answer.Header)
	}
	if state := first.end(); state.ExitCode() != 0 {
		t.Errorf("exit code %d", state.ExitCode())
	}
	ada.Close()

	third := startSingle(t, binary, dir)
	awaitReady(t, third.ops)
	if s, err := connect(t, third.page, "dev:ada").Get(ctx, "c", "tenant"); err != nil || string(s.Value) != `{"n":1}` {
		t.Errorf("after the second start: %+v, %v", s, err)
	}
}

// TestSecondSignalEndsAtOnce: whoever does not want to wait need not.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	binary := build(t, crossframePackage)
	broker := startSingle(t, binary, filepath.Join(t.TempDir(), "store"))
	awaitReady(t, broker.ops)
	broker.held(t)
	broker.signal(syscall.SIGTERM)
	awaitDraining(t, broker.ops)
	broker.signal(syscall.SIGTERM)
	state := broker.end()
	if status, ok := state.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended by %v", state)
	}
}

// TestHangup: files are read again, and the process goes on.
func TestHangup(t *testing.T) {
	binary := build(t, crossframePackage)
	broker := startSingle(t, binary, filepath.Join(t.TempDir(), "store"))
	awaitReady(t, broker.ops)
	broker.signal(syscall.SIGHUP)
	until(t, "the log says so", func() bool { return strings.Contains(broker.String(), "files read again") })
	if status, missing := health(broker.ops); status != "ready" {
		t.Errorf("%s %v", status, missing)
	}
	if text, err := exec.Command(binary, "healthcheck", "--live", "--ops-listen", "127.0.0.1:"+broker.ops).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, text)
	}
}
