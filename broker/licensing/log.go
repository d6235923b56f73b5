package licensing

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// maxLogLine bounds one line of the log.
const maxLogLine = 64 << 10

// logLine is a line of the log: a license that was issued, or one that was revoked. Lines are only ever added.
type logLine struct {
	view
	// Revoked is the id of a license that was taken back.
	Revoked   string `json:"revoked,omitempty"`
	RevokedAt string `json:"revokedAt,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// revokedLine is a logLine of the second kind, as it is written.
type revokedLine struct {
	Revoked   string `json:"revoked"`
	RevokedAt string `json:"revokedAt"`
	Reason    string `json:"reason,omitempty"`
}

// appendLog adds lines to the log file; "" is none. They are on disk when it returns.
func appendLog(path string, lines ...any) error {
	if path == "" || len(lines) == 0 {
		return nil
	}
	var text []byte
	for _, line := range lines {
		one, err := json.Marshal(line)
		if err != nil {
			return fmt.Errorf("log license: %w", err)
		}
		text = append(append(text, one...), '\n')
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("log license: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("log license: %w", err)
	}
	return nil
}

// readLog reads the log, line by line.
func readLog(path string) (lines []logLine, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read license log: %w", err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, maxLogLine)
	for n := 1; scanner.Scan(); n++ {
		var line logLine
		if err := json.Unmarshal(scanner.Bytes(), &line); err != nil || (line.ID == "") == (line.Revoked == "") {
			return nil, fmt.Errorf("read license log: %s:%d is no line of one; restore the file from its backup", path, n)
		}
		lines = append(lines, line)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read license log: %s: %w", path, err)
	}
	return lines, nil
}
