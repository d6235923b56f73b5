package deploy

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
)

// patience is how long a test waits for what should happen soon; the machine may be slow.
const patience = 90 * time.Second

// built are the programs that were built so far; each is built once.
var built struct {
	sync.Mutex
	dir   string
	files map[string]string
}

func TestMain(m *testing.M) {
	built.files = make(map[string]string)
	var err error
	if built.dir, err = os.MkdirTemp("", "crossframe-deploy"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

// build builds a program as it is shipped and returns its path.
func build(t testing.TB, pkg string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if file := built.files[pkg]; file != "" {
		return file
	}
	file := filepath.Join(built.dir, strconv.Itoa(len(built.files)))
	command := exec.Command("go", "build", "-trimpath", "-o", file, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, text)
	}
	built.files[pkg] = file
	return file
}

const (
	crossframePackage = "github.com/crossframe/crossframe/broker/cmd/crossframe"
	natsPackage       = "github.com/nats-io/nats-server/v2"
)

// process is a program that runs.
type process struct {
	*exec.Cmd
	t     testing.TB
	ended chan struct{}
	err   error
	mu    sync.Mutex
	said  bytes.Buffer
}

func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(text)
}

func (p *process) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

// run starts a program, which ends with the test. The environment has nothing but what is given, as in a container.
func run(t testing.TB, environment []string, name string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(name, args...), t: t, ended: make(chan struct{})}
	p.Env, p.Stdout, p.Stderr = append([]string{"PATH=" + os.Getenv("PATH")}, environment...), p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.err = p.Wait(); close(p.ended) }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		if t.Failed() {
			t.Logf("%s %s said:\n%s", filepath.Base(name), strings.Join(args, " "), tail(p.String(), 4000))
		}
	})
	return p
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

// signal sends a signal.
func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end waits for the end and returns how it was.
func (p *process) end() *os.ProcessState {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("it does not end")
	}
	return p.ProcessState
}

// kill ends it as a power cut would.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	p.end()
}

// until waits for a condition.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// ports returns ports that nobody listens on.
func ports(t testing.TB, n int) (list []string) {
	t.Helper()
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		list = append(list, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return list
}

// health asks a broker for its health; missing is without the page, which a test's binary may not have.
func health(ops string) (status string, missing []string) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Get("http://127.0.0.1:" + ops + "/readyz")
	if err != nil {
		return "", nil
	}
	defer answer.Body.Close()
	var report struct {
		Status  string
		Missing []string
	}
	if json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&report) != nil {
		return "", nil
	}
	for _, text := range report.Missing {
		if !strings.Contains(text, "built without the page") {
			missing = append(missing, text)
		}
	}
	if report.Status == "incomplete" && len(missing) == 0 {
		report.Status = "ready"
	}
	return report.Status, missing
}

func awaitReady(t testing.TB, ops string) {
	t.Helper()
	var missing []string
	until(t, "the broker is ready", func() bool {
		var status string
		status, missing = health(ops)
		return status == "ready"
	})
	if len(missing) > 0 {
		t.Fatalf("missing: %v", missing)
	}
}

// issuer makes the tokens of the portal.
type issuer struct{ private ed25519.PrivateKey }

// newIssuer also writes its public key.
func newIssuer(t testing.TB, file string) issuer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","use":"sig","x":"`+base64.RawURLEncoding.EncodeToString(public)+`"}]}`)
	return issuer{private}
}

func (i issuer) token(user string) string {
	claims, _ := json.Marshal(map[string]any{"iss": "https://portal.example.com", "aud": "crossframe", "sub": user, "tenant": "acme",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()})
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`)) + "." + encode(claims)
	return text + "." + encode(ed25519.Sign(i.private, []byte(text)))
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// connect connects a program to a broker.
func connect(t testing.TB, port, token string) *crossframe.Client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := crossframe.Connect(ctx, crossframe.Options{URL: "ws://localhost:" + port + "/link", Token: crossframe.StaticToken(token)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
