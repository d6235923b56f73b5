package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/crossframe/crossframe/broker/remote"
	"github.com/crossframe/crossframe/protocol"
)

const (
	// retryAfter is the least time between two reads of the key set, whatever tokens come: a token with an invented key
	// id costs its sender nothing.
	retryAfter = 30 * time.Second
	// readTimeout bounds one read.
	readTimeout = 5 * time.Second
)

// keys is the issuer's key set, as it was when it was last read. It may be used concurrently.
type keys struct {
	read    func(ctx context.Context) ([]byte, error)
	close   func()
	now     func() time.Time
	refresh time.Duration
	stale   time.Duration

	// reading is held by the one who reads the set; others go on with what is there, or wait.
	reading chan struct{}

	mu sync.Mutex
	// set was read at that time; tried is when that was last attempted, and fault why it failed.
	set       []jose.JSONWebKey
	at, tried time.Time
	fault     error
}

// newKeys returns the keys of the settings. A file must be readable now; an address may be down when the broker starts.
func newKeys(settings *JWT, now func() time.Time) (*keys, error) {
	k := &keys{
		now: now, close: func() {}, reading: make(chan struct{}, 1),
		refresh: duration(settings.RefreshMs, defaultRefresh), stale: duration(settings.StaleMs, defaultStale),
	}
	if settings.KeysFile != "" {
		k.read = func(context.Context) ([]byte, error) { return readFile(settings.KeysFile) }
		if err := k.update(context.Background()); err != nil {
			return nil, fmt.Errorf("read jwt.keysFile: %s %w", settings.KeysFile, err)
		}
		return k, nil
	}
	source, err := remote.NewSource(settings.KeysURL, remote.Options{
		MaxBytes: maxKeySetBytes, Timeout: readTimeout, Accept: "application/jwk-set+json, application/json",
	})
	if err != nil {
		return nil, fmt.Errorf("read jwt.keysURL: %w", err)
	}
	k.close = source.Close
	k.read = func(ctx context.Context) ([]byte, error) {
		document, err := source.Get(ctx, "")
		return document.Body, err
	}
	return k, nil
}

// CheckKeysFile returns what is wrong with a file of keys.
func CheckKeysFile(path string) error {
	text, err := readFile(path)
	if err != nil {
		return err
	}
	_, err = parseKeySet(text)
	return err
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxKeySetBytes+1))
}

// find returns the public keys that a token with that key id and algorithm can be signed with. A token that names no
// key may be signed with each that fits.
func (k *keys) find(ctx context.Context, id, algorithm string) ([]any, *Error) {
	found, usable, due := k.look(id, algorithm)
	if len(found) > 0 && !due {
		return found, nil
	}
	if !k.enter(ctx, len(found) > 0) {
		return k.settle(found, usable)
	}
	defer k.leave()
	// Another may have read the set meanwhile.
	if found, usable, due = k.look(id, algorithm); len(found) > 0 && !due || !k.mayTry() {
		return k.settle(found, usable)
	}
	// What fails leaves the old set, which is used as long as it may be.
	_ = k.update(ctx)
	found, usable, _ = k.look(id, algorithm)
	return k.settle(found, usable)
}

// settle says what follows from a look at the set when nothing more can be done.
func (k *keys) settle(found []any, usable bool) ([]any, *Error) {
	switch {
	case len(found) > 0:
		return found, nil
	case !usable:
		return nil, &Error{protocol.AuthUnavailable, "the issuer's key set cannot be read"}
	}
	return nil, unauthenticated("the issuer has no such key")
}

// look returns the keys that fit, whether there is a set that still may be used, and whether it should be read anew.
func (k *keys) look(id, algorithm string) (found []any, usable, due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.at)
	if k.set == nil || age > k.refresh+k.stale {
		return nil, false, true
	}
	for i := range k.set {
		if key := &k.set[i]; (id == "" || key.KeyID == id) && fits(key, algorithm) {
			found = append(found, key.Key)
		}
	}
	return found, true, age > k.refresh
}

// enter makes the caller the one who reads. Who has keys does not wait for it; who has none waits until ctx ends.
func (k *keys) enter(ctx context.Context, hasKeys bool) bool {
	if hasKeys {
		select {
		case k.reading <- struct{}{}:
			return true
		default:
			return false
		}
	}
	select {
	case k.reading <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (k *keys) leave() { <-k.reading }

func (k *keys) mayTry() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.tried.IsZero() || k.now().Sub(k.tried) >= retryAfter
}

// update reads the set. Whoever waits for it may go away; the others still need it.
func (k *keys) update(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTimeout)
	defer cancel()
	k.mu.Lock()
	k.tried = k.now()
	k.mu.Unlock()
	set, err := k.readSet(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fault = err; err == nil {
		k.set, k.at = set, k.now()
	}
	return err
}

func (k *keys) readSet(ctx context.Context) ([]jose.JSONWebKey, error) {
	text, err := k.read(ctx)
	if err != nil {
		return nil, err
	}
	return parseKeySet(text)
}

// load reads the set where that was not tried yet.
func (k *keys) load(ctx context.Context) {
	if !k.enter(ctx, false) {
		return
	}
	defer k.leave()
	k.mu.Lock()
	first := k.tried.IsZero()
	k.mu.Unlock()
	if first {
		_ = k.update(ctx)
	}
}

// reload reads the set now, whatever was tried before.
func (k *keys) reload(ctx context.Context) error {
	if !k.enter(ctx, false) {
		return ctx.Err()
	}
	defer k.leave()
	return k.update(ctx)
}

// missing says why nothing can be checked now; "" where it can, or where nobody has tried.
func (k *keys) missing() string {
	_, usable, _ := k.look("", "")
	k.mu.Lock()
	defer k.mu.Unlock()
	if usable || k.fault == nil {
		return ""
	}
	return k.fault.Error()
}
