package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/server"
)

// serveCommand serves what the configuration says.
type serveCommand struct {
	config.Flags
	PrintConfig bool `help:"Print the configuration in effect, without secrets, and stop."`
}

// Run returns when ctx ends and the requests under way have ended.
func (c *serveCommand) Run(ctx context.Context, on *console) error {
	loaded, err := config.Load(&c.Flags)
	if err != nil {
		return err
	}
	if c.PrintConfig {
		text, err := loaded.Print()
		if err != nil {
			return err
		}
		_, err = on.out.Write(text)
		return err
	}
	log := newLog(on.err, loaded.Log)
	w, err := newWorkspace(ctx, on, loaded, log)
	if err != nil {
		return err
	}
	defer w.close()
	endpoints, err := w.endpoints()
	if err != nil {
		return err
	}
	for _, o := range loaded.Origins {
		fmt.Fprintf(on.out, "Workspace  %s\n", o)
	}
	if loaded.OpsListen != "" {
		fmt.Fprintf(on.out, "Operators  http://%s/readyz · /metrics\n", endpoints[1].Listener.Addr())
	}
	return serveAll(ctx, log, w.health, endpoints)
}

// serveAll answers until ctx ends.
func serveAll(ctx context.Context, log *slog.Logger, health *server.Health, endpoints []server.Endpoint) error {
	log.Info("started", "version", buildVersion())
	if err := server.Run(ctx, log, health, endpoints...); err != nil {
		return err
	}
	log.Info("stopped")
	return nil
}
