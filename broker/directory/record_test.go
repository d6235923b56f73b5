package directory

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// readBack reads a record that Record made.
func readBack(t *testing.T, record []byte) protocol.Definition {
	t.Helper()
	var set Set
	if err := add(&set, "record.json", string(record)); err != nil {
		t.Fatalf("%s: %v", record, err)
	}
	return set.Apps[0]
}

// TestRecordsKeepEverything: a definition comes back from its record as it was.
func TestRecordsKeepEverything(t *testing.T) {
	full := protocol.Definition{
		Name: "crm", Title: "Customers", Description: "All of them", URL: "https://crm.example.com/start?x=1", Icon: "https://crm.example.com/i.png",
		Version: "1.10", Categories: []string{"crm", "other"}, Origins: []string{"https://*.example.com"}, AllowOpaque: true, AllowNested: true,
		NestedOrigins: []string{"https://n.example"}, Frame: protocol.Frame{Sandbox: []string{"allow-scripts"}, Allow: []string{"camera"}},
		Limits: protocol.Limits{Burst: 7}, Grants: &protocol.Grants{Offer: []string{"crm.*"}, Admin: true}, SeesUser: true, Single: true, Hidden: true,
		Custom: protocol.Raw(`{"placement":{"area":"left"},"n":1.50}`),
	}
	for name, edit := range map[string]func(d *protocol.Definition){
		"everything":                    func(*protocol.Definition) {},
		"the least":                     func(d *protocol.Definition) { *d = protocol.Definition{Name: "a", URL: "https://a.example"} },
		"a title like the name":         func(d *protocol.Definition) { d.Title = d.Name },
		"no title":                      func(d *protocol.Definition) { d.Title = "" },
		"signs that JSON escapes":       func(d *protocol.Definition) { d.Title, d.Description = "\"<&\\\u2028", "\t" },
		"grants that are empty":         func(d *protocol.Definition) { d.Grants = new(protocol.Grants) },
		"custom data that is a text":    func(d *protocol.Definition) { d.Custom = protocol.Raw(`"x"`) },
		"custom data that is a list":    func(d *protocol.Definition) { d.Custom = protocol.Raw(`[1,2]`) },
		"custom data that is empty":     func(d *protocol.Definition) { d.Custom = protocol.Raw(`{}`) },
		"custom data like a record's":   func(d *protocol.Definition) { d.Custom = protocol.Raw(`{"appD":{"appId":"evil"},"x":1}`) },
		"custom data like no record's":  func(d *protocol.Definition) { d.Custom = protocol.Raw(`{"appD":7}`) },
		"custom data with a manifest":   func(d *protocol.Definition) { d.Custom = protocol.Raw(`{"appD":{"hostManifests":{"Crossframe":{}}}}`) },
		"custom data with an empty one": func(d *protocol.Definition) { d.Custom = protocol.Raw(`{"appD":{}}`) },
		"of a record": func(d *protocol.Definition) {
			d.Custom = protocol.Raw(`{"appD":{"lang":"en","name":"x","hostManifests":{"Other":"https://o.example"},"interop":{"intents":{}}},"mine":[1]}`)
		},
		"an icon in the text": func(d *protocol.Definition) { d.Icon = "data:image/png;base64,AA==" },
	} {
		t.Run(name, func(t *testing.T) {
			d := full
			edit(&d)
			record := Record(&d)
			back := readBack(t, record)
			if got, want := asAny(t, back), asAny(t, d); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v\nby   %s", got, want, record)
			}
		})
	}
}

// TestEveryFieldIsInTheRecord finds fields that a later version adds and Record forgets.
func TestEveryFieldIsInTheRecord(t *testing.T) {
	d := filled(t)
	back := readBack(t, Record(&d))
	for i := range reflect.TypeFor[protocol.Definition]().NumField() {
		name := reflect.TypeFor[protocol.Definition]().Field(i).Name
		if got, want := reflect.ValueOf(back).Field(i).Interface(), reflect.ValueOf(d).Field(i).Interface(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

// filled is a definition in which no field is empty.
func filled(t *testing.T) protocol.Definition {
	t.Helper()
	var set Set
	if err := set.AddFile("testdata/full.yaml"); err != nil {
		t.Fatal(err)
	}
	d := set.Apps[0]
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("testdata/full.yaml does not set %s", v.Type().Field(i).Name)
		}
	}
	return d
}

// TestForeignRecordsKeepEverything: a record of another directory comes back as it was, but for the fields that mean the
// same elsewhere in it.
func TestForeignRecordsKeepEverything(t *testing.T) {
	root, err := source.Open("testdata/appd.json")
	if err != nil {
		t.Fatal(err)
	}
	list, _ := root.Member("applications")
	for _, item := range list.Items() {
		var set Set
		if err := set.Add(item); err != nil {
			t.Fatal(err)
		}
		if len(set.Apps) == 0 {
			continue
		}
		var got, want map[string]any
		if err := json.Unmarshal(Record(&set.Apps[0]), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(item.JSON(), &want); err != nil {
			t.Fatal(err)
		}
		want["type"] = "web"
		if hosts, ok := want["hostManifests"].(map[string]any); ok {
			hosts[ManifestName] = hosts["crossframe"]
			delete(hosts, "crossframe")
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
}

func TestRecordHasWhatTheStandardRequires(t *testing.T) {
	got := string(Record(&protocol.Definition{Name: "a", URL: "https://a.example"}))
	if want := `{"appId":"a","name":"a","type":"web","details":{"url":"https://a.example"}}`; got != want {
		t.Errorf("got %s", got)
	}
}

// FuzzRecord: whatever is a definition comes back from its record.
func FuzzRecord(f *testing.F) {
	f.Add("a", "https://a.example", "T", "D", "", `{"appD":{"lang":"en"}}`)
	f.Add("a", "https://a.example", "a", "", "data:image/png,x", `[{"appD":null}]`)
	f.Fuzz(func(t *testing.T, name, url, title, description, icon, custom string) {
		d := protocol.Definition{Name: name, URL: url, Title: title, Description: description, Icon: icon, Custom: protocol.Raw(custom)}
		// What the codec leaves out or mends, no definition that was read has.
		text := d.AppendJSON(nil)
		d = protocol.Definition{}
		if d.DecodeJSON(text) != nil || check(&d, func(string) source.Value { return source.Value{} }) != nil {
			return
		}
		back := readBack(t, Record(&d))
		if got, want := asAny(t, back), asAny(t, d); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %v\nwant %v\nby   %s", got, want, Record(&d))
		}
	})
}

func asAny(t *testing.T, d protocol.Definition) (value any) {
	decoder := json.NewDecoder(strings.NewReader(string(d.AppendJSON(nil))))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
