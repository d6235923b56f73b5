package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"

	"github.com/crossframe/crossframe/broker/api"
	"github.com/crossframe/crossframe/broker/assets"
	"github.com/crossframe/crossframe/broker/certs"
	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/licensing"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/broker/tracing"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// workspace is a main page ready to be served.
type workspace struct {
	loaded  *config.Loaded
	page    http.Handler
	metrics *server.Metrics
	health  *server.Health
	log     *slog.Logger
	// checker says whose credential that is.
	checker *identity.Checker
	apps    *catalog
	// link is what hubs and programs connect to; nil where nobody may.
	link *link
	// license says how the broker stands with its license. It is checked until close.
	license *licensing.Checker
	// certificate is that of the page's listener; nil where that speaks plain HTTP.
	certificate *certs.Certificate
	// streams ends the answers of the API that have no end of their own.
	streams context.CancelFunc
	// tracer is nil in a program without the tag otel.
	tracer *tracing.Tracer
	// untell ends what is told to the audit of license and directory.
	untell func()
	stop   context.CancelFunc
	tasks  sync.WaitGroup
}

// newWorkspace puts a main page together. What is missing is in its health, not an error: a page that says what is
// missing helps more than one that does not answer. drain ends what it answers without an end; close ends the rest.
func newWorkspace(ctx context.Context, on *console, loaded *config.Loaded, log *slog.Logger) (*workspace, error) {
	files, err := assets.Load(on.files("site"))
	if err != nil {
		return nil, fmt.Errorf("read embedded files: %w", err)
	}
	missing := missingOf(files)
	licenses := loaded.Licensing()
	licenses.Log = log
	licensed, err := licensing.NewChecker(licenses)
	if err != nil {
		return nil, err
	}
	for _, text := range append(loaded.Warnings, missing...) {
		log.Warn(text)
	}
	certificate, err := newCertificate(loaded, log)
	if err != nil {
		return nil, err
	}
	checker, err := identity.New(&loaded.Identity)
	if err != nil {
		return nil, err
	}
	apps, err := newCatalog(ctx, loaded, log)
	if err != nil {
		checker.Close()
		return nil, err
	}
	tracer, err := tracing.New(ctx, buildVersion(), log)
	if err != nil {
		apps.close()
		checker.Close()
		return nil, err
	}
	linked, err := newLink(ctx, loaded, checker, licensed, tracer, log)
	if err != nil {
		closeTracer(tracer, log)
		apps.close()
		checker.Close()
		return nil, err
	}
	w := &workspace{
		loaded: loaded, metrics: server.NewMetrics(buildVersion()), log: log,
		health:  server.NewHealth(buildVersion(), missing, certificate.Missing, licensed.Missing, checker.Missing, linked.missing),
		checker: checker, apps: apps, license: licensed, link: linked, certificate: certificate, tracer: tracer,
	}
	w.page = w.site(forLink(files, loaded)).Handler()
	w.measure()
	w.run()
	return w, nil
}

// site is what the main page's origin serves.
func (w *workspace) site(files assets.Set) *server.Site {
	loaded := w.loaded
	var streaming context.Context
	streaming, w.streams = context.WithCancel(context.Background())
	site := &server.Site{
		Name: "page", Files: files, Hosts: server.HostsOf(loaded.Origins), SecureHosts: server.HostsOf(secure(loaded.Origins)),
		Headers: w.apps.headers, Proxies: loaded.Proxies, Log: w.log, Metrics: w.metrics, Tracer: w.tracer,
		API: api.New(api.Options{
			Authenticator: w.checker, Origins: loaded.APIOrigins, Proxies: loaded.Proxies, Done: streaming.Done(), Audit: w.link.trail(), Log: w.log,
		}, slices.Concat([]api.Route{api.Me()}, api.Directory(w.apps.Catalog), w.link.routes())...),
		Routes: map[string]http.Handler{server.BootPath: server.Boot(protocol.PageConfig{
			Title: loaded.Page.Title, Debug: loaded.Page.Debug,
			Policy: loaded.Policy, Limits: loaded.Limits, User: loaded.User,
			StartMs: loaded.StartMs, Link: loaded.PageLink(), Sharing: loaded.Sharing,
		}, func(c *protocol.PageConfig) { c.Apps = w.apps.now.Load().apps; w.license.Fill(c) })},
	}
	if w.link != nil {
		site.Routes[config.LinkPath] = w.link
	}
	return site
}

