package origin

import "strings"

// readHost reads the host of a pattern into canonical form.
func (r *reader) readHost(host string, at int) error {
	if host == "" {
		return r.fail(at, "the host is missing")
	}
	if host[0] == '[' {
		groups, ok := parseIPv6(host)
		if !ok {
			return r.fail(at, "[ ] holds an IPv6 address; there are no character classes")
		}
		r.p.host = string(appendIPv6(nil, groups))
		return nil
	}
	name, err := r.readLabels(host, at)
	if err != nil {
		return err
	}
	if strings.Contains(name, "**") {
		r.p.stars = true
		name = squeeze(name)
	}
	name, r.p.rooted = strings.CutSuffix(name, ".")
	if name == "" || name[0] == '.' || strings.HasSuffix(name, ".") || strings.Contains(name, "..") {
		return r.fail(at, "a label between two dots is missing")
	}
	if name == anyHost && r.p.rooted {
		return r.fail(at, "the name after *. is missing")
	}
	if strings.Contains(name, "*") {
		if err := r.allowStar(at + strings.IndexByte(host, '*')); err != nil {
			return err
		}
	}
	r.p.host, r.p.deep = strings.CutPrefix(name, "*.")
	return nil
}

// allowStar refuses wildcards where the list or the scheme takes exact hosts only.
func (r *reader) allowStar(at int) error {
	switch {
	case r.p.kind == ExactList:
		return r.fail(at, "wildcards are not allowed here; name one origin")
	case r.p.scheme != "" && r.p.scheme != "http" && r.p.scheme != "https":
		return r.fail(at, "wildcards reach http and https only; write the host out")
	}
	return nil
}

// readLabels turns each label into lower-case ASCII. Wildcards stay; dots may appear where Unicode has other dots.
func (r *reader) readLabels(host string, at int) (string, error) {
	var out []byte
	for first, more := true, true; more; first = false {
		var label string
		label, host, more = strings.Cut(host, ".")
		if !first {
			out = append(out, '.')
		}
		ascii, err := r.readLabel(label, at)
		if err != nil {
			return "", err
		}
		out = append(out, ascii...)
		at += len(label) + 1
	}
	return string(out), nil
}

func (r *reader) readLabel(label string, at int) (string, error) {
	wide := strings.IndexFunc(label, func(c rune) bool { return c >= 0x80 })
	if wide >= 0 {
		return r.readUnicode(label, at, wide)
	}
	lower := LowerASCII(label)
	for i := 0; i < len(lower); i++ {
		if !hostByte(lower[i]) && lower[i] != '*' {
			return "", r.fail(at+i, problemOf(lower[i]))
		}
	}
	return lower, nil
}

// readUnicode turns a label with other than ASCII characters into punycode; wide is where the first one is.
func (r *reader) readUnicode(label string, at, wide int) (string, error) {
	if r.toASCII == nil {
		return "", r.fail(at+wide, "host names here are ASCII; write the punycode form, such as xn--bcher-kva")
	}
	if star := strings.IndexByte(label, '*'); star >= 0 {
		return "", r.fail(at+star, "a label with * cannot hold other than ASCII characters; write punycode")
	}
	ascii, err := r.toASCII(label)
	if err != nil {
		return "", r.fail(at+wide, "this is no host name: "+err.Error())
	}
	ascii = LowerASCII(ascii)
	// Full-width forms map to ASCII, so that * and / can come out of a mapping that saw none.
	for i := 0; i < len(ascii); i++ {
		if !hostByte(ascii[i]) && ascii[i] != '.' {
			return "", r.fail(at+wide, "this is no host name: it stands for "+ascii)
		}
	}
	return ascii, nil
}

// problemOf explains a byte that may not stand in a host.
func problemOf(c byte) string {
	switch c {
	case '@':
		return "an origin has no user name or password"
	case '?':
		return "? is no wildcard, and an origin has no query"
	case '#':
		return "an origin has no fragment"
	case '{', '}', ',':
		return "there are no alternatives; write one pattern for each"
	case '[', ']':
		return "[ ] holds an IPv6 address; there are no character classes"
	case '\\':
		return "there is no escape character"
	case '!':
		return "there is no negation"
	case '%':
		return "there is no percent encoding in a host"
	case ' ', '\t', '\n', '\r':
		return "there must be no white space"
	}
	return "this character cannot be part of a host"
}

// squeeze makes one * of several in a row.
func squeeze(name string) string {
	out := make([]byte, 0, len(name))
	for i := range len(name) {
		if name[i] != '*' || i == 0 || name[i-1] != '*' {
			out = append(out, name[i])
		}
	}
	return string(out)
}
