package hub_test

import (
	"testing"

	"github.com/crossframe/crossframe/wasm/hub/hubtest"
)

func TestContract(t *testing.T) { hubtest.Contract(t, nil) }
