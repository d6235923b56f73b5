package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Options bound a Source. The zero value works.
type Options struct {
	// MaxBytes bounds a document; if zero, 1 MiB.
	MaxBytes int64
	// Timeout bounds one Get as a whole; if zero, 10 s.
	Timeout time.Duration
	// Accept is what the request asks for; if empty, "application/json".
	Accept string
	// Bearer is a token that the server asks for; if empty, none is sent.
	Bearer string
	// TLS has other authorities than those of the system; if nil, the system's.
	TLS *tls.Config
}

// Source is the address of one document. It may be used concurrently.
type Source struct {
	address string
	shown   string
	options Options
	client  *http.Client
}

// Document is what a source answered.
type Document struct {
	// Body is nil where Unchanged.
	Body []byte
	// Tag names this version of the document; it may be empty.
	Tag string
	// Unchanged: the server says that its document still is the one that was named.
	Unchanged bool
}

// Errors of addresses.
var (
	errForm     = errors.New("is no absolute URL")
	errInsecure = errors.New("must begin with https://; http:// is for servers of this machine only, because anybody on the way could change what they answer")
	errUser     = errors.New("must not hold a user's name or password")
	errFragment = errors.New("must not have a fragment")
)

// CheckURL returns what is wrong with an address that documents are to come from.
func CheckURL(address string) error {
	_, err := parse(address)
	return err
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Host == "", u.Hostname() == "":
		return nil, errForm
	case u.User != nil:
		return nil, errUser
	case u.Fragment != "":
		return nil, errFragment
	case u.Scheme == "https", u.Scheme == "http" && local(u.Hostname()):
		return u, nil
	}
	return nil, errInsecure
}

// local reports whether a host is this machine, whatever a name server says.
func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// NewSource returns the source of that address; Close ends its idle connections.
func NewSource(address string, options Options) (*Source, error) {
	u, err := parse(address)
	if err != nil {
		return nil, err
	}
	if options.MaxBytes == 0 {
		options.MaxBytes = 1 << 20
	}
	if options.Timeout == 0 {
		options.Timeout = 10 * time.Second
	}
	if options.Accept == "" {
		options.Accept = "application/json"
	}
	shown := *u
	shown.RawQuery, shown.ForceQuery = "", false
	return &Source{address: u.String(), shown: shown.String(), options: options, client: newClient(options)}, nil
}

func newClient(options Options) *http.Client {
	return &http.Client{
		Timeout: options.Timeout,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        options.TLS,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        2,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// String is the address without its query: people put secrets there.
func (s *Source) String() string { return s.shown }

// Get returns the document, or that it still is the one with the tag.
func (s *Source) Get(ctx context.Context, tag string) (Document, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address, nil)
	if err != nil {
		return Document{}, fmt.Errorf("get %s: %w", s.shown, errForm)
	}
	request.Header.Set("Accept", s.options.Accept)
	request.Header.Set("User-Agent", "crossframe")
	if s.options.Bearer != "" {
		request.Header.Set("Authorization", "Bearer "+s.options.Bearer)
	}
	if tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return Document{}, fmt.Errorf("get %s: %w", s.shown, inner(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusNotModified && tag != "" {
		return Document{Tag: tag, Unchanged: true}, nil
	}
	if answer.StatusCode != http.StatusOK {
		return Document{}, fmt.Errorf("get %s: the server answered %d", s.shown, answer.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, s.options.MaxBytes+1))
	if err != nil {
		return Document{}, fmt.Errorf("get %s: %w", s.shown, inner(err))
	}
	if int64(len(body)) > s.options.MaxBytes {
		return Document{}, fmt.Errorf("get %s: the document is larger than %s bytes", s.shown, strconv.FormatInt(s.options.MaxBytes, 10))
	}
	return Document{Body: body, Tag: bounded(answer.Header.Get("ETag"))}, nil
}

// Close ends the connections that wait for another Get.
func (s *Source) Close() { s.client.CloseIdleConnections() }

// inner leaves out the address that the library's error repeats, with its query.
func inner(err error) error {
	if of := new(url.Error); errors.As(err, &of) {
		return of.Err
	}
	return err
}

// bounded returns the tag, where it is one that fits into a request.
func bounded(tag string) string {
	if len(tag) > 256 {
		return ""
	}
	return tag
}
