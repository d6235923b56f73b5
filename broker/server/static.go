package server

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/assets"
)

// How long a file may be kept. A name with a digest in it never means anything else; every other name is asked for
// again, but for the client library's, which many apps load at every start.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheShort   = "public, max-age=300"
	cacheAsk     = "no-cache"
)

// clientFiles is where the client library is. Apps of other origins load it.
const clientFiles = "/client/"

// serveFile answers with the file, in the smallest form that the request accepts. Ranges are always of the plain
// form: a part of a compressed form is of use to nobody.
func serveFile(w http.ResponseWriter, r *http.Request, file *assets.File) {
	h := w.Header()
	h.Set("Content-Type", file.Type)
	h.Set("Cache-Control", cacheOf(file))
	if strings.HasPrefix(file.Path, clientFiles) {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	body, coding := file.Body, ""
	if file.Brotli != nil || file.Gzip != nil {
		h.Set("Vary", "Accept-Encoding")
		if r.Header.Get("Range") == "" {
			body, coding = choose(file, r.Header.Values("Accept-Encoding"))
		}
	}
	tag := file.Tag
	if coding != "" {
		h.Set("Content-Encoding", coding)
		// ServeContent leaves the length out where there is a coding, for those who compress behind its back.
		h.Set("Content-Length", strconv.Itoa(len(body)))
		tag += "-" + coding
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func cacheOf(file *assets.File) string {
	switch {
	case file.Immutable:
		return cacheForever
	case strings.HasPrefix(file.Path, clientFiles):
		return cacheShort
	}
	return cacheAsk
}

// choose returns the form of the file that the request likes best, brotli where it does not mind.
func choose(file *assets.File, accept []string) (body []byte, coding string) {
	list := strings.Join(accept, ",")
	br, gz := quality(list, "br"), quality(list, "gzip")
	switch {
	case file.Brotli != nil && br > 0 && br >= gz:
		return file.Brotli, "br"
	case file.Gzip != nil && gz > 0:
		return file.Gzip, "gzip"
	}
	return file.Body, ""
}

// quality returns how much an Accept-Encoding list wants the coding, from 0 to 1000 (RFC 9110, 12.5.3).
func quality(list, coding string) int {
	any := 0
	for item := range strings.SplitSeq(list, ",") {
		name, parameters, _ := strings.Cut(item, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != coding && name != "*" {
			continue
		}
		q := 1000
		if value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q="); ok {
			f, err := strconv.ParseFloat(value, 64)
			if err != nil || f < 0 || f > 1 {
				f = 0
			}
			q = int(f * 1000)
		}
		if name == coding {
			return q
		}
		any = q
	}
	return any
}
