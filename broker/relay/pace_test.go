package relay

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestPace (W20): who registers and discovers without an end does so at the pace of the connection, so that others have their turns;
// a hub that has much to say at once is not held up.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pace
		ask := func(n int) time.Duration {
			begin := time.Now()
			for range n {
				time.Sleep(p.wait(time.Now()))
			}
			return time.Since(begin)
		}
		if took := ask(costlyBurst); took != 0 {
			t.Errorf("a burst took %s", took)
		}
		if took := ask(1000); took != 1000*costlyEach {
			t.Errorf("a thousand more took %s", took)
		}
		time.Sleep(time.Second)
		if took := ask(200); took != 0 {
			t.Errorf("what a second makes room for took %s", took)
		}
		time.Sleep(time.Hour)
		if took := ask(costlyBurst + 1); took != costlyEach {
			t.Errorf("after an hour a burst and one took %s", took)
		}
	})
}
