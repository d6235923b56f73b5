//go:build unix

package deploy

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

// topology is what compose.yaml describes, as processes on the loopback with the same files.
type topology struct {
	t          testing.TB
	nats       string
	crossframe string
	etc        string
	issuer     issuer
	clients    []string
	routes     []string
	monitors   []string
	nodes      [3]*process
	pages, ops []string
	brokers    [2]*process
}

// The passwords of the test's .env; compose.yaml hands them to the same variables.
const (
	storePassword = "cf0123456789abcdef"
	routePassword = "cffedcba9876543210"
)

// newTopology starts everything; settings are added to the brokers' file.
func newTopology(t testing.TB, settings ...string) *topology {
	t.Helper()
	top := &topology{t: t, nats: build(t, natsPackage), crossframe: build(t, crossframePackage), etc: t.TempDir()}
	free := ports(t, 13)
	top.clients, top.routes, top.monitors, top.pages, top.ops = free[:3], free[3:6], free[6:9], free[9:11], free[11:13]
	// What is yours to bring: the portal's keys, and a license.
	config, err := os.ReadFile("crossframe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(top.etc, "crossframe.yaml"), string(config)+strings.Join(settings, "\n"))
	top.issuer = newIssuer(t, filepath.Join(top.etc, "issuer-keys.json"))
	signing := filepath.Join(top.etc, "signing.json")
	write(t, filepath.Join(top.etc, "license-keys.json"), top.command("license", "keygen", "--out", signing))
	write(t, filepath.Join(top.etc, "license.key"), top.command("license", "issue", "--key", signing, "--subject", "acme", "--origin", "https://desk.example.com", "--feature", "broker"))
	if err := os.Mkdir(filepath.Join(top.etc, "apps"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(top.etc, "apps", "crm.yaml"), "name: crm\nurl: https://crm.example.com/\n")
	for i := range top.nodes {
		top.startNode(i)
	}
	for i := range top.brokers {
		top.startBroker(i)
	}
	for i := range top.brokers {
		awaitReady(t, top.ops[i])
	}
	return top
}

// command runs a command of the broker's binary and returns what it prints.
func (top *topology) command(args ...string) string {
	top.t.Helper()
	text, err := exec.Command(top.crossframe, args...).Output()
	if err != nil {
		top.t.Fatalf("crossframe %s: %v", strings.Join(args, " "), err)
	}
	return string(text)
}

func (top *topology) startNode(i int) {
	top.t.Helper()
	store := filepath.Join(top.etc, fmt.Sprintf("store%d", i))
	environment := []string{
		fmt.Sprintf("NATS_NAME=nats%d", i+1), "NATS_LISTEN=127.0.0.1:" + top.clients[i], "NATS_MONITOR=127.0.0.1:" + top.monitors[i],
		"NATS_ROUTES=127.0.0.1:" + top.routes[i], "NATS_STORE=" + store,
		"NATS_ROUTE_PASSWORD=" + routePassword, "CROSSFRAME_STORE_PASSWORD=" + storePassword,
	}
	for j, port := range top.routes {
		environment = append(environment, fmt.Sprintf("NATS_ROUTE_%d=nats-route://route:%s@127.0.0.1:%s", j+1, routePassword, port))
	}
	top.nodes[i] = run(top.t, environment, top.nats, "--config", "nats.conf")
}

// startBroker gives it the addresses of this machine, by the flags that come before the file.
func (top *topology) startBroker(i int) {
	top.t.Helper()
	var nodes []string
	for _, port := range top.clients {
		nodes = append(nodes, "nats://127.0.0.1:"+port)
	}
	top.brokers[i] = run(top.t, []string{"CROSSFRAME_CONFIG=" + filepath.Join(top.etc, "crossframe.yaml"), "CROSSFRAME_STORE_PASSWORD=" + storePassword},
		top.crossframe, "serve", "--listen", "127.0.0.1:"+top.pages[i], "--ops-listen", "127.0.0.1:"+top.ops[i], "--nats", strings.Join(nodes, ","))
}

// write writes a number into the shared context, until that is acknowledged.
func (top *topology) write(c *crossframe.Client, n int) {
	top.t.Helper()
	var err error
	until(top.t, fmt.Sprintf("%d is acknowledged", n), func() bool {
		ctx, cancel := context.WithTimeout(top.t.Context(), 15*time.Second)
		defer cancel()
		_, err = c.Set(ctx, "count", map[string]int{"n": n}, crossframe.WriteOptions{Scope: "tenant"})
		return err == nil
	})
}

// read waits until a client sees a number.
func (top *topology) read(c *crossframe.Client, n int) {
	top.t.Helper()
	until(top.t, fmt.Sprintf("%d is seen", n), func() bool {
		ctx, cancel := context.WithTimeout(top.t.Context(), 15*time.Second)
		defer cancel()
		s, err := c.Get(ctx, "count", "tenant")
		return err == nil && string(s.Value) == fmt.Sprintf(`{"n":%d}`, n)
	})
}

// call calls the method until it is answered: offers of brokers that are gone go with them.
func (top *topology) call(c *crossframe.Client, want string) {
	top.t.Helper()
	until(top.t, "the call is answered with "+want, func() bool {
		ctx, cancel := context.WithTimeout(top.t.Context(), 15*time.Second)
		defer cancel()
		result, err := c.Invoke(ctx, "where", nil, crossframe.InvokeOptions{WaitFor: 10 * time.Second, Timeout: 5 * time.Second})
		return err == nil && string(result.Value.JSON) == want
	})
}

func (top *topology) offer(c *crossframe.Client, answer string) {
	top.t.Helper()
	ctx, cancel := context.WithTimeout(top.t.Context(), patience)
	defer cancel()
	handler := func(context.Context, *crossframe.Call) (any, error) { return answer, nil }
	if _, err := c.Offer(ctx, "where", handler, protocol.MethodOptions{Scope: "tenant"}); err != nil {
		top.t.Fatal(err)
	}
}

// TestTopology: two programs at two brokers share a context and a method over three nodes, with the files of compose.yaml; when a node
// and then a broker end without a word, nothing acknowledged is lost, and it goes on.
func TestTopology(t *testing.T) {
	top := newTopology(t)
	ada, bob := connect(t, top.pages[0], top.issuer.token("ada")), connect(t, top.pages[1], top.issuer.token("bob"))
	top.write(ada, 1)
	top.read(bob, 1)
	top.offer(ada, "at the first broker")
	top.call(bob, `"at the first broker"`)

	t.Log("a node ends")
	top.nodes[1].kill()
	for n := 2; n <= 20; n++ {
		top.write(ada, n)
	}
	top.read(bob, 20)
	top.call(bob, `"at the first broker"`)
	top.startNode(1)
	awaitReady(t, top.ops[0])

	t.Log("a broker ends")
	top.brokers[1].kill()
	for n := 21; n <= 30; n++ {
		top.write(ada, n)
	}
	carol := connect(t, top.pages[0], top.issuer.token("carol"))
	top.read(carol, 30)
	top.call(carol, `"at the first broker"`)

	t.Log("it comes back, and its program with it")
	top.startBroker(1)
	awaitReady(t, top.ops[1])
	top.read(bob, 30)
	top.call(bob, `"at the first broker"`)
	top.write(bob, 31)
	top.read(ada, 31)

	t.Log("the first one stops as it should")
	top.brokers[0].signal(syscall.SIGTERM)
	if state := top.brokers[0].end(); state.ExitCode() != 0 {
		t.Errorf("exit code %d", state.ExitCode())
	}
	top.read(bob, 31)
}
