package assets

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

func TestLoad(t *testing.T) {
	set, err := Load(fstest.MapFS{
		"index.html":               {Data: []byte("<!doctype html>")},
		"assets/hub.ABCD2345.wasm": {Data: []byte("wasm")}, "assets/hub.ABCD2345.wasm.br": {Data: []byte("br")},
		"assets/hub.ABCD2345.wasm.gz": {Data: []byte("gz")},
		"alone.gz":                    {Data: []byte("not a form of anything")},
		".keep":                       {Data: []byte("hidden")},
		"dir/.hidden":                 {Data: []byte("hidden")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"/alone.gz", "/assets/hub.ABCD2345.wasm", "/index.html"}; !slices.Equal(set.Paths(), want) {
		t.Fatalf("paths are %q, want %q", set.Paths(), want)
	}
	hub := set["/assets/hub.ABCD2345.wasm"]
	if hub.Type != "application/wasm" || !hub.Immutable || string(hub.Brotli) != "br" || string(hub.Gzip) != "gz" || hub.Tag == "" {
		t.Errorf("hub is %+v", hub)
	}
	if page := set["/index.html"]; page.Immutable || page.Brotli != nil || page.Tag == hub.Tag || page.Type != "text/html; charset=utf-8" {
		t.Errorf("page is %+v", page)
	}
}

func TestReplaceIsForPagesOnly(t *testing.T) {
	set, err := Load(fstest.MapFS{
		"index.html": {Data: []byte("hub __HUB__")}, "index.html.gz": {Data: []byte("gz")},
		"app.js": {Data: []byte("__HUB__")}, "other.html": {Data: []byte("none")}, "other.html.gz": {Data: []byte("gz")},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := set.Replace("__HUB__", "https://desk.example")
	page := got["/index.html"]
	if string(page.Body) != "hub https://desk.example" || page.Gzip != nil || page.Tag == set["/index.html"].Tag {
		t.Errorf("page is %+v", page)
	}
	if got["/app.js"] != set["/app.js"] || got["/other.html"] != set["/other.html"] || string(set["/index.html"].Body) != "hub __HUB__" {
		t.Error("other files, or the set itself, changed")
	}
}

func TestHashed(t *testing.T) {
	for name, want := range map[string]bool{
		"assets/page.ABCD2345.js": true, "a.b.ZZZZ7777.wasm": true,
		"page.js": false, "client.min.js": false, "page.abcd2345.js": false, "page.ABCD234.js": false, "page.ABCD23456.js": false,
		"page.ABCD2301.js": false, "ABCD2345.js": false, "": false, "page.ABCD2345": false,
	} {
		if got := hashed(name); got != want {
			t.Errorf("hashed(%q) = %v", name, got)
		}
	}
}

// TestFreshClone: the build fills the folder, but the program must build and run without it.
func TestFreshClone(t *testing.T) {
	if _, err := fs.Stat(dist, "dist/.keep"); err != nil {
		t.Errorf("the folder must be there before a build: %v", err)
	}
	if set, err := Load(Embedded("no/such/folder")); err != nil || len(set) != 0 {
		t.Errorf("a folder that was not built has %d files, %v", len(set), err)
	}
}
