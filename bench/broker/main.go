// Command broker measures the broker against servers that others know: Centrifugo, the WebSocket listener of nats-server and a
// plain server of the text books, all in the same minutes, with the same clients, taking turns. It prints a table, writes
// build/bench-broker.json, and succeeds also where a limit is missed: the row says so.
//
// It may import clientlib/crossframe, wasm/link, protocol, bench/rig and gorilla/websocket, which the server of the text books is
// made of.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/crossframe/crossframe/bench/rig"
)

// measurement is a group of rows that are measured together.
type measurement struct {
	name string
	run  func(ctx context.Context, b *bench) error
}

var measurements = []measurement{
	{"memory", memory},
	{"burst", burst},
	{"update", updates},
	{"durable", durableWrites},
}

// bench is one run.
type bench struct {
	programs rig.Programs
	// centrifugo is the path of that program; without it, its rows say why.
	centrifugo string
	results    rig.Results[row]
	missed     int
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "textbook" {
		fmt.Fprintln(os.Stderr, serveTextbook(os.Args[2]))
		os.Exit(1)
	}
	b := new(bench)
	flag.StringVar(&b.programs.Crossframe, "crossframe", "build/crossframe", "the broker's program")
	flag.StringVar(&b.programs.NATS, "nats", "build/nats-server", "the program nats-server")
	flag.StringVar(&b.centrifugo, "centrifugo", "build/centrifugo", "the program centrifugo, if there is one")
	out := flag.String("out", "build/bench-broker.json", "result file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := b.run(ctx, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench-broker:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, out string, wanted []string) (err error) {
	for _, path := range []*string{&b.programs.Crossframe, &b.programs.NATS, &b.centrifugo} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	if _, err := os.Stat(b.centrifugo); err != nil {
		fmt.Fprintln(os.Stderr, "centrifugo is not measured, and its rows are missing: it could not be built:", err)
		b.centrifugo = ""
	}
	begin := time.Now()
	fmt.Println(heading)
	for _, m := range measurements {
		if len(wanted) > 0 && !slices.Contains(wanted, m.name) {
			continue
		}
		if err := m.run(ctx, b); err != nil {
			return fmt.Errorf("measure %s: %w", m.name, err)
		}
	}
	machine, err := b.results.Write(out)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d limits missed; %s; %d processors, load %.1f to %.1f\n", b.missed, time.Since(begin).Round(time.Second), machine.CPUs, machine.Loads.Low, machine.Loads.High)
	return nil
}
