package origin

import "strings"

// sharedSuffixes are names of several labels under which anybody can get a name. It is no public suffix list, which
// would be larger than the hub; it holds what platforms are commonly hosted on, and serves warnings only.
const sharedSuffixes = " github.io gitlab.io pages.dev workers.dev vercel.app netlify.app web.app firebaseapp.com" +
	" herokuapp.com azurewebsites.net cloudfront.net appspot.com onrender.com fly.dev run.app ngrok.io "

// secondLevels are labels that many countries put in front of their own.
const secondLevels = " co com org net gov edu ac or ne go "

// privateSuffixes are top labels that lead to no strangers.
const privateSuffixes = " localhost local internal test lan "

// publicSuffix guesses whether strangers can register names directly under the host.
func publicSuffix(host string) bool {
	last, rest, more := cutLastLabel(host)
	if !more {
		return !strings.Contains(privateSuffixes, " "+host+" ")
	}
	if strings.Contains(sharedSuffixes, " "+host+" ") {
		return true
	}
	return len(last) == 2 && strings.Contains(secondLevels, " "+rest+" ")
}

// registrable returns the label that somebody registers and the suffix behind it; ok is false if the host has none.
func registrable(host string) (name, suffix string, ok bool) {
	suffix, rest, ok := cutLastLabel(host)
	if !ok || !publicSuffix(suffix) {
		return "", "", false
	}
	name, front, inFront := cutLastLabel(rest)
	if !publicSuffix(name + "." + suffix) {
		return name, suffix, true
	}
	suffix = name + "." + suffix
	name, _, _ = cutLastLabel(front)
	return name, suffix, inFront
}
