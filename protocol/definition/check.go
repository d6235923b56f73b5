package definition

import (
	"strconv"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Problem is what is wrong with one field of a definition.
type Problem struct {
	// Field is the path below the definition, such as "frame.sandbox[1]".
	Field string
	// Text says what is wrong and what would be right.
	Text string
}

// Check returns nil where the definition can be used, and otherwise an INVALID_APP_DEFINITION whose message names
// the first field that is wrong: "apps[name].frame.sandbox[1]: …".
func Check(d *protocol.Definition) *protocol.Fault {
	p := First(d)
	if p == nil {
		return nil
	}
	return protocol.NewFault(protocol.InvalidApp, Path(d, p.Field)+": "+p.Text)
}

// Path names a field of a definition as messages do: "apps[name].frame.sandbox[1]".
func Path(d *protocol.Definition, field string) string { return "apps[" + clip(d.Name) + "]." + field }

// First returns the first problem of the definition, in the order of its fields, or nil.
func First(d *protocol.Definition) *Problem {
	for _, check := range [...]func(*protocol.Definition) *Problem{
		checkName, checkURL, checkIcon, checkCategories, checkOrigins, checkNested, checkFrame, checkLimits, checkGrants, checkSharing,
	} {
		if p := check(d); p != nil {
			return p
		}
	}
	return nil
}

func checkName(d *protocol.Definition) *Problem {
	switch {
	case d.Name == "":
		return &Problem{"name", "is missing; it is how other apps call this one"}
	case !protocol.ValidName(d.Name):
		return &Problem{"name", "must be 1 to " + strconv.Itoa(protocol.MaxNameRunes) + " printable characters below U+0300, without a space at either end"}
	}
	return nil
}

func checkURL(d *protocol.Definition) *Problem {
	if d.URL == "" {
		return &Problem{"url", "is missing; it is where the app lives"}
	}
	if _, err := OriginOf(d.URL); err != nil {
		return &Problem{"url", err.Error()}
	}
	return nil
}

// checkIcon lets the two forms pass that the main page's policy for images can show.
func checkIcon(d *protocol.Definition) *Problem {
	if d.Icon == "" || isImageData(d.Icon) {
		return nil
	}
	if _, err := OriginOf(d.Icon); err != nil {
		return &Problem{"icon", err.Error() + `; or a "data:image/…" URL`}
	}
	return nil
}

func checkCategories(d *protocol.Definition) *Problem {
	for i, category := range d.Categories {
		if category == "" {
			return &Problem{at("categories", i), "is empty"}
		}
	}
	return nil
}

func checkOrigins(d *protocol.Definition) *Problem { return checkPatterns("origins", d.Origins) }

func checkNested(d *protocol.Definition) *Problem {
	if len(d.NestedOrigins) > 0 && !d.AllowNested {
		return &Problem{"nestedOrigins", "has no effect without allowNested: true"}
	}
	return checkPatterns("nestedOrigins", d.NestedOrigins)
}

func checkPatterns(field string, patterns []string) *Problem {
	for i, text := range patterns {
		if text == "null" {
			return &Problem{at(field, i), `"null" is every opaque origin; write allowOpaque: true for a sandboxed document`}
		}
		if _, err := origin.ParsePattern(text, origin.AllowList); err != nil {
			return &Problem{at(field, i), err.Error()}
		}
	}
	return nil
}

func checkLimits(d *protocol.Definition) *Problem {
	for _, limit := range [...]struct {
		name  string
		value int64
	}{
		{"bodyBytes", d.Limits.BodyBytes},
		{"messagesPerSecond", d.Limits.MessagesPerSecond},
		{"burst", d.Limits.Burst},
		{"methods", d.Limits.Methods},
		{"subscriptions", d.Limits.Subscriptions},
		{"pendingCalls", d.Limits.PendingCalls},
		{"contexts", d.Limits.Contexts},
		{"contextBytes", d.Limits.ContextBytes},
	} {
		if limit.value < 0 {
			return &Problem{"limits." + limit.name, "must be above 0; leave it out for the platform's limit"}
		}
	}
	return nil
}

// OriginPatterns returns the patterns of the origins that the app's documents may have.
func OriginPatterns(d *protocol.Definition) (origin.Patterns, error) {
	if len(d.Origins) > 0 {
		return patterns(d.Origins)
	}
	own, err := OriginOf(d.URL)
	if err != nil {
		return origin.Patterns{}, err
	}
	return patterns([]string{own.String()})
}

// NestedOriginPatterns returns the patterns of the origins that documents inside of the app's frame may have. They
// match nothing where the definition does not set allowNested.
func NestedOriginPatterns(d *protocol.Definition) (origin.Patterns, error) {
	switch {
	case !d.AllowNested:
		return patterns(nil)
	case len(d.NestedOrigins) > 0:
		return patterns(d.NestedOrigins)
	}
	return OriginPatterns(d)
}

func patterns(texts []string) (origin.Patterns, error) {
	list, _, err := origin.NewPatterns(origin.AllowList, texts)
	return list, err
}

//go:noinline
func at(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }

// clip keeps a name of unknown length from filling a message.
//
//go:noinline
func clip(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	end := most
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}
