package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/config"
)

const (
	// healthTimeout bounds the question.
	healthTimeout = 5 * time.Second
	maxHealth     = 64 << 10
)

// healthcheckCommand asks a broker on this machine how it is, for containers that have nothing else that could ask.
type healthcheckCommand struct {
	Config    string  `short:"c" placeholder:"FILE" env:"CROSSFRAME_CONFIG" help:"Configuration file of the broker; only opsListen is read."`
	OpsListen *string `placeholder:"ADDRESS" env:"CROSSFRAME_OPS_LISTEN" help:"Address for health, metrics and profiles (127.0.0.1:8079)."`
	Live      bool    `help:"Ask only whether the process answers (/healthz), not whether it is ready (/readyz)."`
}

// Run fails where the broker does not answer, and where something is missing, which it names.
func (c *healthcheckCommand) Run(ctx context.Context, on *console) error {
	address, err := config.OpsAddress(c.Config, c.OpsListen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	path := "/readyz"
	if c.Live {
		path = "/healthz"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return fmt.Errorf("ask for the health: %w", err)
	}
	// Proxies of the environment are not for this machine.
	client := &http.Client{Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask for the health: %w\n  fix: start the broker, and name the same opsListen here and there", err)
	}
	defer answer.Body.Close()
	var report struct {
		Status  string
		Missing []string
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxHealth)).Decode(&report); err != nil {
		return fmt.Errorf("ask for the health: what answers at %s is no broker", address)
	}
	if answer.StatusCode != http.StatusOK {
		return errors.New(strings.Join(append([]string{report.Status}, report.Missing...), "\n  missing: "))
	}
	_, err = fmt.Fprintln(on.out, report.Status)
	return err
}
