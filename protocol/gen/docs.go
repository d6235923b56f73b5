package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

const (
	tablesBegin = "<!-- generated: tables -->"
	tablesEnd   = "<!-- /generated -->"
)

// replaceTables puts the tables between the markers of the document.
func replaceTables(doc, tables []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(doc, []byte(tablesBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tablesEnd))
	if !ok || !ok2 {
		return nil, errors.New("wants the markers " + tablesBegin + " and " + tablesEnd)
	}
	return bytes.Join([][]byte{before, []byte(tablesBegin + "\n"), tables, []byte(tablesEnd), after}, nil), nil
}

// writeTables writes the tables of docs/protocol.md.
func writeTables(m *model) []byte {
	var b bytes.Buffer
	docOps(&b, m)
	docPayloads(&b, m)
	docCodes(&b, m)
	docLimits(&b, m)
	return b.Bytes()
}

// rooms in the order of the document, with their headings.
var rooms = []struct{ room, title string }{
	{"session", "Session"}, {"interop", "Methods"}, {"contexts", "Shared contexts"}, {"apps", "Apps"},
	{"hub", "Administration"}, {"page", "The page's control line"},
}

func docOps(b *bytes.Buffer, m *model) {
	b.WriteString("\n## Operations\n\nA row that has an *answer* is a request. ○ marks what is allowed before the document has proven itself.\n")
	for _, r := range rooms {
		fmt.Fprintf(b, "\n### %s\n\n| op | name | direction | what | fields | head | answer |\n|---|---|---|---|---|---|---|\n", r.title)
		for _, o := range m.ops {
			if o.room != r.room {
				continue
			}
			name := "`" + o.name + "`"
			if o.beforeReady {
				name += " ○"
			}
			fmt.Fprintf(b, "| %d | %s | %s | %s | %s | %s | %s |\n", o.number, name, direction(o), cell(o.summary), cell(o.fields), docHead(o), m.answerOf(o))
		}
	}
}

// direction says between whom the operation travels.
func direction(o op) string {
	var ways []string
	for _, w := range [...]struct {
		there, back bool
		from, to    string
	}{{o.fromApp, o.fromHub, "app", "hub"}, {o.toBroker, o.fromBroker, "hub", "broker"}, {o.fromPage, o.toPage, "page", "hub"}} {
		switch {
		case w.there && w.back:
			ways = append(ways, w.from+" ↔ "+w.to)
		case w.there:
			ways = append(ways, w.from+" → "+w.to)
		case w.back:
			ways = append(ways, w.to+" → "+w.from)
		}
	}
	return strings.Join(ways, ", ")
}

func docHead(o op) string {
	switch o.head {
	case "":
		return ""
	case "*":
		return "as asked"
	}
	return link(o.head)
}

func (m *model) answerOf(o op) string {
	if !o.reply {
		return ""
	}
	name := "reply"
	for _, a := range m.ops {
		if a.goName == o.answer {
			name = a.name
		}
	}
	return "`" + name + "`"
}

func docPayloads(b *bytes.Buffer, m *model) {
	b.WriteString("\n## Payload structs\n\nA member marked \"?\" is left out where it is empty, zero or false. Integers are exact, within ±(2^53-1). Members that a\nreceiver does not know are ignored; a member that is `null` is absent; a member that is there twice is refused.\n")
	for _, p := range m.structs {
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n| member | type | meaning |\n|---|---|---|\n", p.name, p.doc)
		for _, f := range p.fields {
			optional := ""
			if f.omit {
				optional = "?"
			}
			fmt.Fprintf(b, "| `%s`%s | %s | %s |\n", f.json, optional, docType(f), cell(f.doc))
		}
	}
}

var docTypes = map[kind]string{kindString: "string", kindInt: "integer", kindBool: "boolean", kindRaw: "any JSON",
	kindStrings: "strings", kindPaths: "lists of strings", kindInts: "integers"}

func docType(f field) string {
	switch f.kind {
	case kindStruct, kindPointer:
		return link(f.ref)
	case kindStructs:
		return "list of " + link(f.ref)
	case kindString:
		if f.ref == "Code" {
			return "[code](#codes)"
		}
	}
	return docTypes[f.kind]
}

func docCodes(b *bytes.Buffer, m *model) {
	b.WriteString("\n## Codes\n\nCallers switch on the code, never on the message beside it. *Retry*: the same request may succeed later without any change.\n")
	for i, r := range codeRanges {
		fmt.Fprintf(b, "\n%s\n\n| code | retry | meaning |\n|---|---|---|\n", r.doc)
		for _, c := range m.codesOf(i) {
			retry := ""
			if c.retryable {
				retry = "yes"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", c.name, retry, cell(c.meaning))
		}
	}
}

func docLimits(b *bytes.Buffer, m *model) {
	b.WriteString("\n## Limits in numbers\n\nPer connection; a definition or the platform's configuration may replace each.\n\n| limit | default | meaning |\n|---|---|---|\n")
	for _, d := range m.defaults {
		fmt.Fprintf(b, "| `%s` | %d | %s |\n", d.json, d.value, cell(d.doc))
	}
	b.WriteString("\nEverywhere, whatever a configuration says:\n\n| bound | value | meaning |\n|---|---|---|\n")
	for _, g := range m.consts {
		for _, c := range g.consts {
			if g.typ == "" && (strings.HasPrefix(c.name, "Max") || strings.HasPrefix(c.name, "Min") || strings.HasSuffix(c.name, "Ms")) {
				fmt.Fprintf(b, "| `%s` | %s | %s |\n", c.name, c.value.ExactString(), cell(c.doc))
			}
		}
	}
}

func link(name string) string { return "[" + name + "](#" + strings.ToLower(name) + ")" }

// cell makes a text fit for a table.
func cell(s string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(s), " "), "|", `\|`)
}
