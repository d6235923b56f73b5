package licensing

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestSigningKeyFiles(t *testing.T) {
	d := newDesk(t)
	with := func(texts []string, file string) {
		t.Helper()
		d.fails(texts, "issue", "--key", file, "--subject=x", "--origin=https://a.b")
	}
	with([]string{"license keygen"}, d.path("missing.json"))
	with([]string{"no signing key"}, d.path("trusted.json"))
	with([]string{"no signing key"}, d.write("other.json", `{"id":"2026a","private":"AAAA"}`))
	with([]string{"damaged"}, d.write("short.json", `{"crossframe":"license signing key","id":"2026a","private":"AAAA"}`))
	with([]string{"1 MiB"}, d.write("huge.json", strings.Repeat(" ", maxFileBytes+1)))
	if runtime.GOOS != "windows" {
		if err := os.Chmod(d.path("key.json"), 0o640); err != nil {
			t.Fatal(err)
		}
		with([]string{"mode 0640", "chmod 600 " + d.path("key.json")}, d.path("key.json"))
	}
}

func TestTrustedKeys(t *testing.T) {
	d := newDesk(t)
	good := strings.Repeat("A", 43)
	for text, want := range map[string]string{
		`[]`:                                     "no trusted key",
		`{}`:                                     "no list",
		`[{"id":"a","public":"` + good + `"}] x`: "goes on",
		`[{"id":"a","pubic":"` + good + `"}]`:    "pubic",
		`[{"id":"a","public":"` + good + `="}]`:  "without padding",
		`[{"id":"a","public":"AAAA"}]`:           "no Ed25519 key",
		`[{"id":"a b","public":"` + good + `"}]`: "an id is",
		`[{"id":"a","public":"` + good + `"},{"id":"a","public":"` + good + `"}]`:       "used twice",
		`[{"id":"a","public":"` + good + `","notAfterIssued":1780000000000}]`:           "in seconds",
		`[{"id":"","public":"` + good + `"},{"id":"b","public":"","notAfterIssued":1}]`: "trusted key b",
	} {
		if keys, err := ReadTrustedKeys(d.write("x.json", text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %q", text, keys, err, want)
		}
	}
	keys, err := ReadTrustedKeys(d.write("x.json", `[{"id":"a","public":"`+good+`","notAfterIssued":1780000000}]`+"\n"))
	if err != nil || len(keys) != 1 || keys[0].NotAfterIssued != 1780000000 {
		t.Errorf("%+v, %v", keys, err)
	}
}
