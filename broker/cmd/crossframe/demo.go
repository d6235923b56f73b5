package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/assets"
	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/identity"
	"github.com/crossframe/crossframe/broker/server"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/license"
	"github.com/crossframe/crossframe/protocol/license/sealed"
	"github.com/crossframe/crossframe/protocol/origin"
)

// demoCommand serves a workspace and the demo apps. Main page and apps are of different sites, as they are in life:
// localhost and 127.0.0.1 are.
type demoCommand struct {
	PortBase int      `default:"8080" placeholder:"PORT" help:"Port of the main page; the apps have those after it. 0 takes free ones."`
	HubHost  string   `default:"localhost" placeholder:"HOST" help:"Host name of the main page."`
	AppHost  string   `default:"127.0.0.1" placeholder:"HOST" help:"Host name of the apps; * in it is the app's name."`
	Apps     []string `sep:"none" placeholder:"PATH" help:"File with app definitions to add, or a pattern; may be repeated."`
	StoreDir string   `placeholder:"DIR" help:"Directory for what must be kept; if none, it is kept in memory."`
	NoLink   bool     `help:"Apps share with those of their own page only."`
	Debug    bool     `help:"Put the running platform within reach of the browser's console."`
	LogLevel string   `default:"warn" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

// demoApps are in the order of their ports.
var demoApps = []string{"customers", "contracts", "chart", "legacy", blockedApp, "prices"}

// blockedApp shows how an app is refused.
const blockedApp = "blocked"

// remark returns what the demo says of an app where it says where the app is.
func (d *demo) remark(app string) string {
	switch {
	case app == blockedApp:
		return "  (on the block list: shows how it is refused)"
	case app == "prices" && !d.NoLink:
		link := "ws" + strings.TrimPrefix(d.hub.String(), "http") + config.LinkPath
		return "  (plots what a program shares: go run ./demo/prices -url " + link + ")"
	}
	return ""
}

// demoFirstPort is the port of the first app in the definitions of the demo.
const demoFirstPort = 8081

// demoUsers are whom one may be in the demo: the page offers the choice.
var demoUsers = []identity.DevelopmentUser{
	{ID: "anna", FirstName: "Anna", LastName: "Adler", Tenant: "demo", Groups: []string{"advisers"}, Roles: []string{"publisher"}},
	{ID: "ben", FirstName: "Ben", LastName: "Brandt", Tenant: "demo", Groups: []string{"advisers"}},
}

// demoSharing: the chosen customer follows one person from window to window, the note on a customer and the prices of a
// program are the team's, and a chart that anybody of the team has open can be asked for.
var demoSharing = []protocol.SharingRule{
	{Scope: protocol.ScopeUser, Contexts: []string{"customer"}},
	{Scope: protocol.ScopeTenant, Contexts: []string{"customer.note", "prices"}, Methods: []string{"chart.snapshot"}},
}

// hubMark stands for the main page's origin in the demo apps' pages.
const hubMark = "__HUB_ORIGIN__"

// demo is the demo on its way.
type demo struct {
	*demoCommand
	on *console
	// listeners are the main page's, then those of the apps in the order of demoApps.
	listeners []net.Listener
	hub       origin.Origin
	apps      []origin.Origin
}

// Run returns when ctx ends and the requests under way have ended.
func (c *demoCommand) Run(ctx context.Context, on *console) (err error) {
	d := &demo{demoCommand: c, on: on}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if err := d.listen(); err != nil {
		return err
	}
	loaded, err := d.load()
	if err != nil {
		return err
	}
	log := newLog(on.err, loaded.Log)
	w, err := newWorkspace(ctx, on, loaded, log)
	if err != nil {
		return err
	}
	defer w.close()
	endpoints := []server.Endpoint{{Listener: d.listeners[0], Handler: w.page}}
	for i, name := range demoApps {
		endpoint, err := d.app(i, name, w, log)
		if err != nil {
			return err
		}
		endpoints = append(endpoints, endpoint)
	}
	d.announce()
	return w.serve(ctx, endpoints)
}

// listen opens the ports and derives the origins from them.
func (d *demo) listen() error {
	for i := range 1 + len(demoApps) {
		port := 0
		if d.PortBase != 0 {
			port = d.PortBase + i
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("%w\n  fix: stop what uses that port, or choose others with --port-base", err)
		}
		d.listeners = append(d.listeners, listener)
		host := d.HubHost
		if i > 0 {
			host = strings.ReplaceAll(d.AppHost, "*", demoApps[i-1])
		}
		text := "http://" + net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
		o, err := origin.Parse(text)
		if err != nil {
			return fmt.Errorf("read host %q: %w\n  fix: write a host name in lower case", host, err)
		}
		if i == 0 {
			d.hub = o
		} else {
			d.apps = append(d.apps, o)
		}
	}
	return nil
}

// load makes the configuration: the demo's own apps with the origins that they have now, and those to add.
func (d *demo) load() (*config.Loaded, error) {
	text, err := fs.ReadFile(d.on.files("demo"), "apps.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("this binary was built without the demo\n  fix: run: make build")
	} else if err != nil {
		return nil, fmt.Errorf("read the demo's apps: %w", err)
	}
	definitions := string(text)
	for i, app := range d.apps {
		definitions = strings.ReplaceAll(definitions, "http://127.0.0.1:"+strconv.Itoa(demoFirstPort+i)+"/", app.String()+"/")
	}
	base, err := source.Parse("demo/apps.yaml", []byte(definitions))
	if err != nil {
		return nil, err
	}
	listen, off := d.listeners[0].Addr().String(), ""
	loaded, err := config.Load(&config.Flags{
		Listen: &listen, OpsListen: &off, PublicOrigins: []string{d.hub.String()}, Apps: d.Apps,
		BlockList: []string{d.apps[slices.Index(demoApps, blockedApp)].String()}, LogLevel: &d.LogLevel, NoLink: d.NoLink, StoreDir: &d.StoreDir,
	}, base)
	if err != nil {
		return nil, err
	}
	loaded.Page.Title, loaded.Page.Debug = "Customer 360", d.Debug
	loaded.Identity.Development.Users, loaded.Sharing = demoUsers, demoSharing
	return loaded, d.license(loaded)
}

// license makes a license key for a main page that is not of this machine by its name. It is signed by a key that
// exists in this process only, so that it shows the way of a license key without being worth anything elsewhere.
func (d *demo) license(loaded *config.Loaded) error {
	page := d.hub.String()
	if !license.NeedsLicense(page) {
		return nil
	}
	key, err := sealed.NewSigningKey("demo")
	if err != nil {
		return err
	}
	now := time.Now()
	loaded.License.Key, err = sealed.Issue(license.License{
		Issuer: "crossframe demo", Subject: "demo", ID: "demo",
		IssuedAt: now.Unix(), Expires: now.AddDate(1, 0, 0).Unix(), Origins: []string{page},
	}, key)
	loaded.LicenseKeys = []protocol.TrustedKey{key.Trusted()}
	return err
}

// app returns the endpoint of one app.
func (d *demo) app(i int, name string, w *workspace, log *slog.Logger) (server.Endpoint, error) {
	files, err := assets.Load(d.on.files("demo/" + name))
	if err != nil {
		return server.Endpoint{}, fmt.Errorf("read the app %s: %w", name, err)
	}
	site := server.Site{
		Name: name, Files: files.Replace(hubMark, d.hub.String()), Hosts: server.HostsOf(d.apps[i : i+1]),
		Headers: server.Always(server.AppHeaders(d.hub)), Log: log, Metrics: w.metrics,
	}
	return server.Endpoint{Listener: d.listeners[i+1], Handler: site.Handler()}, nil
}

// announce says where everything is.
func (d *demo) announce() {
	fmt.Fprintf(d.on.out, "\n  Workspace  %s\n\n", d.hub)
	for i, name := range demoApps {
		label := ""
		if i == 0 {
			label = "Apps"
		}
		fmt.Fprintf(d.on.out, "  %-9s  %s  %s%s\n", label, d.apps[i], name, d.remark(name))
	}
	fmt.Fprintf(d.on.out, "\n  An app of your own: crossframe demo --apps my-app.yaml\n  Ctrl-C stops everything.\n\n")
}

func (d *demo) close() {
	for _, listener := range d.listeners {
		listener.Close()
	}
}
