package directory

import (
	"strconv"

	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
)

// MaxApps bounds a set of definitions; it is what the hub reads.
const MaxApps = protocol.MaxElements

// Set is a set of app definitions, in the order in which they were found.
type Set struct {
	Apps []protocol.Definition
	// Warnings are findings that do not keep the definitions from being used, each with its place.
	Warnings []string
	// places says where a name was defined first.
	places map[string]source.Value
}

// AddFile reads a file: one definition, a list of them, or a mapping with such a list as "apps" or, in FDC3's form,
// "applications". The error is a *source.Error; the set then has the definitions before it.
func (s *Set) AddFile(path string) error {
	root, err := source.Open(path)
	if err != nil {
		return err
	}
	return s.AddRoot(root)
}

// AddRoot adds what a file's value holds; see AddFile.
func (s *Set) AddRoot(root source.Value) error {
	if root.Kind() == source.List {
		return s.addList(root)
	}
	for _, name := range [...]string{"apps", "applications"} {
		if list, ok := root.Member(name); ok {
			return s.addOnly(root, name, list)
		}
	}
	return s.Add(root)
}

// addOnly takes the list of a mapping that may have nothing else. Records of a directory service come with a message
// beside them.
func (s *Set) addOnly(root source.Value, name string, list source.Value) error {
	for _, member := range root.Members() {
		if member.Name != name && member.Name != "message" {
			return member.Value.Fault("there is no such field beside "+name, "")
		}
	}
	if err := list.Want(source.List); err != nil {
		return err
	}
	return s.addList(list)
}

func (s *Set) addList(list source.Value) error {
	for _, item := range list.Items() {
		if err := s.Add(item); err != nil {
			return err
		}
	}
	return nil
}

// Add takes one definition or FDC3 record. The error is a *source.Error.
func (s *Set) Add(value source.Value) error {
	if value.Kind() == source.Null {
		return value.Fault("there is no app definition", `write at least a "name" and a "url"`)
	}
	if err := value.Want(source.Mapping); err != nil {
		return err
	}
	read := readNative
	if _, foreign := value.Member("appId"); foreign {
		read = s.readAppD
	}
	d, place, err := read(value)
	if err != nil || d == nil {
		return err
	}
	if err := check(d, place); err != nil {
		return err
	}
	return s.put(*d, value, place("name"))
}

// put adds a definition whose name is new.
func (s *Set) put(d protocol.Definition, value, name source.Value) error {
	if first, twice := s.places[d.Name]; twice {
		at := first.Fault("", "")
		return name.Fault("the app "+strconv.Quote(d.Name)+" is defined already, in "+at.File+":"+strconv.Itoa(at.Line), "give it another name, or remove one of them")
	}
	if len(s.Apps) >= MaxApps {
		return value.Fault("more than "+strconv.Itoa(MaxApps)+" apps", "leave out those that are not used")
	}
	if s.places == nil {
		s.places = make(map[string]source.Value)
	}
	s.places[d.Name] = name
	s.Apps = append(s.Apps, d)
	return nil
}

// placer returns the value that a field of a definition was read from.
type placer func(field string) source.Value
