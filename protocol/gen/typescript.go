package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"strings"
)

// writeTypeScript writes the wire as TypeScript. Constants are plain exports, which a bundler puts in place and
// drops where they are not used; an object of all of them would travel whole.
func writeTypeScript(m *model) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s\n\n", generatedBy)
	b.WriteString("/** A JSON value of the app's own. */\n")
	b.WriteString("export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };\n")
	writeConstants(&b, m)
	writeCodes(&b, m)
	for _, p := range m.structs {
		writeInterface(&b, p)
	}
	writeOps(&b, m)
	writeDefaults(&b, m)
	return b.Bytes()
}

// tsTypes are the kinds that need no other struct.
var tsTypes = map[kind]string{kindString: "string", kindInt: "number", kindBool: "boolean", kindRaw: "Json",
	kindStrings: "readonly string[]", kindPaths: "readonly (readonly string[])[]", kindInts: "readonly number[]"}

func tsType(f field) string {
	switch f.kind {
	case kindStruct, kindPointer:
		return f.ref
	case kindStructs:
		return "readonly " + f.ref + "[]"
	case kindString:
		if f.ref == "Code" {
			return f.ref
		}
	}
	return tsTypes[f.kind]
}

func writeInterface(b *bytes.Buffer, p payload) {
	b.WriteByte('\n')
	writeComment(b, "", p.doc)
	fmt.Fprintf(b, "export interface %s {\n", p.name)
	for _, f := range p.fields {
		writeComment(b, "  ", f.doc)
		optional := ""
		if f.omit {
			optional = "?"
		}
		fmt.Fprintf(b, "  readonly %s%s: %s;\n", f.json, optional, tsType(f))
	}
	b.WriteString("}\n")
}

// goOnly are types of constants that never leave Go.
var goOnly = map[string]bool{"Direction": true, "CodeRange": true, "BodyKind": true, "Code": true}

func writeConstants(b *bytes.Buffer, m *model) {
	for _, g := range m.consts {
		if goOnly[g.typ] {
			continue
		}
		b.WriteByte('\n')
		if g.doc != "" && len(g.consts) > 1 {
			fmt.Fprintf(b, "// %s\n\n", strings.ReplaceAll(g.doc, "\n", "\n// "))
		}
		for _, c := range g.consts {
			writeComment(b, "", c.doc)
			fmt.Fprintf(b, "export const %s = %s;\n", c.name, literal(c.value))
		}
	}
	b.WriteString("\n/** The protocol versions that this code speaks, newest first. */\n")
	fmt.Fprintf(b, "export const versions: readonly number[] = %s;\n", strings.ReplaceAll(fmt.Sprint(m.versions), " ", ", "))
	b.WriteString("\n/** Beginnings of names that belong to the platform. */\n")
	fmt.Fprintf(b, "export const reservedPrefixes: readonly string[] = [%s];\n", quotedList(m.reserved, ", "))
}

func literal(v constant.Value) string {
	if v.Kind() == constant.String {
		return fmt.Sprintf("%q", constant.StringVal(v))
	}
	return v.ExactString()
}

func quotedList(list []string, between string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(quoted, between)
}

// codeRanges names the ranges of code.go in order, with what they say.
var codeRanges = []struct{ name, doc string }{
	{"RefusalCode", "Codes that end a connection, or keep it from beginning."},
	{"RequestCode", "Codes that answer one request; the connection goes on."},
	{"ClientCode", "Codes that the client library gives by itself."},
}

func (m *model) codesOf(rang int) (codes []code) {
	for _, c := range m.codes {
		if int(c.rang) == rang+1 {
			codes = append(codes, c)
		}
	}
	return codes
}

func writeCodes(b *bytes.Buffer, m *model) {
	for i, r := range codeRanges {
		fmt.Fprintf(b, "\n/** %s */\nexport type %s =", r.doc, r.name)
		for _, c := range m.codesOf(i) {
			fmt.Fprintf(b, "\n  /** %s */\n  | %q", c.meaning, c.name)
		}
		b.WriteString(";\n")
	}
	b.WriteString("\n/** Why something was not done. */\nexport type Code = RefusalCode | RequestCode | ClientCode;\n")
	var retryable []string
	for _, c := range m.codes {
		if c.retryable {
			retryable = append(retryable, c.name)
		}
	}
	b.WriteString("\n/** Codes of requests that may succeed later without any change to them. */\n")
	fmt.Fprintf(b, "export const retryableCodes: readonly Code[] = [\n  %s,\n];\n", quotedList(retryable, ",\n  "))
}

func writeOps(b *bytes.Buffer, m *model) {
	b.WriteString(`
/** What code beside the hub needs of a row of the message table. */
export interface OpInfo {
  readonly op: number;
  readonly name: string;
  /** A client app may send it. */
  readonly fromApp?: true;
  /** A client app may send it before its document has proven itself. */
  readonly beforeReady?: true;
  /** It wants exactly one answer. */
  readonly reply?: true;
  /** It takes a token of the sender's bucket: what an app sends by itself, but for the greeting and the goodbye. */
  readonly charged?: true;
  /** It ends the request of its id. */
  readonly answers?: true;
}

/** The message table. */
export const ops: readonly OpInfo[] = [
`)
	for _, o := range m.ops {
		flags := ""
		for _, f := range []struct {
			name string
			is   bool
		}{{"fromApp", o.fromApp}, {"beforeReady", o.fromApp && o.beforeReady}, {"reply", o.reply}, {"charged", m.charged(o)}, {"answers", m.answers(o)}} {
			if f.is {
				flags += ", " + f.name + ": true"
			}
		}
		fmt.Fprintf(b, "  { op: %d, name: %q%s },\n", o.number, o.name, flags)
	}
	b.WriteString("];\n")
}

// answers reports whether the operation ends a request: the general answers, those that a row names, and the end
// of a call with several targets.
func (m *model) answers(o op) bool {
	for _, asking := range m.ops {
		if asking.answer == o.goName {
			return true
		}
	}
	return o.goName == "OpReply" || o.goName == "OpError" || o.goName == "OpEnd"
}

// charged reports whether an app pays for the operation: not for answers, since it cannot choose how many calls it
// gets, and not for the few messages around a connection.
func (m *model) charged(o op) bool {
	return o.fromApp && !m.answers(o) && !o.beforeReady
}

func writeDefaults(b *bytes.Buffer, m *model) {
	b.WriteString("\n/** The limits of an app whose definition sets none. */\nexport const defaultLimits: Required<Limits> = {\n")
	for _, d := range m.defaults {
		fmt.Fprintf(b, "  %s: %d,\n", d.json, d.value)
	}
	b.WriteString("};\n")
}

func writeComment(b *bytes.Buffer, indent, doc string) {
	switch {
	case doc == "":
	case !strings.Contains(doc, "\n"):
		fmt.Fprintf(b, "%s/** %s */\n", indent, doc)
	default:
		fmt.Fprintf(b, "%s/**\n", indent)
		for _, line := range strings.Split(doc, "\n") {
			fmt.Fprintf(b, "%s\n", strings.TrimRight(indent+" * "+line, " "))
		}
		fmt.Fprintf(b, "%s */\n", indent)
	}
}
