package directory

import (
	"strconv"

	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// ManifestName is the name of the platform in the record's hostManifests, where what only this platform knows
// of an app is: everything that the fields of the record do not say.
const ManifestName = "Crossframe"

// manifestNames are the names that are read; a record has one of them.
var manifestNames = [...]string{ManifestName, "crossframe"}

// appdMember is the member of a definition's custom data that has the rest of the record it came from.
const appdMember = "appD"

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
	manifest, err := ownManifest(value)
	if err != nil {
		return nil, nil, err
	}
	d := new(protocol.Definition)
	if err := manifest.Into(d); err != nil {
		return nil, nil, err
	}
	d.Name, d.URL, d.Icon, d.Version, d.Categories = r.AppID, r.URL, r.Icon, r.Version, r.Categories
	d.Title = r.Title
	if d.Title == "" && r.Name != r.AppID {
		d.Title = r.Name
	}
	d.Description = firstOf(r.Description, r.Tooltip)
	own, _ := manifest.Member("custom")
	if d.Custom, err = customOf(value, own, &r); err != nil {
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

// ownManifest returns the platform's own member of the record's hostManifests. It refuses fields that the record has
// already: two places for one thing can differ.
func ownManifest(value source.Value) (manifest source.Value, err error) {
	hosts, _ := value.Member("hostManifests")
	for _, name := range manifestNames {
		member, ok := hosts.Member(name)
		switch {
		case !ok:
			continue
		case manifest.Kind() != source.Null:
			return manifest, member.Fault("is there twice, in another spelling", "keep hostManifests."+ManifestName)
		}
		manifest = member
	}
	for _, member := range manifest.Members() {
		if theirs, ok := appdFields[member.Name]; ok {
			return manifest, member.Value.Fault("belongs into the record itself", "write it as "+theirs)
		}
	}
	return manifest, nil
}

// taken are the record's members that customOf leaves out: they have become fields.
var taken = map[string]bool{
	"appId": true, "title": true, "description": true, "version": true, "categories": true, "type": true,
}

// customOf returns the custom data of the manifest, with the rest of the record beside them as "appD", where there is a
// rest.
func customOf(value, own source.Value, r *record) (protocol.Raw, error) {
	rest := restOf(value, r)
	if len(rest.Members()) == 0 {
		if own.Kind() == source.Null {
			return nil, nil
		}
		return own.JSON(), nil
	}
	out := append(protocol.Raw(`{"`+appdMember+`":`), rest.JSON()...)
	if own.Kind() != source.Null {
		if err := own.Want(source.Mapping); err != nil {
			return nil, err
		}
		if member, twice := own.Member(appdMember); twice {
			return nil, member.Fault("is where the rest of the record goes", "give it another name")
		}
		if members := own.JSON(); len(members) > len("{}") {
			return append(append(out, ','), members[1:]...), nil
		}
	}
	return append(out, '}'), nil
}

// restOf returns the members of the record that the definition's fields do not say.
func restOf(value source.Value, r *record) source.Value {
	icons, _ := value.Member("icons")
	details, _ := value.Member("details")
	hosts, _ := value.Member("hostManifests")
	ours := 0
	for _, name := range manifestNames {
		if _, ok := hosts.Member(name); ok {
			ours++
		}
	}
	return value.Without(func(path string) bool {
		switch path {
		case "name":
			return r.Name == r.AppID
		case "icons":
			return len(icons.Items()) == 1 && len(icons.Items()[0].Members()) == 1 && r.Icon != ""
		case "details":
			return len(details.Members()) == 1 && r.URL != ""
		case "details.url":
			return true
		case "hostManifests":
			return hosts.Kind() == source.Mapping && len(hosts.Members()) == ours
		case "hostManifests." + manifestNames[0], "hostManifests." + manifestNames[1]:
			return true
		}
		return taken[path]
	})
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
