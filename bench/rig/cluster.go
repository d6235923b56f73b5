package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// ClusterOptions are the settings of a Cluster. The zero value has three nodes, synced as docs/operations.md says.
type ClusterOptions struct {
	// Nodes is how many there are; if zero, 3.
	Nodes int
	// Lazy leaves syncing to the timer of NATS, to compare.
	Lazy bool
	// Gated puts a Gate into each connection from one node to another.
	Gated bool
}

// Cluster is a NATS cluster of processes.
type Cluster struct {
	Nodes []*Node
	// gates are by the node that dials and the one that is dialled.
	gates map[[2]int]*Gate
}

// Node is one process of nats-server.
type Node struct {
	*Process
	Name string
	// Dir is its store's directory.
	Dir                     string
	client, route, monitors string
	stage                   *Stage
	config                  string
}

// Cluster starts a cluster, and returns when its nodes accept connections.
func (s *Stage) Cluster(ctx context.Context, o ClusterOptions) (*Cluster, error) {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	c := &Cluster{gates: make(map[[2]int]*Gate)}
	for i := range o.Nodes {
		at, err := addresses(3)
		if err != nil {
			return nil, err
		}
		c.Nodes = append(c.Nodes, &Node{
			Name: fmt.Sprintf("n%d", i), Dir: s.folder("nats"), client: at[0], route: at[1], monitors: at[2], stage: s, config: s.folder("nats") + ".conf",
		})
	}
	for i, n := range c.Nodes {
		routes, err := c.routes(s, i, o.Gated)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(n.config, []byte(n.configuration(o, routes)), 0o600); err != nil {
			return nil, fmt.Errorf("write configuration: %w", err)
		}
	}
	for _, n := range c.Nodes {
		if err := n.Start(ctx); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// routes returns where a node finds the others.
func (c *Cluster) routes(s *Stage, from int, gated bool) (list []string, err error) {
	for to, n := range c.Nodes {
		address := n.route
		if to == from {
			continue
		}
		if gated {
			g, err := s.Gate(address)
			if err != nil {
				return nil, err
			}
			c.gates[[2]int{from, to}] = g
			address = g.Address
		}
		list = append(list, "nats-route://"+address)
	}
	return list, nil
}

// configuration is the file of a node. A gated node tells nobody its real address, so that all routes go through gates.
func (n *Node) configuration(o ClusterOptions, routes []string) string {
	sync := "always"
	if o.Lazy {
		sync = "2m"
	}
	text := fmt.Sprintf("server_name: %s\nlisten: %q\nhttp: %q\nmax_payload: 8MB\nping_interval: \"2s\"\nping_max: 2\njetstream { store_dir: %q, sync_interval: %q }\n",
		n.Name, n.client, n.monitors, n.Dir, sync)
	if len(routes) > 0 {
		advertise := ""
		if o.Gated {
			advertise = `, advertise: "127.0.0.1:1"`
		}
		text += fmt.Sprintf("cluster { name: rig, listen: %q, no_advertise: true%s, routes: [%s] }\n", n.route, advertise, strings.Join(routes, ", "))
	}
	return text
}

// Start starts a node that has ended anew, with what it has on disk.
func (n *Node) Start(ctx context.Context) (err error) {
	if n.Process, err = n.stage.Run(n.stage.Programs.NATS, "-c", n.config); err != nil {
		return err
	}
	return n.Listens(ctx, n.client)
}

// URL is the address of a node for brokers.
func (n *Node) URL() string { return "nats://" + n.client }

// URLs are the addresses of all nodes.
func (c *Cluster) URLs() (list []string) {
	for _, n := range c.Nodes {
		list = append(list, n.URL())
	}
	return list
}

// Isolate freezes all that goes between a node and the others; or ends that.
func (c *Cluster) Isolate(node int, isolated bool) {
	for pair, g := range c.gates {
		if pair[0] == node || pair[1] == node {
			g.Freeze(isolated)
		}
	}
}

// replica is what a node says of a stream.
type replica struct {
	Name    string `json:"name"`
	Cluster struct {
		Leader   string `json:"leader"`
		Replicas []struct {
			Name    string `json:"name"`
			Current bool   `json:"current"`
			Offline bool   `json:"offline"`
		} `json:"replicas"`
	} `json:"cluster"`
}

// stream asks a node about a stream.
func (n *Node) stream(ctx context.Context, name string) (found replica, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.monitors+"/jsz?streams=true", nil)
	if err != nil {
		return found, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return found, err
	}
	defer response.Body.Close()
	var said struct {
		Accounts []struct {
			Streams []replica `json:"stream_detail"`
		} `json:"account_details"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 4<<20)).Decode(&said); err != nil {
		return found, err
	}
	for _, a := range said.Accounts {
		for _, r := range a.Streams {
			if r.Name == name {
				return r, nil
			}
		}
	}
	return found, errors.New("there is no such stream")
}

// Leader waits until a stream has a leader that says so itself, and returns it.
func (c *Cluster) Leader(ctx context.Context, stream string) (leader *Node, err error) {
	err = Await(ctx, "the leader of "+stream, func() bool {
		for _, n := range c.Nodes {
			if r, err := n.stream(ctx, stream); err == nil && r.Cluster.Leader == n.Name {
				leader = n
				return true
			}
		}
		return false
	})
	return leader, err
}

// Current waits until a stream's leader says that every node has all of it.
func (c *Cluster) Current(ctx context.Context, stream string) error {
	return Await(ctx, "all nodes to have "+stream, func() bool {
		for _, n := range c.Nodes {
			r, err := n.stream(ctx, stream)
			if err != nil || r.Cluster.Leader != n.Name || len(r.Cluster.Replicas) != len(c.Nodes)-1 {
				continue
			}
			for _, other := range r.Cluster.Replicas {
				if !other.Current || other.Offline {
					return false
				}
			}
			return true
		}
		return false
	})
}

// Healthy waits until every node says that it is well and has all that it should, as whoever restarts one node after the other must.
// Streams in memory need it most: a node that was restarted has nothing of them, and nothing is left when all have been.
func (c *Cluster) Healthy(ctx context.Context) error {
	return Await(ctx, "all nodes to be well", func() bool {
		for _, n := range c.Nodes {
			if !n.healthy(ctx) {
				return false
			}
		}
		return true
	})
}

func (n *Node) healthy(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.monitors+"/healthz", nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Lose empties the disk of a node that has ended.
func (n *Node) Lose() error { return os.RemoveAll(n.Dir) }
