package store

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of a line of an export: 4 MiB of value in base64, and the largest key; and how deep a line's JSON is.
const maxExportLine = 8 << 20

// errLine is a line that is not of the form.
func errLine(n int64, what string) error {
	return fmt.Errorf("%w: line %d of the export %s", ErrFormat, n, what)
}

// readExport calls f with every line's value or record, after its form was checked, and checks the end. What f is called with
// is to be believed only when ReadExport has returned no error: the digest comes last.
func readExport(from io.Reader, f func(exportLine) error) (sum Summary, err error) {
	in := bufio.NewScanner(from)
	in.Buffer(make([]byte, 64<<10), maxExportLine)
	digest, lines := sha256.New(), int64(0)
	sum.Values = make(map[Class]int64)
	ended := false
	for in.Scan() {
		if ended {
			return sum, errLine(lines+2, "comes after its end")
		}
		if lines == 0 {
			if sum.Epoch, sum.Written, err = readHead(in.Bytes()); err != nil {
				return sum, err
			}
		} else {
			line, err := readLine(lines+1, in.Bytes())
			if err != nil {
				return sum, err
			}
			if line.Digest != "" {
				if line.Lines != lines || line.Digest != hex.EncodeToString(digest.Sum(nil)) {
					return sum, fmt.Errorf("%w: the export is not what was written: its digest does not match", ErrCorrupt)
				}
				ended = true
				continue
			}
			if line.Bucket != "" {
				sum.Values[line.Bucket]++
			} else {
				sum.Records++
			}
			if err := f(line); err != nil {
				return sum, err
			}
		}
		lines++
		_, _ = digest.Write(in.Bytes())
		_, _ = digest.Write([]byte{'\n'})
	}
	switch {
	case errors.Is(in.Err(), bufio.ErrTooLong):
		return sum, errLine(lines+1, "is too long")
	case in.Err() != nil:
		return sum, fmt.Errorf("read export: %w", in.Err())
	case lines == 0:
		return sum, fmt.Errorf("%w: the export is empty", ErrFormat)
	case !ended:
		return sum, fmt.Errorf("%w: the export has no end: it was cut off after line %d", ErrCorrupt, lines)
	}
	return sum, nil
}

func readHead(text []byte) (epoch string, written time.Time, err error) {
	var head exportHead
	if json.Unmarshal(text, &head) != nil || head.Crossframe != exportIs {
		return "", written, fmt.Errorf("%w: that is no export of a store", ErrFormat)
	}
	if head.Format > format || head.Format < 1 {
		return "", written, fmt.Errorf("%w: the export has the format %d, and this version knows %d", ErrFormat, head.Format, format)
	}
	return head.Epoch, head.Written, nil
}

func readLine(n int64, text []byte) (line exportLine, err error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&line); err != nil {
		return line, errLine(n, "is not readable: "+err.Error())
	}
	if _, err := in.Token(); err != io.EOF {
		return line, errLine(n, "goes on after its value")
	}
	switch {
	case line.Digest != "":
		return line, nil
	case line.Bucket != "":
		if t := traitOf(line.Bucket); t == nil || t.memory || t.class == meta {
			return line, errLine(n, "is of a bucket that there is not")
		}
		if line.key().check() != nil {
			return line, errLine(n, "has no key, or one that is too long")
		}
	case line.Written == nil || KeyOf(string(line.Tenant)).check() != nil:
		return line, errLine(n, "is neither a value nor a record of the log")
	}
	return line, nil
}

func (l *exportLine) key() Key {
	elements := make([]string, len(l.Key))
	for i, e := range l.Key {
		elements[i] = string(e)
	}
	return KeyOf(elements...)
}

// VerifyExport reads an export to its end and checks it.
func VerifyExport(from io.Reader) (Summary, error) {
	return readExport(from, func(exportLine) error { return nil })
}

// Import writes an export into the store and gives the store another epoch. The export is read twice: nothing is written
// before it was found to be whole. A store that has values already is refused with ErrNotEmpty, unless over is set: then
// values of the export replace those of the same key, and all others stay. The log is appended to; its records keep
// their times. No broker may have the store open meanwhile: it would not notice the new epoch.
func (s *Store) Import(ctx context.Context, from io.ReadSeeker, over bool) (sum Summary, err error) {
	if sum, err = VerifyExport(from); err != nil {
		return sum, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return sum, fmt.Errorf("import: %w", err)
	}
	if !over {
		if err := s.refuseFull(ctx); err != nil {
			return sum, err
		}
	}
	if _, err := readExport(from, func(line exportLine) error { return s.importLine(ctx, line) }); err != nil {
		return sum, fmt.Errorf("import: %w\n  the store has a part of it now: repeat the import with --over", err)
	}
	return sum, s.renew(ctx)
}

// refuseFull returns ErrNotEmpty if anything durable is there.
func (s *Store) refuseFull(ctx context.Context) error {
	full := errors.New("full")
	for _, t := range traits[1:] {
		if t.memory {
			continue
		}
		err := s.buckets[t.class].List(ctx, Key{}, func(Entry) error { return full })
		if errors.Is(err, full) {
			return fmt.Errorf("import: %w\n  fix: import into an empty store, or over what is there with --over", ErrNotEmpty)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) importLine(ctx context.Context, line exportLine) error {
	if line.Bucket == "" {
		return s.audit.restore(ctx, string(line.Tenant), *line.Written, line.Value)
	}
	var options []WriteOption
	if line.Until != nil {
		left := time.Until(*line.Until)
		if left <= 0 {
			return nil
		}
		options = append(options, Lifetime(left))
	}
	_, err := s.buckets[line.Bucket].Put(ctx, line.key(), line.Value, options...)
	return err
}
