// Package browser connects a hub to the Worker in which it runs. The Worker's JavaScript keeps the ports, the
// journal and the bodies; Go sees header fields. Both sides meet in one exported function and a piece of
// linear memory, whose layout records.go describes. Nothing here decides anything.
//
// It may import wasm/hub and below. Only files that end in _js.go know JavaScript.
package browser
