// Command chaos breaks what a broker stands on, while clients write, and counts what was acknowledged and is gone: processes are
// killed and stopped, power and disks fail, networks fall apart, all at once or one after the other. Processes, sockets and disks
// are real ones, and everything is on loopback. It prints a table, writes build/chaos.json, and succeeds also where a row does not:
// the row says so.
//
// It may import clientlib/crossframe, wasm/link, protocol, bench/rig and porcupine.
package main

import (
	"context"
	"errors"
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

// fault is one row of the table.
type fault struct {
	id, name string
	// limit is how long the row may take.
	limit time.Duration
	run   func(ctx context.Context, s *rig.Stage, t *tally) error
}

// faults are the rows, in the order in which they run. The ids are those of the tests' catalogue in docs/performance.md.
var faults = []fault{
	{"D01", "kill -9 of the broker, 8 writers", 60 * time.Second, killBroker},
	{"D02", "power cut: the disk's image is copied under 8 writers", 90 * time.Second, cutPower},
	{"D04", "disk full, and space again without a restart", 60 * time.Second, fillDisk},
	{"D05", "disk fails under 8 writers", 60 * time.Second, failDisk},
	{"D06", "every sync takes 200 ms longer", 60 * time.Second, slowSync},
	{"D07", "a bit flipped, and a file cut short, before a start", 60 * time.Second, damageFiles},
	{"C01", "three nodes: kill -9 of the leader every 6.5 s", 120 * time.Second, killLeaders},
	{"C02", "rolling restart of three nodes and two brokers", 100 * time.Second, rollOver},
	{"C03", "a node and its broker cut off from the others", 100 * time.Second, partition},
	{"C04", "the leader stopped for 12 s, and let go on", 80 * time.Second, stopLeader},
	{"C06", "a node loses its disk", 80 * time.Second, loseDisk},
	{"C08", "clock jump", time.Second, jumpClock},
	{"T13", "kill -9 of one of two brokers, clients go to the other", 60 * time.Second, changeBrokers},
	{"T11", "half-open network: nothing arrives, nothing ends", 60 * time.Second, halfOpen},
	{"T12", "reconnect storm: 2,000 clients after a restart", 90 * time.Second, storm},
	{"T10", "slow consumers: 100 of 1,000 clients stop reading", 90 * time.Second, slowConsumers},
	{"X18", "each write sent twice, by hubs that lose their brokers", 80 * time.Second, duplicates},
	{"T25", "compare-and-set by two brokers, leader and brokers killed", 90 * time.Second, linearizable},
	{"F08", "hubs write offline, and meet again (tests of wasm/link)", 120 * time.Second, hubsMeetAgain},
}

// row is what the result file has of a fault.
type row struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Acknowledged int      `json:"acknowledged"`
	Lost         int      `json:"lost"`
	OK           bool     `json:"ok"`
	Notes        []string `json:"notes,omitempty"`
	Seconds      float64  `json:"seconds"`
}

func main() {
	var programs rig.Programs
	flag.StringVar(&programs.Crossframe, "crossframe", "build/crossframe", "the broker's program")
	flag.StringVar(&programs.NATS, "nats", "build/nats-server", "the program nats-server")
	out := flag.String("out", "build/chaos.json", "result file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, programs, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

// run does the rows that are named, or all.
func run(ctx context.Context, programs rig.Programs, out string, wanted []string) (err error) {
	for _, path := range []*string{&programs.Crossframe, &programs.NATS} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
		if _, err = os.Stat(*path); err != nil {
			return fmt.Errorf("find program: %w", err)
		}
	}
	for _, id := range wanted {
		if !slices.ContainsFunc(faults, func(f fault) bool { return f.id == id }) {
			return fmt.Errorf("there is no row %s", id)
		}
	}
	var results rig.Results[row]
	failed, begin := 0, time.Now()
	fmt.Printf("%-4s %-60s %12s %6s  %s\n", "id", "fault", "acknowledged", "lost", "result")
	for _, f := range faults {
		if len(wanted) > 0 && !slices.Contains(wanted, f.id) {
			continue
		}
		r := f.do(ctx, programs)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		results.Add(r)
		r.print()
		if !r.OK {
			failed++
		}
	}
	machine, err := results.Write(out)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d rows not ok; %s; %d processors, load %.1f to %.1f\n", failed, time.Since(begin).Round(time.Second), machine.CPUs, machine.Loads.Low, machine.Loads.High)
	return nil
}

// do runs a row on a stage of its own.
func (f *fault) do(ctx context.Context, programs rig.Programs) row {
	begin, t := time.Now(), new(tally)
	ctx, cancel := context.WithTimeout(ctx, f.limit)
	defer cancel()
	s, err := rig.NewStage(programs)
	if err == nil {
		err = f.run(ctx, s, t)
		s.Close()
	}
	r := t.row(f)
	switch why := (impossible)(""); {
	case errors.As(err, &why):
		r.OK, r.Notes = false, []string{why.Error()}
	case err != nil:
		r.OK, r.Notes = false, append(r.Notes, err.Error())
	}
	r.Seconds = time.Since(begin).Round(100 * time.Millisecond).Seconds()
	return r
}

func (r *row) print() {
	result := "ok"
	if !r.OK {
		result = "NOT OK"
	}
	for i, note := range r.Notes {
		if i == 0 {
			result += ": " + note
		} else {
			result += "; " + note
		}
	}
	fmt.Printf("%-4s %-60s %12d %6d  %s\n", r.ID, r.Name, r.Acknowledged, r.Lost, result)
}
