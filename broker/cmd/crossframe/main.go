// Command crossframe serves a workspace of web apps: the main page, the hub that it loads, and the client library.
package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/crossframe/crossframe/broker/assets"
	"github.com/crossframe/crossframe/broker/licensing"
)

// commands are what the program can do; there is one file for each.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Serve a workspace."`
	Demo        demoCommand        `cmd:"" help:"Serve a workspace with demo apps, each on an origin of its own."`
	Apps        appsCommand        `cmd:"" help:"Work with app definitions."`
	License     licensing.Command  `cmd:"" help:"Make and check license keys."`
	Store       storeCommand       `cmd:"" help:"Export, import and check what the broker keeps."`
	Healthcheck healthcheckCommand `cmd:"" help:"Ask a broker on this machine how it is; exit code 0 is well."`
	Audit       auditCommand       `cmd:"" help:"Search what was refused and what was changed."`
	Version     versionCommand     `cmd:"" help:"Say which version this is."`
}

// console is what a command talks to.
type console struct {
	out, err io.Writer
	// files returns a folder of the files to serve.
	files func(folder string) fs.FS
	// hangups tells of signals that ask for files to be read again, until stop is called. If nil, there are none.
	hangups func() (signals <-chan os.Signal, stop func())
}

// hear tells of hangups.
func (c *console) hear() (<-chan os.Signal, func()) {
	if c.hangups == nil {
		return nil, func() {}
	}
	return c.hangups()
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Nobody listens to a second signal: it ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], &console{os.Stdout, os.Stderr, assets.Embedded, hangups}))
}

// hangups takes SIGHUP over from the system, which would end the process.
func hangups() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

// run executes one command line and returns the exit code: 0 done, 1 failed, 2 not understood.
func run(ctx context.Context, args []string, on *console) int {
	parser, err := kong.New(&commands{},
		kong.Name("crossframe"),
		kong.Description("Web apps of different origins in one workspace."),
		kong.Writers(on.out, on.err),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(on, &licensing.Env{Out: on.out, Err: on.err}),
	)
	if err != nil {
		fmt.Fprintln(on.err, "crossframe:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(on.err, "crossframe: %v\n  fix: crossframe --help lists what there is\n", err)
		return 2
	}
	if err := command.Run(); err != nil {
		fmt.Fprintln(on.err, "crossframe:", err)
		return 1
	}
	return 0
}
