package identity

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/crossframe/crossframe/protocol"
)

// issuer is a server with a key set.
type issuer struct {
	*httptest.Server
	asked atomic.Int32
	down  atomic.Bool
	set   atomic.Pointer[[]byte]
	// hold, where it is not nil, holds up the answers.
	hold atomic.Pointer[chan struct{}]
}

func newIssuer(t *testing.T, set []byte) *issuer {
	i := new(issuer)
	i.set.Store(&set)
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		if hold := i.hold.Load(); hold != nil {
			<-*hold
		}
		if i.down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_, _ = w.Write(*i.set.Load())
	}))
	t.Cleanup(i.Close)
	return i
}

// clock is a clock that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) advance(d time.Duration) { c.mu.Lock(); c.now = c.now.Add(d); c.mu.Unlock() }

// atIssuer returns a checker of the issuer's tokens, and its clock.
func atIssuer(t *testing.T, i *issuer) (*Checker, *clock) {
	t.Helper()
	settings := settingsOf(t, nil)
	settings.KeysFile, settings.KeysURL = "", i.URL+"/keys"
	at := &clock{now: start}
	v, err := newVerifier(settings, at.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := &Checker{tokens: v}
	t.Cleanup(c.Close)
	return c, at
}

// forEver is a token that outlives every step of a test's clock.
func forEver(t *testing.T, k key) string {
	return k.sign(t, ada("exp", start.Add(1000*time.Hour).Unix()))
}

func TestKeysAreReadOnceAndAgainForANewKey(t *testing.T) {
	old, next := newKey(t, "old", "EdDSA"), newKey(t, "new", "EdDSA")
	i := newIssuer(t, setOf(t, old.public()))
	c, at := atIssuer(t, i)
	step := func(what string, k key, code protocol.Code, asked int32) {
		t.Helper()
		if got, reason := codeOf(t, c, forEver(t, k)); got != code || i.asked.Load() != asked {
			t.Errorf("%s: %q %q after %d reads, want %q after %d", what, got, reason, i.asked.Load(), code, asked)
		}
	}
	step("the first token makes the set be read", old, "", 1)
	step("the second does not", old, "", 1)
	rotated := setOf(t, old.public(), next.public())
	i.set.Store(&rotated)
	step("an unknown key so soon does not either", next, protocol.Unauthenticated, 1)
	at.advance(retryAfter)
	step("an unknown key does later", next, "", 2)
	for range 1000 {
		step("invented keys", key{"invented", "EdDSA", old.private}, protocol.Unauthenticated, 2)
	}
	at.advance(defaultRefresh + time.Second)
	step("age does too", old, "", 3)
	removed := setOf(t, next.public())
	i.set.Store(&removed)
	at.advance(defaultRefresh + time.Second)
	step("a removed key ends with the next read", old, protocol.Unauthenticated, 4)
	step("the other goes on", next, "", 4)
}

func TestStaleKeysAreUsedForATime(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	i := newIssuer(t, setOf(t, k.public()))
	c, at := atIssuer(t, i)
	token := forEver(t, k)
	i.down.Store(true)
	if code, _ := codeOf(t, c, token); code != protocol.AuthUnavailable {
		t.Fatalf("without any keys: %q", code)
	}
	i.down.Store(false)
	if code, _ := codeOf(t, c, token); code != protocol.AuthUnavailable || i.asked.Load() != 1 {
		t.Fatalf("an issuer that is down is not asked at every token: %q, asked %d times", code, i.asked.Load())
	}
	at.advance(retryAfter)
	if code, _ := codeOf(t, c, token); code != "" {
		t.Fatalf("when it is back: %q", code)
	}
	broken := []byte("<html>")
	for name, harm := range map[string]func(){"down": func() { i.down.Store(true) }, "broken": func() { i.down.Store(false); i.set.Store(&broken) }} {
		harm()
		at.advance(defaultRefresh)
		if code, reason := codeOf(t, c, token); code != "" {
			t.Errorf("%s: %q %q", name, code, reason)
		}
	}
	at.advance(defaultStale)
	if code, _ := codeOf(t, c, token); code != protocol.AuthUnavailable {
		t.Errorf("after the time for stale keys: %q", code)
	}
}

// TestWhatIsMissingIsTold: from the first attempt on, and as long as no key can be used.
func TestWhatIsMissingIsTold(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	i := newIssuer(t, setOf(t, k.public()))
	c, at := atIssuer(t, i)
	told := func(want string) {
		t.Helper()
		if got := strings.Join(c.Missing(), ", "); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("missing: %q, want %q", got, want)
		}
	}
	told("")
	i.down.Store(true)
	c.Load(t.Context())
	told("the server answered 502")
	i.down.Store(false)
	c.Load(t.Context())
	if i.asked.Load() != 1 {
		t.Errorf("asked %d times", i.asked.Load())
	}
	at.advance(retryAfter)
	if code, reason := codeOf(t, c, forEver(t, k)); code != "" {
		t.Errorf("%q %q", code, reason)
	}
	told("")
	i.down.Store(true)
	at.advance(defaultRefresh + time.Second)
	codeOf(t, c, forEver(t, k))
	told("")
	at.advance(defaultStale)
	told("the server answered 502")
	if none, _ := New(&Settings{}); none.Missing() != nil {
		t.Error("without tokens nothing is missing")
	}
}

