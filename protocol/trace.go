package protocol

// MaxTraceBytes bounds a traceparent: one of a later version of the standard may be longer than the 55 bytes of today's.
const MaxTraceBytes = 256

// ValidTrace reports whether a text is a traceparent as the W3C recommendation "Trace Context" has it (section 3.2): version,
// trace id, parent id and flags in lower-case hexadecimal, ids that are not all zero, and nothing behind the flags but in
// versions that this one does not know. What has another form is not passed on: a tracing library may do anything with it.
func ValidTrace(s string) bool {
	const versionEnd, traceEnd, parentEnd, length = 2, 35, 52, 55
	if len(s) < length || len(s) > MaxTraceBytes {
		return false
	}
	if s[versionEnd] != '-' || s[traceEnd] != '-' || s[parentEnd] != '-' {
		return false
	}
	version, trace, parent, flags := s[:versionEnd], s[versionEnd+1:traceEnd], s[traceEnd+1:parentEnd], s[parentEnd+1:length]
	switch {
	case !lowerHex(version) || version == "ff" || !lowerHex(flags):
		return false
	case !lowerHex(trace) || allZero(trace) || !lowerHex(parent) || allZero(parent):
		return false
	case len(s) == length:
		return true
	}
	return version != "00" && s[length] == '-' && printable(s[length+1:])
}

func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func allZero(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}

// printable reports whether a text is of visible ASCII, as values of headers are.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}
