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
	values, err := definitions(root)
	if err != nil {
		return err
	}
	for _, value := range values {
		if err := s.Add(value); err != nil {
			return err
		}
	}
	return nil
}

// definitions returns the definitions that a file's value holds. A mapping with a list of them may have nothing else, but
// for the message that comes beside the records of a directory service.
func definitions(root source.Value) ([]source.Value, error) {
	if root.Kind() == source.List {
		return root.Items(), nil
	}
	for _, name := range [...]string{"apps", "applications"} {
		list, ok := root.Member(name)
		if !ok {
			continue
		}
		for _, member := range root.Members() {
			if member.Name != name && member.Name != "message" {
				return nil, member.Value.Fault("there is no such field beside "+name, "")
			}
		}
		return list.Items(), list.Want(source.List)
	}
	return []source.Value{root}, nil
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
