package config

import (
	"path/filepath"
	"strconv"

	"github.com/crossframe/crossframe/broker/directory"
	"github.com/crossframe/crossframe/broker/proxies"
	"github.com/crossframe/crossframe/broker/source"
	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/origin"
)

// Loaded is a configuration that can be used.
type Loaded struct {
	Config
	// Definitions are the apps of all files, in the order of Config.Apps.
	Definitions []protocol.Definition
	// Origins are PublicOrigins, read, or their default.
	Origins []origin.Origin
	// APIOrigins are API.Origins, read.
	APIOrigins []origin.Origin
	// Proxies are TrustedProxies, read.
	Proxies proxies.Trusted
	// LicenseKeys and LicenseRoots are the keys of the files.
	LicenseKeys  []protocol.TrustedKey
	LicenseRoots []protocol.TrustedKey
	// AcceptDamage opens a damaged store: a flag for once.
	AcceptDamage bool
	// Warnings are findings that do not stop the start.
	Warnings []string

	// from tells where a setting came from, for Print.
	from places
}

// Load reads the configuration file, if one is named, puts the flags over it and checks everything. Every mistake that
// can be told is a *source.Error. Base are definitions that the program brings itself, before those of the
// configuration.
func Load(flags *Flags, base ...source.Value) (*Loaded, error) {
	l := &loader{Loaded: Loaded{Config: defaults()}, folder: ".", base: base}
	if flags.Config != "" {
		root, err := source.Open(flags.Config)
		if err != nil {
			return nil, err
		}
		if err := root.Into(&l.Config); err != nil {
			return nil, err
		}
		l.root, l.folder = root, filepath.Dir(flags.Config)
	}
	l.relative()
	l.given = flags.apply(&l.Config)
	l.AcceptDamage = flags.AcceptDamage
	for _, step := range []func() error{
		l.checkListeners, l.checkOrigins, l.checkAPI, l.checkProxies, l.checkTLS, l.checkLog, l.checkFrames, l.checkPolicy, l.checkNumbers, l.checkUser, l.checkIdentity, l.checkLink, l.checkStore, l.readLicense, l.checkDirectory, l.readApps,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	l.from = l.places
	return &l.Loaded, nil
}

// loader is a configuration on its way.
type loader struct {
	Loaded
	places
	// folder is what paths in the file are relative to.
	folder string
	base   []source.Value
}

// relative makes the paths of the file relative to its folder. Those of flags are relative to where the program was
// started, as people expect.
func (l *loader) relative() {
	paths := []*string{&l.TLS.CertFile, &l.TLS.KeyFile, &l.License.KeyFile, &l.License.TrustedKeysFile,
		&l.License.KeySetFile, &l.License.RootKeysFile, &l.License.RevocationFile, &l.License.StateFile}
	paths = append(paths, l.Store.paths()...)
	if l.Identity.JWT != nil {
		paths = append(paths, &l.Identity.JWT.KeysFile)
	}
	if l.Directory.Git != nil {
		paths = append(paths, &l.Directory.Git.Path)
	}
	for i := range l.Directory.Upstreams {
		paths = append(paths, &l.Directory.Upstreams[i].TokenFile)
	}
	for _, path := range paths {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(l.folder, *path)
		}
	}
}

// readApps reads the definitions, each file once.
func (l *loader) readApps() error {
	var set directory.Set
	for _, root := range l.base {
		if err := set.AddRoot(root); err != nil {
			return err
		}
	}
	seen := make(map[string]bool)
	for i, entry := range l.Apps {
		key := "apps[" + strconv.Itoa(i) + "]"
		if entry.Path == "" {
			if entry.Definition.Kind() == source.Null {
				return l.fault(key, "is empty", "write a path of files with app definitions")
			}
			if err := set.Add(entry.Definition); err != nil {
				return err
			}
			continue
		}
		if err := l.readFiles(&set, key, entry.Path, seen); err != nil {
			return err
		}
	}
	l.Definitions = set.Apps
	l.Warnings = append(l.Warnings, set.Warnings...)
	return l.checkApps()
}

func (l *loader) readFiles(set *directory.Set, key, path string, seen map[string]bool) error {
	folder := l.folder
	if l.given["apps"] != "" {
		folder = "."
	}
	files, err := directory.Files(folder, path)
	if err != nil {
		return l.fault(key, err.Error(), `patterns have *, **, ?, [a-z] and {a,b}`)
	}
	if len(files) == 0 {
		l.Warnings = append(l.Warnings, l.fault(key, "no file matches "+strconv.Quote(path), "").Error())
	}
	for _, file := range files {
		if seen[file] {
			continue
		}
		seen[file] = true
		if err := set.AddFile(file); err != nil {
			return err
		}
	}
	return nil
}