// measure has the metrics tell of everything that there is.
func (w *workspace) measure() {
	if w.link != nil {
		w.link.measure(w.metrics)
	}
	measureLicense(w.metrics, w.license)
	if w.certificate != nil {
		measureCertificate(w.metrics, w.certificate)
	}
}

// run begins what goes on until close.
func (w *workspace) run() {
	var ctx context.Context
	ctx, w.stop = context.WithCancel(context.Background())
	w.untell = w.tellAudit()
	w.tasks.Go(func() { w.license.Run(ctx) })
	w.tasks.Go(func() { w.checker.Load(ctx) })
	if w.link != nil {
		w.tasks.Go(func() { w.link.admission.run(ctx, w.link.Relay) })
	}
	if w.certificate != nil {
		w.tasks.Go(func() { w.certificate.Run(ctx) })
	}
}

// The mark in the page that says which of the hub's programs it loads, and what it says where there is a broker: which one
// it is must be known before the configuration is read.
const (
	programAlone  = `name="crossframe-program" content="hub"`
	programLinked = `name="crossframe-program" content="hub-linked"`
)

// forLink has the page load the program that can reach a broker, where there is one.
func forLink(files assets.Set, loaded *config.Loaded) assets.Set {
	if loaded.PageLink() == nil {
		return files
	}
	return files.Replace(programAlone, programLinked)
}

// drain ends what a stop does not end by itself: connections, and answers of the API without an end.
func (w *workspace) drain() {
	w.link.drain(w.loaded.Drain())
	w.streams()
}

// close ends what the workspace keeps open besides its listeners.
func (w *workspace) close() {
	w.streams()
	w.stop()
	w.untell()
	w.tasks.Wait()
	w.link.drain(0)
	w.link.close()
	w.apps.close()
	w.checker.Close()
	closeTracer(w.tracer, w.log)
}

// closeTracer exports the last spans.
func closeTracer(tracer *tracing.Tracer, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		log.Warn("tracing did not end well", "error", err)
	}
}

// missingOf says what keeps the page from working, and what to do about it.
func missingOf(files assets.Set) (missing []string) {
	if files["/index.html"] == nil {
		missing = append(missing, "this binary was built without the page; run: make build")
	}
	return missing
}

func secure(origins []origin.Origin) (secure []origin.Origin) {
	for _, o := range origins {
		if o.Scheme == "https" {
			secure = append(secure, o)
		}
	}
	return secure
}

// endpoints opens the listeners: the page's first, then that for operators, where there is one.
func (w *workspace) endpoints() ([]server.Endpoint, error) {
	page := server.Endpoint{Handler: w.page}
	if w.certificate != nil {
		page.TLS = w.certificate.Config()
	}
	listener, err := listen("listen", w.loaded.Listen)
	if err != nil {
		return nil, err
	}
	page.Listener = listener
	if w.loaded.OpsListen == "" {
		return []server.Endpoint{page}, nil
	}
	ops, err := listen("opsListen", w.loaded.OpsListen)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return []server.Endpoint{page, {Listener: ops, Handler: w.ops(), Last: true}}, nil
}

// ops returns what is for operators. Profiles show what is in memory, so they are for this machine alone.
func (w *workspace) ops() http.Handler {
	if w.loaded.OpsIsLocal() {
		return server.Ops(w.health, w.metrics, server.Hosts{}, true)
	}
	return server.Ops(w.health, w.metrics, nil, false)
}

func listen(setting, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n  fix: stop what uses that address, or choose another one", setting, err)
	}
	return listener, nil
}

func newLog(out io.Writer, c config.Log) *slog.Logger {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	options := &slog.HandlerOptions{Level: levels[c.Level]}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}
