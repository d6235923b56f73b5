package rig

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
)

// Machine says where figures come from. Loads are the lowest and the highest load average among the rows.
type Machine struct {
	CPUs        int    `json:"cpus"`
	Model       string `json:"model"`
	MemoryBytes int64  `json:"memoryBytes"`
	System      string `json:"system"`
	Go          string `json:"go"`
	Loads       Loads  `json:"loads"`
}

// Loads are load averages.
type Loads struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Results collects rows of one form. Its methods may be called concurrently.
type Results[Row any] struct {
	mu    sync.Mutex
	rows  []Row
	loads Loads
}

// Add takes a row.
func (r *Results[Row]) Add(row Row) {
	load := loadAverage()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rows) == 0 {
		r.loads = Loads{load, load}
	}
	r.loads = Loads{min(r.loads.Low, load), max(r.loads.High, load)}
	r.rows = append(r.rows, row)
}

// Write writes the result file, and returns the machine in it.
func (r *Results[Row]) Write(path string) (Machine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := Machine{
		CPUs: runtime.NumCPU(), Model: field("/proc/cpuinfo", "model name"), System: runtime.GOOS + " " + firstLine("/proc/sys/kernel/osrelease"),
		Go: runtime.Version(), Loads: r.loads,
	}
	kb, _ := strconv.ParseInt(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"), 10, 64) // 0 where nobody says
	m.MemoryBytes = kb << 10
	text, err := json.MarshalIndent(map[string]any{"machine": m, "rows": r.rows}, "", "  ")
	if err != nil {
		return m, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return m, fmt.Errorf("write results: %w", err)
	}
	return m, os.WriteFile(path, append(text, '\n'), 0o644)
}

func loadAverage() float64 {
	first, _, _ := strings.Cut(firstLine("/proc/loadavg"), " ")
	load, _ := strconv.ParseFloat(first, 64) // 0 where nobody says
	return load
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return line
}

// field returns what a file of lines such as "name : value" says of a name.
func field(path, name string) string {
	text, _ := os.ReadFile(path)
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
