package config

import "testing"

// TestProfilesAreForThisMachine (B16): only a listener that this machine alone reaches is local, and has profiles. What is no
// address of it, or may be another one, is not.
func TestProfilesAreForThisMachine(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:8079": true, "127.9.9.9:1": true, "[::1]:8079": true, "localhost:8079": true, "[::ffff:127.0.0.1]:8079": true,
		":8079": false, "0.0.0.0:8079": false, "[::]:8079": false, "10.0.0.1:8079": false, "desk.example.com:8079": false,
		"localhost.example.com:8079": false, "127.0.0.1.example.com:8079": false, "": false, "127.0.0.1": false,
	} {
		c := Config{OpsListen: address}
		if got := c.OpsIsLocal(); got != want {
			t.Errorf("%q is of this machine alone: %v", address, got)
		}
	}
}
