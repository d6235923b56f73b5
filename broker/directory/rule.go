package directory

import (
	"fmt"
	"slices"

	"github.com/crossframe/crossframe/protocol"
	"github.com/crossframe/crossframe/protocol/definition"
	"github.com/crossframe/crossframe/protocol/origin"
)

// OwnOriginFix says what to do about an app that ApartFrom refuses.
const OwnOriginFix = "serve it from another origin, or give it a frame.sandbox without allow-same-origin and allowOpaque: true"

// ApartFrom returns a rule that refuses apps of the main page's own origins: such a frame reaches into the page, takes its
// own sandbox away, and owns the hub.
func ApartFrom(page []origin.Origin) func(d *protocol.Definition) error {
	return func(d *protocol.Definition) error {
		own, err := definition.OriginOf(d.URL)
		if err != nil {
			return err
		}
		opaque := len(d.Frame.Sandbox) > 0 && !slices.Contains(d.Frame.Sandbox, "allow-same-origin")
		if slices.Contains(page, own) && !opaque {
			return fmt.Errorf("the app %q is of the main page's own origin %s, so that it could take over the page", d.Name, own)
		}
		return nil
	}
}
