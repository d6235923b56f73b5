package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// Token is what everybody logs in with: the development user of brokers that a Stage starts.
const Token = "dev:ada"

// BrokerOptions are the settings of a Broker.
type BrokerOptions struct {
	// StoreDir is the directory of the embedded store; NATS are the addresses of a cluster in its place. If both are empty,
	// everything is in memory.
	StoreDir string
	NATS     []string
	// Replicas is on how many nodes of the cluster everything is kept; if zero, 3.
	Replicas int
}

// Broker is a process of the product's own program.
type Broker struct {
	*Process
	// Address is the host and port that hubs connect to; Ops those of metrics.
	Address, Ops string
	stage        *Stage
	config       string
}

// Broker starts a broker, and returns when it accepts connections.
func (s *Stage) Broker(ctx context.Context, o BrokerOptions) (*Broker, error) {
	at, err := addresses(2)
	if err != nil {
		return nil, err
	}
	b := &Broker{Address: at[0], Ops: at[1], stage: s, config: s.folder("broker") + ".json"}
	store := map[string]any{}
	if o.StoreDir != "" {
		store["dir"] = o.StoreDir
	}
	if len(o.NATS) > 0 {
		store["nats"] = o.NATS
		if o.Replicas > 0 {
			store["replicas"] = o.Replicas
		}
	}
	text, err := json.Marshal(map[string]any{
		"listen": b.Address, "opsListen": b.Ops, "store": store, "log": map[string]any{"level": "warn"},
		"identity": map[string]any{"development": map[string]any{"users": []any{map[string]any{"id": "ada", "tenant": "acme", "roles": []string{"admin"}}}}},
		"link":     map[string]any{"connections": 15_000, "perAddress": 15_000},
	})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(b.config, text, 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return b, b.Start(ctx)
}

// Start starts a broker that has ended anew, with the same configuration, at the same addresses.
func (b *Broker) Start(ctx context.Context) (err error) {
	if b.Process, err = b.stage.Run(b.stage.Programs.Crossframe, "serve", "--config", b.config); err != nil {
		return err
	}
	return b.Listens(ctx, b.Address)
}

// URL is where hubs and programs connect.
func (b *Broker) URL() string { return LinkURL(b.Address) }

// LinkURL is where hubs and programs connect, given host and port.
func LinkURL(address string) string { return "ws://" + address + "/link" }

// Metrics returns the broker's metrics as text.
func (b *Broker) Metrics() (string, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get("http://" + b.Ops + "/metrics")
	if err != nil {
		return "", fmt.Errorf("read metrics: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return string(text), err
}