// TestOneReadForAll: while the set is read, those who have a key go on, those who have none wait for that one read.
func TestOneReadForAll(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	i := newIssuer(t, setOf(t, k.public()))
	c, at := atIssuer(t, i)
	hold := make(chan struct{})
	i.hold.Store(&hold)
	token := forEver(t, k)
	var waiting sync.WaitGroup
	for range 20 {
		waiting.Go(func() {
			if code, reason := codeOf(t, c, token); code != "" {
				t.Errorf("%q %q", code, reason)
			}
		})
	}
	until(t, func() bool { return i.asked.Load() == 1 })
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Authenticate(gone, token); err == nil || err.(*Error).Code != protocol.AuthUnavailable {
		t.Errorf("who does not wait: %v", err)
	}
	close(hold)
	waiting.Wait()
	if n := i.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	// With keys that are due, one reads and the others do not wait for him.
	hold = make(chan struct{})
	i.hold.Store(&hold)
	at.advance(defaultRefresh + time.Second)
	waiting.Go(func() { codeOf(t, c, token) })
	until(t, func() bool { return i.asked.Load() == 2 })
	if code, reason := codeOf(t, c, token); code != "" {
		t.Errorf("%q %q", code, reason)
	}
	close(hold)
	waiting.Wait()
}

// TestWhoGoesAwayDoesNotEndTheRead: otherwise whoever hangs up at once could keep the set from being read.
func TestWhoGoesAwayDoesNotEndTheRead(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	i := newIssuer(t, setOf(t, k.public()))
	c, _ := atIssuer(t, i)
	gone, cancel := context.WithCancel(t.Context())
	hold := make(chan struct{})
	i.hold.Store(&hold)
	ended := make(chan error, 1)
	token := forEver(t, k)
	go func() { _, err := c.Authenticate(gone, token); ended <- err }()
	until(t, func() bool { return i.asked.Load() == 1 })
	cancel()
	close(hold)
	if err := <-ended; err != nil {
		t.Errorf("got %v", err)
	}
}

func TestAFileIsReadAgain(t *testing.T) {
	old, next := newKey(t, "old", "EdDSA"), newKey(t, "new", "EdDSA")
	settings := settingsOf(t, setOf(t, old.public()))
	at := &clock{now: start}
	v, err := newVerifier(settings, at.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := &Checker{tokens: v}
	if err := os.WriteFile(settings.KeysFile, setOf(t, next.public()), 0o600); err != nil {
		t.Fatal(err)
	}
	at.advance(retryAfter)
	if code, reason := codeOf(t, c, forEver(t, next)); code != "" {
		t.Errorf("%q %q", code, reason)
	}
	if err := os.Remove(settings.KeysFile); err != nil {
		t.Fatal(err)
	}
	at.advance(defaultRefresh + time.Second)
	if code, reason := codeOf(t, c, forEver(t, next)); code != "" {
		t.Errorf("when the file is gone: %q %q", code, reason)
	}
}

func TestKeySets(t *testing.T) {
	k := newKey(t, "k1", "EdDSA")
	secret := jose.JSONWebKey{Key: k.private, KeyID: "k1"}
	shared := jose.JSONWebKey{Key: []byte("0123456789abcdef0123456789abcdef"), KeyID: "s"}
	many := make([]jose.JSONWebKey, maxKeys+1)
	for i := range many {
		many[i] = k.public()
	}
	for name, test := range map[string]struct {
		text []byte
		want string
	}{
		"one key":             {setOf(t, k.public()), ""},
		"an unknown kind too": {[]byte(`{"keys":[{"kty":"quantum"},` + strings.TrimPrefix(string(setOf(t, k.public())), `{"keys":[`)), ""},
		"an unknown kind":     {[]byte(`{"keys":[{"kty":"quantum"}]}`), errNoKey.Error()},
		"no keys":             {[]byte(`{"keys":[]}`), errNoKey.Error()},
		"a private key":       {setOf(t, k.public(), secret), errSecretKey.Error()},
		"a shared secret":     {setOf(t, k.public(), shared), errSecretKey.Error()},
		"too many":            {setOf(t, many...), "has more than 32 keys"},
		"a page":              {[]byte("<html>"), errNoKeySet.Error()},
		"another document":    {[]byte(`{"jwks_uri":"https://a.example"}`), errNoKeySet.Error()},
		"nothing":             {nil, errNoKeySet.Error()},
		"too large":           {[]byte(`{"keys":[]}` + strings.Repeat(" ", maxKeySetBytes)), errNoKeySet.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			settings := settingsOf(t, test.text)
			got := ""
			if err := CheckKeysFile(settings.KeysFile); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
			if _, err := New(&Settings{JWT: settings}); (err == nil) != (test.want == "") || err != nil && !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("New: %v", err)
			}
		})
	}
	if err := CheckKeysFile(t.TempDir() + "/none.json"); err == nil || err.Error() != "no such file or directory" {
		t.Errorf("got %v", err)
	}
}

// until waits for what another goroutine does.
func until(t *testing.T, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("it did not happen")
}
