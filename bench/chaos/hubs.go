package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"

	"github.com/crossframe/crossframe/bench/rig"
)

// hubsMeetAgain (F08): hubs write while there is no broker, and while their connections are cut over and over. It is what the tests of
// wasm/link do, with real hubs and a real broker; here they are counted.
func hubsMeetAgain(ctx context.Context, _ *rig.Stage, t *tally) error {
	const tests = "TestContextsOutliveTheBroker|TestCutAtAnyTime"
	said, err := command(ctx, "go", "test", "-count=1", "-v", "-run", tests, "./wasm/link")
	found := regexp.MustCompile(`(\d+) writes, (\d+) revisions`).FindStringSubmatch(said)
	if err != nil {
		return fmt.Errorf("test wasm/link: %w", err)
	}
	if found == nil {
		return fmt.Errorf("test wasm/link: it does not say how many writes there were: %s", said)
	}
	writes, _ := strconv.Atoi(found[1]) // The pattern matches digits only.
	t.count(writes, 0)
	t.note("%s writes made %s revisions: merged offline, none lost, none made twice", found[1], found[2])
	return nil
}
