package main

import (
	"context"
	"fmt"

	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/broker/systemd"
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
	signals, stop := on.hear()
	defer stop()
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
	hearing, deaf := context.WithCancel(ctx)
	w.tasks.Go(func() { w.hear(hearing, signals) })
	defer deaf()
	return w.serve(ctx, endpoints)
}

// serve answers until ctx ends, and drains.
func (w *workspace) serve(ctx context.Context, endpoints []server.Endpoint) error {
	manager := systemd.FromEnvironment()
	live, dead := context.WithCancel(context.Background())
	w.tasks.Go(func() { manager.Live(live, w.link.alive) })
	defer dead()
	w.log.Info("started", "version", buildVersion())
	w.tell(manager, systemd.Ready)
	err := server.Run(ctx, server.Options{Log: w.log, Health: w.health, Drain: func() {
		w.tell(manager, systemd.Stopping)
		w.log.Info("stopping", "fix", "a second signal ends it at once")
		w.drain()
	}}, endpoints...)
	if err != nil {
		return err
	}
	w.log.Info("stopped")
	return nil
}

func (w *workspace) tell(manager systemd.Manager, state string) {
	if err := manager.Tell(state); err != nil {
		w.log.Warn("the service manager cannot be told", "state", state, "problem", err.Error())
	}
}
