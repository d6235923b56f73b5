package config

import (
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/crossframe/crossframe/protocol"
)

// hidden stands for a secret that is set.
const hidden = "(set, not shown)"

// Print returns the configuration in effect as YAML, defaults included. Secrets are not in it; of the apps it has the
// names.
func (l *Loaded) Print() ([]byte, error) {
	c := l.Config
	c.PublicOrigins, c.Apps = nil, nil
	for _, o := range l.Origins {
		c.PublicOrigins = append(c.PublicOrigins, o.String())
	}
	for i := range l.Definitions {
		c.Apps = append(c.Apps, Entry{Path: l.Definitions[i].Name})
	}
	c.Limits = c.Limits.Or(protocol.DefaultLimits())
	if c.StartMs == 0 {
		c.StartMs = protocol.DefaultStartMs
	}
	if c.License.Key != "" {
		c.License.Key = hidden
	}
	if c.Store.Password != "" {
		c.Store.Password = hidden
	}
	return toYAML(c)
}

// MarshalJSON writes the entry's path.
func (e Entry) MarshalJSON() ([]byte, error) { return json.Marshal(e.Path) }

// toYAML goes by JSON, so that the json tags name the keys in both directions.
func toYAML(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("print configuration: %w", err)
	}
	plain(&document)
	return yaml.Marshal(&document)
}

// plain takes JSON's brackets and quotes away, where YAML does not need them.
func plain(n *yaml.Node) {
	n.Style = 0
	for _, below := range n.Content {
		plain(below)
	}
}
