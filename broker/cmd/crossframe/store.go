package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/config"
	"github.com/crossframe/crossframe/broker/store"
)

// storeCommand has the commands for what the broker keeps.
type storeCommand struct {
	Export exportCommand `cmd:"" help:"Write everything that is kept into one file. An embedded store must not be open."`
	Import importCommand `cmd:"" help:"Read such a file into a store. No broker may have the store open."`
	Verify verifyCommand `cmd:"" help:"Check such a file, or the directory of an embedded store that is not open."`
}

// storeFlags say which store.
type storeFlags struct {
	Config   string   `short:"c" placeholder:"FILE" env:"CROSSFRAME_CONFIG" help:"Configuration file, YAML or JSON."`
	StoreDir *string  `placeholder:"DIR" env:"CROSSFRAME_STORE_DIR" help:"Directory of an embedded store."`
	NATS     []string `name:"nats" placeholder:"URL" env:"CROSSFRAME_NATS" help:"Addresses of a NATS cluster."`
}

func (f *storeFlags) load() (*config.Loaded, error) {
	loaded, err := config.Load(&config.Flags{Config: f.Config, StoreDir: f.StoreDir, NATS: f.NATS})
	if err == nil && loaded.Store.Dir == "" && len(loaded.Store.NATS) == 0 {
		err = errors.New("no store is named\n  fix: name it by --store-dir, --nats, or a configuration file")
	}
	return loaded, err
}

func (f *storeFlags) open(ctx context.Context, on *console) (*store.Store, error) {
	loaded, err := f.load()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	return store.Open(ctx, storeOptions(loaded, newLog(on.err, config.Log{Level: "warn", Format: "text"})))
}

// storeOptions is what the configuration says about the store.
func storeOptions(loaded *config.Loaded, log *slog.Logger) store.Options {
	c := loaded.Store
	return store.Options{
		Dir: c.Dir, URLs: c.NATS, CredentialsFile: c.CredentialsFile, User: c.User, Password: c.Password,
		TLS: store.TLS(c.TLS), Replicas: int(c.Replicas), AuditMaxAge: time.Duration(c.AuditDays) * 24 * time.Hour,
		DangerouslyOpenDamaged: loaded.AcceptDamage, Log: log,
	}
}

// exportCommand writes an export.
type exportCommand struct {
	storeFlags
	Output string `short:"o" default:"-" placeholder:"FILE" help:"File to write, which must not exist; - is the standard output."`
}

// Run leaves no file behind that is not whole.
func (c *exportCommand) Run(ctx context.Context, on *console) error {
	s, err := c.open(ctx, on)
	if err != nil {
		return err
	}
	sum, err := c.write(ctx, s, on.out)
	if err = errors.Join(err, s.Close()); err == nil {
		fmt.Fprintln(on.err, "exported", describe(sum))
	}
	return err
}

func (c *exportCommand) write(ctx context.Context, s *store.Store, out io.Writer) (store.Summary, error) {
	if c.Output == "-" {
		return s.Export(ctx, out)
	}
	f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return store.Summary{}, fmt.Errorf("write export: %w", err)
	}
	sum, err := s.Export(ctx, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		err = errors.Join(err, os.Remove(c.Output))
	}
	return sum, err
}

// importCommand reads an export into a store.
type importCommand struct {
	storeFlags
	File string `arg:"" placeholder:"FILE" help:"File to read."`
	Over bool   `help:"Import into a store that has data: values of the same key are replaced, all others stay."`
}

// Run writes nothing before the file was found to be whole.
func (c *importCommand) Run(ctx context.Context, on *console) error {
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("read export: %w", err)
	}
	defer f.Close()
	s, err := c.open(ctx, on)
	if err != nil {
		return err
	}
	sum, err := s.Import(ctx, f, c.Over)
	if err = errors.Join(err, s.Close()); err == nil {
		fmt.Fprintln(on.out, "imported", describe(sum))
	}
	return err
}

// verifyCommand checks an export or a directory.
type verifyCommand struct {
	storeFlags
	File string `arg:"" optional:"" placeholder:"FILE" help:"Export to check; if none, the directory of the store."`
}

// Run changes nothing.
func (c *verifyCommand) Run(on *console) error {
	if c.File != "" {
		return verifyFile(on, c.File)
	}
	loaded, err := c.load()
	if err != nil {
		return err
	}
	if loaded.Store.Dir == "" {
		return errors.New("a cluster checks its own files\n  fix: name a directory, or an export")
	}
	damage, err := store.VerifyDirectory(loaded.Store.Dir)
	if err != nil {
		return err
	}
	for _, d := range damage {
		fmt.Fprintln(on.err, d)
	}
	if len(damage) > 0 {
		return fmt.Errorf("%s: %w", loaded.Store.Dir, store.ErrCorrupt)
	}
	fmt.Fprintln(on.out, loaded.Store.Dir+": whole")
	return nil
}

func verifyFile(on *console, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read export: %w", err)
	}
	defer f.Close()
	sum, err := store.VerifyExport(io.Reader(f))
	if err != nil {
		return err
	}
	fmt.Fprintln(on.out, path+": whole,", describe(sum))
	return nil
}

// describe says what an export has.
func describe(sum store.Summary) string {
	var parts []string
	for class, n := range sum.Values {
		parts = append(parts, fmt.Sprintf("%s %d", class, n))
	}
	slices.Sort(parts)
	parts = append(parts, fmt.Sprintf("log %d", sum.Records))
	return fmt.Sprintf("%s (epoch %s, written %s)", strings.Join(parts, ", "), sum.Epoch, sum.Written.Format(time.RFC3339))
}
