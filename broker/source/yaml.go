package source

import (
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// readYAML reads exactly one YAML document, or none.
func readYAML(name string, text []byte) (*node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, yamlFault(name, err)
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, &Error{File: name, Line: second.Line, Column: 1, Message: "a second document in one file", Fix: "put it into a file of its own"}
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlFault(name, err)
	}
	return fromYAML(name, document.Content[0], 0)
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)`)

// yamlFault takes the line out of the parser's message.
func yamlFault(name string, err error) error {
	fault := &Error{File: name, Message: "this is not YAML: " + err.Error()}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		fault.Message = "this is not YAML: " + m[2]
		if line, err := strconv.Atoi(m[1]); err == nil {
			fault.Line, fault.Column = line, 1
		}
	}
	if strings.Contains(fault.Message, "cannot start any token") {
		fault.Fix = "indent with spaces, not tabs, and quote texts that begin with @, ` or %"
	}
	return fault
}

var yamlKinds = map[string]Kind{"!!null": Null, "!!bool": Bool, "!!int": Number, "!!float": Number, "!!str": Text, "!!timestamp": Text}

// maxYAMLDepth stops the recursion here; check refuses less deep nesting with the proper message.
const maxYAMLDepth = 1000

func fromYAML(file string, in *yaml.Node, depth int) (*node, error) {
	fault := func(message, fix string) error {
		return &Error{File: file, Line: in.Line, Column: in.Column, Message: message, Fix: fix}
	}
	out := &node{line: in.Line, column: in.Column}
	switch {
	case depth > maxYAMLDepth:
		return nil, fault("nested too deeply", "")
	case in.Kind == yaml.AliasNode || in.Anchor != "":
		return nil, fault("anchors and aliases are not supported", "write the value out")
	case in.Style&yaml.TaggedStyle != 0:
		return nil, fault("the tag "+in.Tag+" is not supported", "remove it")
	case in.Kind == yaml.ScalarNode:
		kind, ok := yamlKinds[in.ShortTag()]
		if !ok {
			return nil, fault("a value of type "+in.ShortTag()+" is not supported", "quote it, if it is a text")
		}
		out.kind, out.text = kind, in.Value
		return out, nil
	case in.Kind == yaml.SequenceNode:
		out.kind = List
		return out, eachYAML(file, in.Content, out, depth)
	}
	out.kind = Mapping
	values := make([]*yaml.Node, 0, len(in.Content)/2)
	for i := 0; i+1 < len(in.Content); i += 2 {
		key := in.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" || key.Anchor != "" {
			return nil, &Error{File: file, Line: key.Line, Column: key.Column, Message: "a field's name must be a plain text"}
		}
		out.keys = append(out.keys, &node{kind: Text, text: key.Value, line: key.Line, column: key.Column})
		values = append(values, in.Content[i+1])
	}
	return out, eachYAML(file, values, out, depth)
}

func eachYAML(file string, in []*yaml.Node, out *node, depth int) error {
	for _, item := range in {
		n, err := fromYAML(file, item, depth+1)
		if err != nil {
			return err
		}
		out.items = append(out.items, n)
	}
	return nil
}
