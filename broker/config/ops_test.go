package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpsAddress(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crossframe.yaml")
	if err := os.WriteFile(file, []byte("opsListen: 10.0.0.7:9000\nno such setting: [\"but that is for the broker to tell\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ file, flag, want string }{
		{"", "-", "127.0.0.1:8079"}, {file, "-", "10.0.0.7:9000"}, {file, "127.0.0.1:1", "127.0.0.1:1"},
		{"", ":8079", "127.0.0.1:8079"}, {"", "0.0.0.0:8079", "127.0.0.1:8079"}, {"", "[::]:8079", "[::1]:8079"}, {"", "localhost:8079", "localhost:8079"},
	} {
		flag := &test.flag
		if test.flag == "-" {
			flag = nil
		}
		if got, err := OpsAddress(test.file, flag); err != nil || got != test.want {
			t.Errorf("%+v: %q, %v", test, got, err)
		}
	}
	off := ""
	if _, err := OpsAddress("", &off); err == nil || !strings.Contains(err.Error(), "fix: set opsListen") {
		t.Errorf("switched off: %v", err)
	}
	if _, err := OpsAddress(file+"-not", nil); err == nil {
		t.Error("a file that is not there")
	}
}
