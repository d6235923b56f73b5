package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/audit"
	"github.com/crossframe/crossframe/broker/fault"
	"github.com/crossframe/crossframe/broker/source"
)

// tokenVariable holds a credential. It has no flag, because command lines are visible to everybody on the machine.
const tokenVariable = "CROSSFRAME_TOKEN"

// Bounds of an answer of another broker.
const (
	remoteTimeout = 60 * time.Second
	remoteBytes   = 16 << 20
)

// remoteAudit is the trail of a running broker.
type remoteAudit struct {
	base, token string
	client      *http.Client
}

func newRemoteAudit(address, tokenFile string) (*remoteAudit, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.User != nil:
		return nil, fmt.Errorf("--url: %q is no address of a broker\n  fix: write one such as https://desk.example.com", address)
	case u.Scheme == "http" && !ofThisMachine(u.Hostname()):
		return nil, errors.New("--url: the credential would be readable on its way\n  fix: write https://")
	}
	token := os.Getenv(tokenVariable)
	if tokenFile != "" {
		text, err := source.Read(tokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(text))
	}
	if token == "" {
		return nil, errors.New("a running broker is asked with a credential\n  fix: set " + tokenVariable + ", or --token-file")
	}
	// An answer that points elsewhere is not followed: the credential is for this address.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &remoteAudit{strings.TrimSuffix(u.String(), "/"), token, &http.Client{Timeout: remoteTimeout, CheckRedirect: stay}}, nil
}

func ofThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// page asks for one page.
func (r *remoteAudit) page(ctx context.Context, q audit.Query) (page audit.Page, err error) {
	values := url.Values{}
	for name, value := range map[string]string{"code": q.Code, "user": q.User, "app": q.App, "after": q.After, "limit": strconv.Itoa(q.Limit)} {
		if value != "" {
			values.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			values.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/api/v1/audit?"+values.Encode(), nil)
	if err != nil {
		return page, fmt.Errorf("ask broker: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	answer, err := r.client.Do(request)
	if err != nil {
		return page, fmt.Errorf("ask broker: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, remoteBytes))
	if err != nil {
		return page, fmt.Errorf("read answer of the broker: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		var f fault.Fault
		if json.Unmarshal(text, &f) != nil || f.Code == "" {
			return page, fmt.Errorf("the broker answers with status %d", answer.StatusCode)
		}
		return page, fmt.Errorf("the broker refuses: %s: %s", f.Code, f.Message)
	}
	if err := json.Unmarshal(text, &page); err != nil {
		return page, fmt.Errorf("read answer of the broker: %w", err)
	}
	return page, nil
}
