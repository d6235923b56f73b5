package protocol

// Versions of the protocol that this code speaks, newest first.
var versions = [...]int64{1}

// Versions returns the protocol versions that this hub speaks, newest first.
func Versions() []int64 { return append([]int64(nil), versions[:]...) }

// Negotiate returns the newest version that both sides speak; ok is false where there is none.
func Negotiate(offered []int64) (version int64, ok bool) {
	for _, ours := range versions {
		for _, theirs := range offered {
			if ours == theirs {
				return ours, true
			}
		}
	}
	return 0, false
}
