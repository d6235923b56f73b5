package directory

import (
	"strconv"

	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// manifestName is the name of the platform in the record's hostManifests, where what only this platform knows
// of an app is: everything that the fields of the record do not say.
const manifestName = "crossframe"

// appdFields says which field of a record becomes which field of a definition.
var appdFields = map[string]string{
	"name":        "appId",
	"title":       "title",
	"description": "description",
	"url":         "details.url",
	"version":     "version",
	"categories":  "categories",
	"icon":        "icons[0].src",
}

// record is the part of an FDC3 app directory record (version 2.0 to 2.2) that a definition has fields for. Other
// fields are allowed by the standard; they are kept in Custom.
type record struct {
	AppID       string
	Name        string
	Title       string
	Tooltip     string
	Description string
	Version     string
	Type        string
	Categories  []string
	URL         string
	Icon        string
}

// readAppD reads an FDC3 record. It returns nil for an app that no browser can show, with a warning.
//
// The record's appId becomes the name, because it is what is unique; its title, or else its name, becomes the
// title. What has no field of its own, such as "interop", is in custom.appD as it was written.
func (s *Set) readAppD(value source.Value) (*protocol.Definition, placer, error) {
	r, err := readRecord(value)
	if err != nil {
		return nil, nil, err
	}
	if r.Type != "" && r.Type != "web" {
		at := value.Find("type").Fault("the app "+strconv.Quote(r.AppID)+" is of type "+strconv.Quote(r.Type)+", which no browser can show; it is left out", "")
		s.Warnings = append(s.Warnings, at.Error())
		return nil, nil, nil
	}
	manifest, _ := value.Find("hostManifests").Member(manifestName)
	if err := onlyOwn(manifest); err != nil {
		return nil, nil, err
	}
	d := new(protocol.Definition)
	if err := manifest.Into(d); err != nil {
		return nil, nil, err
	}
	d.Name, d.URL, d.Icon, d.Version, d.Categories = r.AppID, r.URL, r.Icon, r.Version, r.Categories
	d.Title = firstOf(r.Title, r.Name)
	d.Description = firstOf(r.Description, r.Tooltip)
	own, _ := manifest.Member("custom")
	if d.Custom, err = customOf(value, own); err != nil {
		return nil, nil, err
	}
	place := func(field string) source.Value {
		if theirs, ok := appdFields[field]; ok {
			return value.Find(theirs)
		}
		return manifest.Find(field)
	}
	return d, place, nil
}

// readRecord reads the fields that a definition has a place for, each of which must have its type.
func readRecord(value source.Value) (r record, err error) {
	for path, target := range map[string]any{
		"appId": &r.AppID, "name": &r.Name, "title": &r.Title, "tooltip": &r.Tooltip, "description": &r.Description,
		"version": &r.Version, "type": &r.Type, "categories": &r.Categories, "details.url": &r.URL, "icons[0].src": &r.Icon,
	} {
		if field, ok := value.At(path); ok {
			if err := field.Into(target); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// onlyOwn refuses fields in the manifest that the record has already: two places for one thing can differ.
func onlyOwn(manifest source.Value) error {
	for _, member := range manifest.Members() {
		if theirs, ok := appdFields[member.Name]; ok {
			return member.Value.Fault("belongs into the record itself", "write it as "+theirs)
		}
	}
	return nil
}

// taken are the record's members that customOf leaves out: they have become fields.
var taken = map[string]bool{
	"appId": true, "title": true, "description": true, "version": true, "categories": true, "type": true,
	"hostManifests." + manifestName: true,
}

// customOf returns the custom members of the manifest, with the rest of the record beside them as "appD".
func customOf(value, own source.Value) (protocol.Raw, error) {
	rest := value.Without(func(path string) bool { return taken[path] }).JSON()
	out := append(protocol.Raw(`{"appD":`), rest...)
	if own.Kind() != source.Null {
		if err := own.Want(source.Mapping); err != nil {
			return nil, err
		}
		own = own.Without(func(path string) bool { return path == "appD" })
		if members := own.JSON(); len(members) > len("{}") {
			return append(append(out, ','), members[1:]...), nil
		}
	}
	return append(out, '}'), nil
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
