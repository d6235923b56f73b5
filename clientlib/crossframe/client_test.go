package crossframe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/crossframe/crossframe/protocol"
)

func TestWhoConnects(t *testing.T) {
	b := startBroker(t)
	anna := b.connect("anna", "prices")
	if me, who := anna.Me(), anna.Identity(); me.App != "prices" || who == nil || who.Tenant != "acme" || who.User.ID != "anna" {
		t.Errorf("me %+v, identity %+v", me, who)
	}
	_, err := Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link", Token: StaticToken("dev:nobody")})
	wantCode(t, err, protocol.Unauthenticated)
	_, err = Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link"})
	if err == nil {
		t.Error("it connected without a token")
	}
	short, cancel := context.WithTimeout(b.ctx(), 50*time.Millisecond)
	defer cancel()
	if _, err = Connect(short, Options{URL: "ws://127.0.0.1:1/link", Token: StaticToken("x")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a broker that is not there: %v", err)
	}
}

func TestCallsBetweenPrograms(t *testing.T) {
	b := startBroker(t)
	anna, ben := b.connect("anna", "prices"), b.connect("ben", "desk")
	offer, err := anna.Offer(b.ctx(), "prices.quote", func(_ context.Context, call *Call) (any, error) {
		var args struct{ Symbol string }
		if err := call.Arguments.Decode(&args); err != nil {
			return nil, err
		}
		if args.Symbol == "" {
			return nil, protocol.NewFault(protocol.InvalidArgument, "symbol: want one")
		}
		_ = call.Progress("looking")
		return map[string]any{"symbol": args.Symbol, "caller": call.Caller.UserID, "app": call.Caller.App}, nil
	}, protocol.MethodOptions{})
	if err != nil {
		t.Fatal(err)
	}
	progress := make(chan string, 1)
	result, err := ben.Invoke(b.ctx(), "prices.quote", map[string]string{"Symbol": "DAX"}, InvokeOptions{Progress: func(v Value) {
		var text string
		_ = v.Decode(&text)
		progress <- text
	}})
	if err != nil {
		t.Fatal(err)
	}
	var quote struct{ Symbol, Caller, App string }
	if err := result.Decode(&quote); err != nil || quote.Symbol != "DAX" || quote.Caller != "ben" || quote.App != "desk" {
		t.Errorf("got %+v (%v)", quote, err)
	}
	if got := take(t, progress); got != "looking" || result.From.App != "prices" {
		t.Errorf("progress %q, from %+v", got, result.From)
	}
	_, err = ben.Invoke(b.ctx(), "prices.quote", map[string]string{}, InvokeOptions{})
	wantCode(t, err, protocol.InvalidArgument)
	// Another tenant does not even see it.
	_, err = b.connect("olga", "spy").Invoke(b.ctx(), "prices.quote", nil, InvokeOptions{})
	wantCode(t, err, protocol.MethodNotFound)
	if err := offer.Withdraw(b.ctx()); err != nil {
		t.Fatal(err)
	}
	_, err = ben.Invoke(b.ctx(), "prices.quote", nil, InvokeOptions{})
	wantCode(t, err, protocol.MethodNotFound)
}

func TestBytesAndManyCallees(t *testing.T) {
	b := startBroker(t)
	caller := b.connect("anna", "caller")
	for i := range 3 {
		callee := b.connect("anna", fmt.Sprint("callee", i))
		_, err := callee.Offer(b.ctx(), "double", func(_ context.Context, call *Call) (any, error) {
			if i == 2 {
				return nil, errors.New("not today")
			}
			return append(call.Arguments.Binary, call.Arguments.Binary...), nil
		}, protocol.MethodOptions{Scope: protocol.ScopeUser})
		if err != nil {
			t.Fatal(err)
		}
	}
	results, err := caller.InvokeAll(b.ctx(), "double", []byte{1, 2}, InvokeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	good, bad := 0, 0
	for _, r := range results {
		switch {
		case r.Fault != nil && r.Fault.Code == protocol.HandlerError:
			bad++
		case slices.Equal(r.Binary, []byte{1, 2, 1, 2}):
			good++
		}
	}
	if len(results) != 3 || good != 2 || bad != 1 {
		t.Errorf("got %+v", results)
	}
	var data []byte
	if err := results[0].Decode(&data); results[0].Fault == nil && (err != nil || len(data) != 4) {
		t.Errorf("decoding bytes: %v", err)
	}
}

func TestACallIsCancelledWithItsContext(t *testing.T) {
	b := startBroker(t)
	callee, caller := b.connect("anna", "callee"), b.connect("anna", "caller")
	began, ended := make(chan struct{}), make(chan error, 1)
	_, err := callee.Offer(b.ctx(), "wait", func(ctx context.Context, _ *Call) (any, error) {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}, protocol.MethodOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.ctx())
	failed := make(chan error, 1)
	go func() {
		_, err := caller.Invoke(ctx, "wait", nil, InvokeOptions{})
		failed <- err
	}()
	<-began
	cancel()
	if err := take(t, failed); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	if err := take(t, ended); err == nil {
		t.Error("the callee was not told")
	}
}

func TestMethodsComeAndGo(t *testing.T) {
	b := startBroker(t)
	watcher := b.connect("anna", "watcher")
	changes := make(chan string, 10)
	stop, err := watcher.WatchMethods(b.ctx(), protocol.MethodQuery{Prefix: "x."}, func(added, removed []protocol.MethodInfo) {
		for _, m := range added {
			changes <- "+" + m.Name
		}
		for _, m := range removed {
			changes <- "-" + m.Name
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error, 1)
	go func() {
		_, err := watcher.WaitFor(b.ctx(), "x.late")
		waited <- err
	}()
	offerer := b.connect("ben", "offerer")
	nothing := func(context.Context, *Call) (any, error) { return nil, nil }
	if _, err := offerer.Offer(b.ctx(), "x.late", nothing, protocol.MethodOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := take(t, waited); err != nil {
		t.Error(err)
	}
	if got := take(t, changes); got != "+x.late" {
		t.Errorf("told %s", got)
	}
	list, err := watcher.Methods(b.ctx(), protocol.MethodQuery{Name: "x.late"})
	if err != nil || len(list) != 1 || list[0].Peer.UserID != "ben" || list[0].Scope != protocol.ScopeTenant {
		t.Errorf("listed %+v (%v)", list, err)
	}
	offerer.Close()
	if got := take(t, changes); got != "-x.late" {
		t.Errorf("told %s", got)
	}
	stop()
}

func TestContextsAreShared(t *testing.T) {
	b := startBroker(t)
	anna, ben := b.connect("anna", "a"), b.connect("ben", "b")
	changes := make(chan Change, 100)
	stop, err := ben.Subscribe(b.ctx(), "prices", "", func(c Change) { changes <- c })
	if err != nil {
		t.Fatal(err)
	}
	if first := take(t, changes); first.Revision != 0 || first.Value != nil {
		t.Errorf("before there is one: %+v", first)
	}
	if rev, err := anna.Set(b.ctx(), "prices", map[string]any{"DAX": 1, "list": []int{1}}, WriteOptions{}); err != nil || rev != 1 {
		t.Fatalf("set: %d, %v", rev, err)
	}
	if _, err := anna.Update(b.ctx(), "prices", map[string]any{"MDAX": 2}, WriteOptions{Remove: []string{"DAX"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := anna.Patch(b.ctx(), "prices", []PathValue{{[]string{"deep", "er"}, 3}}, [][]string{{"list"}}, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"DAX":1,"list":[1]}`, `{"list":[1],"MDAX":2}`, `{"MDAX":2,"deep":{"er":3}}`} {
		if got := take(t, changes); string(got.Value) != want || got.Revision != int64(i+1) || got.Gap != "" || got.Writer == nil || got.Writer.UserID != "anna" {
			t.Errorf("change %d: %s at %d, gap %q, by %+v", i, got.Value, got.Revision, got.Gap, got.Writer)
		}
	}
	_, err = ben.Set(b.ctx(), "prices", map[string]any{}, WriteOptions{IfRevision: 2})
	wantCode(t, err, protocol.RevisionConflict)
	if s, err := ben.Get(b.ctx(), "prices", ""); err != nil || s.Revision != 3 || s.Info.Lifetime != protocol.LifetimeDurable {
		t.Errorf("get: %+v, %v", s, err)
	}
	if list, err := ben.Contexts(b.ctx(), ""); err != nil || len(list) != 1 || list[0].Name != "prices" {
		t.Errorf("list: %+v, %v", list, err)
	}
	if err := anna.Destroy(b.ctx(), "prices", ""); err != nil {
		t.Fatal(err)
	}
	if got := take(t, changes); got.Kind != protocol.ChangeDestroyed || got.Value != nil {
		t.Errorf("destroyed: %+v", got)
	}
	stop()
	if s, err := b.connect("olga", "spy").Get(b.ctx(), "prices", ""); err != nil || s.Revision != 0 {
		t.Errorf("another tenant reads %+v (%v)", s, err)
	}
}

// TestEverythingComesBack: offers, subscriptions and watches stand again when the broker does, and nothing acknowledged is
// lost.
func TestEverythingComesBack(t *testing.T) {
	b := startBroker(t)
	var mu sync.Mutex
	var states []bool
	anna, err := Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link", Token: StaticToken("dev:anna"), OnState: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		states = append(states, err == nil)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(anna.Close)
	ben := b.connect("ben", "b")
	if _, err := anna.Offer(b.ctx(), "ping", func(context.Context, *Call) (any, error) { return "pong", nil }, protocol.MethodOptions{}); err != nil {
		t.Fatal(err)
	}
	changes := make(chan Change, 100)
	if _, err := ben.Subscribe(b.ctx(), "state", "", func(c Change) { changes <- c }); err != nil {
		t.Fatal(err)
	}
	if _, err := anna.Set(b.ctx(), "state", map[string]int{"n": 1}, WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	take(t, changes)
	take(t, changes)
	b.stop()
	_, err = anna.Get(b.ctx(), "state", "")
	wantCode(t, err, protocol.Disconnected)
	b.again()
	result, err := retry(t, func() (*Result, error) {
		return ben.Invoke(b.ctx(), "ping", nil, InvokeOptions{WaitFor: 5 * time.Second})
	})
	if err != nil || string(result.JSON) != `"pong"` {
		t.Fatalf("the method did not come back: %v", err)
	}
	s, err := ben.Get(b.ctx(), "state", "")
	if err != nil || s.Revision != 1 || string(s.Value) != `{"n":1}` {
		t.Fatalf("what was acknowledged is not there: %+v, %v", s, err)
	}
	if _, err := retry(t, func() (int64, error) { return anna.Update(b.ctx(), "state", map[string]int{"n": 2}, WriteOptions{}) }); err != nil {
		t.Fatal(err)
	}
	if got := take(t, changes); got.Revision != 2 || string(got.Value) != `{"n":2}` || got.Gap != "" {
		t.Errorf("the subscription came back with %+v", got)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(states) < 3 || !states[0] || states[1] || !states[len(states)-1] {
		t.Errorf("told of its states %v", states)
	}
}

// TestTokenEnds: a program whose token ends connects again with another one, and what it offers stands again. A first token that
// has ended, and one that the broker does not accept later, end it.
func TestTokenEnds(t *testing.T) {
	b := startBroker(t)
	ends := func(in time.Duration) string { return "dev:anna until " + time.Now().Add(in).Format(time.RFC3339Nano) }
	tokens, asked := []string{ends(300 * time.Millisecond), ends(time.Hour)}, make(chan int, 10)
	anna, err := Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link", Token: func(context.Context) (string, error) {
		token := tokens[0]
		tokens = tokens[1:]
		asked <- len(tokens)
		return token, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(anna.Close)
	if _, err := retry(t, func() (*Offer, error) {
		return anna.Offer(b.ctx(), "ping", func(context.Context, *Call) (any, error) { return "pong", nil }, protocol.MethodOptions{})
	}); err != nil {
		t.Fatal(err)
	}
	take(t, asked)
	take(t, asked)
	ben := b.connect("ben", "b")
	if _, err := ben.Invoke(b.ctx(), "ping", nil, InvokeOptions{WaitFor: 5 * time.Second}); err != nil {
		t.Errorf("the method did not come back: %v", err)
	}
	if err := anna.Err(); err != nil {
		t.Errorf("it has ended: %v", err)
	}
	_, err = Connect(b.ctx(), Options{URL: "ws://" + b.address + "/link", Token: StaticToken(ends(-time.Hour))})
	wantCode(t, err, protocol.SessionExpired)
	if err := b.relay.Revoke("acme", "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := retry(t, func() (*Snapshot, error) {
		if anna.Err() != nil {
			return nil, anna.Err()
		}
		return nil, disconnected("it has not heard of it")
	}); err == nil {
		t.Error("its session was revoked, and it goes on")
	} else {
		wantCode(t, err, protocol.SessionRevoked)
	}
}

// retry asks until the connection is back.
func retry[T any](t *testing.T, ask func() (T, error)) (T, error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		got, err := ask()
		fault := (*protocol.Fault)(nil)
		if !errors.As(err, &fault) || fault.Code != protocol.Disconnected || time.Now().After(deadline) {
			return got, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
