// Package storetest has what tests of the store, and of what stands on it, need: a NATS cluster in this process, on
// loopback, whose nodes can be ended and started again.
//
// It may import nats-server and testing. It is imported by tests only.
package storetest

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Options are the settings of a Cluster. The zero value has three nodes.
type Options struct {
	// Nodes is how many there are; if zero, 3.
	Nodes int
	// User and Password are what clients log in with; if empty, everybody may.
	User, Password string
	// Publish and Subscribe are what that user may do; if nil, everything.
	Publish, Subscribe []string
	// TLS is what clients are met with; if nil, no TLS.
	TLS *tls.Config
	// Quick keeps the nodes from syncing, for tests that are not about that.
	Quick bool
}

// Cluster is a NATS cluster.
type Cluster struct {
	t       testing.TB
	options Options
	nodes   []*node
	routes  []*url.URL
}

type node struct {
	options *server.Options
	mu      sync.Mutex
	server  *server.Server
}

// Start starts a cluster, which ends with the test.
func Start(t testing.TB, o Options) *Cluster {
	t.Helper()
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	c := &Cluster{t: t, options: o}
	ports := freePorts(t, 2*o.Nodes)
	for i := range o.Nodes {
		c.routes = append(c.routes, &url.URL{Scheme: "nats-route", Host: "127.0.0.1:" + strconv.Itoa(ports[i])})
	}
	dir := t.TempDir()
	for i := range o.Nodes {
		c.nodes = append(c.nodes, &node{options: c.nodeOptions(i, ports[i], ports[o.Nodes+i], filepath.Join(dir, strconv.Itoa(i)))})
	}
	t.Cleanup(func() {
		for i := range c.nodes {
			c.Kill(i)
		}
	})
	for i := range c.nodes {
		c.Restart(i)
	}
	return c
}

func (c *Cluster) nodeOptions(i, route, client int, dir string) *server.Options {
	o := &server.Options{
		ServerName: fmt.Sprintf("node%d", i), Host: "127.0.0.1", Port: client, NoSigs: true, NoLog: true,
		TLS: c.options.TLS != nil, TLSConfig: c.options.TLS, TLSVerify: c.options.TLS != nil, TLSTimeout: 10,
		JetStream: true, StoreDir: dir, SyncAlways: !c.options.Quick, JetStreamMaxMemory: 64 << 20, JetStreamMaxStore: 4 << 30,
		MaxPayload: 8 << 20,
	}
	if c.options.User != "" {
		user := &server.User{Username: c.options.User, Password: c.options.Password}
		if c.options.Publish != nil {
			user.Permissions = &server.Permissions{
				Publish: &server.SubjectPermission{Allow: c.options.Publish}, Subscribe: &server.SubjectPermission{Allow: c.options.Subscribe},
			}
		}
		o.Users = []*server.User{user}
	}
	if c.options.Nodes > 1 {
		o.Cluster = server.ClusterOpts{Name: "storetest", Host: "127.0.0.1", Port: route}
		o.Routes = c.routes
	}
	return o
}

// URLs are the addresses of all nodes.
func (c *Cluster) URLs() (urls []string) {
	for i := range c.nodes {
		urls = append(urls, c.URL(i))
	}
	return urls
}

// URL is the address of one node.
func (c *Cluster) URL(i int) string {
	return "nats://127.0.0.1:" + strconv.Itoa(c.nodes[i].options.Port)
}

// Kill ends a node at once, without handing anything over.
func (c *Cluster) Kill(i int) {
	n := c.nodes[i]
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.server != nil {
		n.server.Shutdown()
		n.server.WaitForShutdown()
		n.server = nil
	}
}

// Restart starts a node that was ended, with what it has on disk.
func (c *Cluster) Restart(i int) {
	n := c.nodes[i]
	n.mu.Lock()
	defer n.mu.Unlock()
	srv, err := server.NewServer(n.options.Clone())
	if err != nil {
		c.t.Errorf("make node %d: %v", i, err)
		return
	}
	srv.Start()
	n.server = srv
	if !srv.ReadyForConnections(20 * time.Second) {
		c.t.Errorf("node %d did not start", i)
	}
}

// Leader returns the node that leads a stream, or -1.
func (c *Cluster) Leader(stream string) int {
	for i, n := range c.nodes {
		n.mu.Lock()
		leads := n.server != nil && n.server.JetStreamIsStreamLeader("$G", stream)
		n.mu.Unlock()
		if leads {
			return i
		}
	}
	return -1
}

// AwaitLeader waits until a stream has a leader.
func (c *Cluster) AwaitLeader(stream string) int {
	c.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if i := c.Leader(stream); i >= 0 {
			return i
		}
	}
	c.t.Fatalf("%s has no leader after a minute", stream)
	return -1
}

// freePorts finds ports of loopback that nobody uses.
func freePorts(t testing.TB, n int) (ports []int) {
	var open []io.Closer
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, l)
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	for _, l := range open {
		_ = l.Close()
	}
	return ports
}
