// Command prices is a program beside the demo's apps: it shares made-up prices with every page of its tenant, and answers
// what they were. The app Prices plots them.
//
//	go run ./demo/prices
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/crossframe/crossframe/clientlib/crossframe"
	"github.com/crossframe/crossframe/protocol"
)

func main() {
	url := flag.String("url", "ws://localhost:8080/link", "address of the broker's WebSocket")
	token := flag.String("token", "dev:anna", "proves who connects; dev: and the id of a user, in development")
	every := flag.Duration("every", 500*time.Millisecond, "time between two prices")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *url, *token, *every); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "prices:", err)
		os.Exit(1)
	}
}

// run shares prices until ctx ends, or there is no use in going on.
func run(ctx context.Context, url, token string, every time.Duration) error {
	client, err := crossframe.Connect(ctx, crossframe.Options{
		URL: url, Token: crossframe.StaticToken(token), App: "price-service", OnState: told,
	})
	if err != nil {
		return fmt.Errorf("connect to %s: %w", url, err)
	}
	defer client.Close()
	m := newMarket(time.Now())
	if _, err := client.Offer(ctx, "prices.history", m.history, protocol.MethodOptions{
		Description: "The last prices of a symbol", Accepts: protocol.Raw(`"String symbol"`),
	}); err != nil {
		return fmt.Errorf("offer prices.history: %w", err)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			// Prices are worth nothing a second later: they are kept in memory only.
			_, err := client.Update(ctx, "prices", m.next(now), crossframe.WriteOptions{Lifetime: protocol.LifetimeSession})
			if err != nil && client.Err() != nil {
				return err
			} else if err != nil && !errors.Is(err, context.Canceled) {
				told(err)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// told says how the connection is.
func told(err error) {
	if err == nil {
		fmt.Println("prices: connected; Ctrl-C ends it")
	} else {
		fmt.Println("prices:", err)
	}
}
