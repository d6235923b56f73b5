package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/source"
)

// row is one of the table in docs/configuration.md.
type row struct{ keys, flags, variables []string }

var quoted = regexp.MustCompile("`([^`]+)`")

// documented reads the table of settings.
func documented(t *testing.T) (rows []row) {
	t.Helper()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## Settings\n")
	if !found {
		t.Fatal("the page has no section Settings")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 7 || strings.HasPrefix(cells[1], "---") || strings.TrimSpace(cells[1]) == "key" {
			continue
		}
		texts := func(cell string) (list []string) {
			for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
				list = append(list, m[1])
			}
			return list
		}
		rows = append(rows, row{whole(texts(cells[1])), texts(cells[2]), texts(cells[3])})
	}
	return rows
}

// whole returns keys of which the page writes the end only: `.keyFile` behind `tls.certFile` is `tls.keyFile`.
func whole(keys []string) []string {
	for i := 1; i < len(keys); i++ {
		if before := keys[i-1]; strings.HasPrefix(keys[i], ".") {
			keys[i] = before[:strings.LastIndex(before, ".")] + keys[i]
		}
	}
	return keys
}

// keysOf returns the keys of every setting below a type, as the file has them.
func keysOf(t reflect.Type, path string) (keys []string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[source.Value]() {
		return []string{path}
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if path != "" {
			name = path + "." + name
		}
		keys = append(keys, keysOf(t.Field(i).Type, name)...)
	}
	return keys
}

// TestEverySettingIsDocumented: the page has each setting that there is, and none that there is not.
func TestEverySettingIsDocumented(t *testing.T) {
	var have []string
	for _, r := range documented(t) {
		have = append(have, r.keys...)
	}
	want := keysOf(reflect.TypeFor[Config](), "")
	if len(want) < 50 {
		t.Fatalf("only %d settings: %v", len(want), want)
	}
	differ(t, "setting", have, want)
}

// TestEveryFlagIsDocumented: the page has each flag and each variable.
func TestEveryFlagIsDocumented(t *testing.T) {
	var flags, variables []string
	for _, r := range documented(t) {
		flags, variables = append(flags, r.flags...), append(variables, r.variables...)
		for i, flag := range r.flags {
			if i < len(r.variables) && variableOf(flag) != r.variables[i] {
				t.Errorf("%s is beside %s", flag, r.variables[i])
			}
		}
	}
	wantFlags, wantVariables := []string{}, []string{licenseKeyVariable, storePasswordVariable}
	capital := regexp.MustCompile(`([a-z])([A-Z])`)
	for field := range reflect.TypeFor[Flags]().Fields() {
		if field.Name == "Config" {
			// The text above the table tells of it.
			continue
		}
		name := field.Tag.Get("name")
		if name == "" {
			name = strings.ToLower(capital.ReplaceAllString(field.Name, "$1-$2"))
		}
		wantFlags = append(wantFlags, "--"+name)
		if variable := field.Tag.Get("env"); variable != "" {
			wantVariables = append(wantVariables, variable)
			if variable != variableOf("--"+name) {
				t.Errorf("--%s has the variable %s; messages say %s", name, variable, variableOf("--"+name))
			}
		}
	}
	differ(t, "flag", flags, wantFlags)
	differ(t, "variable", variables, wantVariables)
}

// differ tells what only one of two lists has.
func differ(t *testing.T, what string, page, code []string) {
	t.Helper()
	for _, name := range code {
		if !slices.Contains(page, name) {
			t.Errorf("docs/configuration.md does not have the %s %s", what, name)
		}
	}
	for _, name := range page {
		if !slices.Contains(code, name) {
			t.Errorf("docs/configuration.md has the %s %s, which does not exist", what, name)
		}
	}
}
