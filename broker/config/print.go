package config

import (
	"encoding/json"
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/crossframe/crossframe/protocol"
)

// hidden stands for a secret that is set.
const hidden = "(set, not shown)"

// Print returns the configuration in effect as YAML, defaults included, and behind each setting where it was taken from: "file:line:column",
// the flag, the variable, or "default". Secrets are not in it; of the apps it has the names.
func (l *Loaded) Print() ([]byte, error) {
	text, err := json.Marshal(l.effective())
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	// By way of JSON the json tags name the keys in both directions.
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	plain(&document)
	l.annotate(document.Content[0], "")
	return yaml.Marshal(&document)
}

// effective returns the configuration with every default that a part of the broker would put in, and without secrets.
func (l *Loaded) effective() Config {
	c := l.Config
	c.PublicOrigins, c.Apps = nil, nil
	for _, o := range l.Origins {
		c.PublicOrigins = append(c.PublicOrigins, o.String())
	}
	for i := range l.Definitions {
		c.Apps = append(c.Apps, Entry{Path: l.Definitions[i].Name})
	}
	c.Limits, c.Identity, c.Directory = c.Limits.Or(protocol.DefaultLimits()), c.Identity.Effective(), c.Directory.Effective()
	for number, otherwise := range map[*int64]int64{
		&c.StartMs: protocol.DefaultStartMs, &c.DrainMs: defaultDrainMs, &c.Store.AuditDays: 90,
		&c.Link.Connections: 10_000, &c.Link.PerAddress: 200, &c.Link.Contexts: 10_000,
	} {
		if *number == 0 {
			*number = otherwise
		}
	}
	if len(c.Store.NATS) > 0 && c.Store.Replicas == 0 {
		c.Store.Replicas = 3
	}
	if c.Link.EveryoneRoles == nil {
		c.Link.EveryoneRoles = []string{"admin", "publisher"}
	}
	for _, secret := range []*string{&c.License.Key, &c.Store.Password} {
		if *secret != "" {
			*secret = hidden
		}
	}
	return c
}

// MarshalJSON writes the entry's path.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(e.Path) }

// plain takes JSON's brackets and quotes away, where YAML does not need them.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, below := range n.Content {
		plain(below)
	}
}

// annotate writes behind each setting where it came from. A list came from one place as a whole.
func (l *Loaded) annotate(n *yaml.Node, path string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := key.Value
		if path != "" {
			at = path + "." + at
		}
		switch {
		case value.Kind == yaml.MappingNode && len(value.Content) > 0:
			l.annotate(value, at)
		case value.Kind == yaml.SequenceNode && len(value.Content) > 0:
			key.LineComment = l.from.origin(at)
		default:
			value.LineComment = l.from.origin(at)
		}
	}
}

// readFrom are settings that hold what the file of another one has.
var readFrom = map[string]string{"license.key": "license.keyFile", "store.password": "store.passwordFile"}

// origin says where a setting was taken from.
func (p *places) origin(key string) string {
	if how := p.given[key]; how != "" {
		return how
	}
	if value, there := p.root.At(key); there {
		place := value.Fault("", "")
		return place.File + ":" + strconv.Itoa(place.Line) + ":" + strconv.Itoa(place.Column)
	}
	if file := readFrom[key]; file != "" {
		if from := p.origin(file); from != byDefault {
			return file + ", " + from
		}
	}
	return byDefault
}

const byDefault = "default"
