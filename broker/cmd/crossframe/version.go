package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand says which version this is.
type versionCommand struct{}

// Run prints version, Go and platform.
func (versionCommand) Run(on *console) error {
	_, err := fmt.Fprintf(on.out, "crossframe %s, %s, %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// buildVersion is the module's version, and the commit where the build knows it.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			version += " " + setting.Value[:12]
		}
	}
	return version
}
