package directory

import (
	"bytes"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Record returns the definition as an FDC3 app directory record (version 2). Reading the record gives the definition
// again: what the standard has fields for is in those, what was in the record that the definition came from is where it
// was, and everything else is in hostManifests.Crossframe.
func Record(d *protocol.Definition) []byte {
	theirs, own := foreignOf(d.Custom)
	out := object{'{'}
	out.text("appId", d.Name)
	if name, ok := theirs.get("name"); ok {
		out.add("name", name)
	} else {
		out.text("name", d.Name)
	}
	out.text("type", "web")
	out.optional("title", d.Title, theirs.says("name", d.Title))
	out.optional("description", d.Description, theirs.says("tooltip", d.Description))
	out.optional("version", d.Version, false)
	if len(d.Categories) > 0 {
		out.add("categories", texts(d.Categories))
	}
	if icons := iconsOf(d, theirs); icons != nil {
		out.add("icons", icons)
	}
	out.add("details", merged(theirs, "details", "url", jsontext.AppendString(nil, d.URL)))
	theirs.each(func(name string, value []byte) {
		if !written[name] {
			out.add(name, value)
		}
	})
	if manifest := manifestOf(d, own); manifest != nil {
		out.add("hostManifests", merged(theirs, "hostManifests", ManifestName, manifest))
	} else if value, ok := theirs.get("hostManifests"); ok {
		out.add("hostManifests", value)
	}
	return append(out, '}')
}

// written are the members of a record that Record writes by itself.
var written = map[string]bool{
	"appId": true, "name": true, "type": true, "title": true, "description": true, "version": true, "categories": true,
	"icons": true, "details": true, "hostManifests": true,
}

// foreign is what a definition keeps of the record that it came from; nil where it came from none.
type foreign struct{ members *jsontext.Object }

// foreignOf takes the rest of a record out of a definition's custom data, and returns the data without it. What only looks
// like the rest of a record stays where it is.
func foreignOf(custom protocol.Raw) (theirs foreign, own []byte) {
	all, err := jsontext.ParseObject(custom)
	if err != nil {
		return foreign{}, custom
	}
	text, ok := all.Get(appdMember)
	if !ok {
		return foreign{}, custom
	}
	members, err := jsontext.ParseObject(text)
	if err != nil || members.Len() == 0 || !isRest(members) {
		return foreign{}, custom
	}
	own, _, err = jsontext.RemovePath(custom, []string{appdMember})
	if err != nil {
		return foreign{}, custom
	}
	if bytes.Equal(own, []byte("{}")) {
		own = nil
	}
	return foreign{members}, own
}

// isRest reports whether the members are such as reading a record leaves.
func isRest(members *jsontext.Object) bool {
	for name := range taken {
		if _, ok := members.Get(name); ok {
			return false
		}
	}
	manifests, ok := members.Get("hostManifests")
	if !ok {
		return true
	}
	hosts, err := jsontext.ParseObject(manifests)
	if err != nil {
		return false
	}
	for _, name := range manifestNames {
		if _, ours := hosts.Get(name); ours {
			return false
		}
	}
	return true
}

func (f foreign) get(name string) (value []byte, ok bool) {
	if f.members == nil {
		return nil, false
	}
	return f.members.Get(name)
}

func (f foreign) each(visit func(name string, value []byte)) {
	if f.members == nil {
		return
	}
	for name := range f.members.Names {
		value, _ := f.members.Get(name)
		visit(name, value)
	}
}

// says reports whether the member is this text.
func (f foreign) says(name, text string) bool {
	value, ok := f.get(name)
	if !ok {
		return false
	}
	said, err := jsontext.Unquote(value)
	return err == nil && said == text
}

// merged returns the object of that name with one more member.
func merged(theirs foreign, name, member string, value []byte) []byte {
	out := object{'{'}
	if text, ok := theirs.get(name); ok {
		if members, err := jsontext.ParseObject(text); err == nil {
			for name := range members.Names {
				if other, _ := members.Get(name); name != member {
					out.add(name, other)
				}
			}
		}
	}
	out.add(member, value)
	return append(out, '}')
}

// iconsOf returns the list of icons: the one that came with the record, where it begins with the definition's icon.
func iconsOf(d *protocol.Definition, theirs foreign) []byte {
	if list, ok := theirs.get("icons"); ok && (d.Icon == "" || firstIcon(list) == d.Icon) {
		return list
	}
	if d.Icon == "" {
		return nil
	}
	icon := object{'{'}
	icon.text("src", d.Icon)
	return append(append([]byte{'['}, append(icon, '}')...), ']')
}

// firstIcon returns the address of the first icon of a list.
func firstIcon(list []byte) (src string) {
	_ = jsontext.Elements(list, func(i int, icon []byte) error {
		if i > 0 || jsontext.Kind(icon) != jsontext.KindObject {
			return nil
		}
		return jsontext.Members(icon, func(name string, value []byte) (err error) {
			if name == "src" {
				src, err = jsontext.Unquote(value)
			}
			return err
		})
	})
	return src
}

// manifestOf returns what only this platform knows of an app, or nil where that is nothing.
func manifestOf(d *protocol.Definition, custom []byte) []byte {
	rest := *d
	rest.Custom = custom
	text := rest.AppendJSON(nil)
	for name := range appdFields {
		if shorter, ok, err := jsontext.RemovePath(text, []string{name}); err == nil && ok {
			text = shorter
		}
	}
	if bytes.Equal(text, []byte("{}")) {
		return nil
	}
	return text
}

// object is a JSON object while it is written.
type object []byte

func (o *object) add(name string, value []byte) {
	if len(*o) > 1 {
		*o = append(*o, ',')
	}
	*o = append(jsontext.AppendString(*o, name), ':')
	*o = append(*o, value...)
}

func (o *object) text(name, value string) { o.add(name, jsontext.AppendString(nil, value)) }

// optional leaves out an empty text, and one that the reader of the record finds elsewhere.
func (o *object) optional(name, value string, elsewhere bool) {
	if value != "" && !elsewhere {
		o.text(name, value)
	}
}

func texts(list []string) []byte {
	out := []byte{'['}
	for i, s := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = jsontext.AppendString(out, s)
	}
	return append(out, ']')
}
