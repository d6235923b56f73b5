package license

import (
	"errors"
	"unicode/utf8"

	"github.com/crossframe/crossframe/protocol/jsontext"
)

// Bounds of what a license says.
const (
	maxClaimText = 256
	maxFeatures  = 256
	maxLimits    = 64
	maxGraceDays = 366
	// maxTime is the end of the year 9999.
	maxTime = 253402300799
	// maxLimit is the largest integer that every reader of JSON takes exactly.
	maxLimit = 1<<53 - 1
)

// MaxOrigins bounds the origins of one license.
const MaxOrigins = 32

// Parse reads claims whose signature has been checked. Unknown claims are for later versions.
func Parse(text []byte) (l License, err error) {
	err = jsontext.Members(text, func(name string, value []byte) (err error) {
		switch name {
		case "iss":
			l.Issuer, err = jsontext.Unquote(value)
		case "sub":
			l.Subject, err = jsontext.Unquote(value)
		case "jti":
			l.ID, err = jsontext.Unquote(value)
		case "iat":
			l.IssuedAt, err = jsontext.Int(value)
		case "nbf":
			l.NotBefore, err = jsontext.Int(value)
		case "exp":
			l.Expires, err = jsontext.Int(value)
		case "graceDays":
			l.GraceDays, err = jsontext.Int(value)
		case "origins":
			l.Origins, err = parseList(value)
		case "features":
			l.Features, err = parseList(value)
		case "limits":
			l.Limits, err = parseLimits(value)
		}
		return err
	})
	if err == nil {
		err = l.Validate()
	}
	return l, err
}

func parseList(text []byte) (list []string, err error) {
	err = jsontext.Elements(text, func(_ int, value []byte) error {
		s, err := jsontext.Unquote(value)
		list = append(list, s)
		return err
	})
	return list, err
}

func parseLimits(text []byte) (map[string]int64, error) {
	limits := map[string]int64{}
	err := jsontext.Members(text, func(name string, value []byte) (err error) {
		limits[name], err = jsontext.Int(value)
		return err
	})
	return limits, err
}

// Validate holds a license to its bounds, when it is issued and when it is opened.
func (l *License) Validate() error {
	switch {
	case !validText(l.Subject) || !validText(l.ID) || l.Issuer != "" && !validText(l.Issuer):
		return errors.New("subject and id, and issuer where there is one, are texts of 1 to 256 bytes")
	case l.IssuedAt <= 0 || l.Expires > maxTime || l.NotBefore < 0:
		return errors.New("times are seconds since 1970, up to the year 9999")
	case l.Expires <= l.IssuedAt || l.Expires <= l.NotBefore:
		return errors.New("it must expire after it begins")
	case l.GraceDays < 0 || l.GraceDays > maxGraceDays:
		return errors.New("grace days are 0 to 366")
	case len(l.Origins) == 0 || len(l.Origins) > MaxOrigins:
		return errors.New("it must name 1 to 32 origins")
	case len(l.Features) > maxFeatures || len(l.Limits) > maxLimits:
		return errors.New("it has at most 256 features and 64 limits")
	}
	for _, f := range l.Features {
		if !validText(f) {
			return errors.New("a feature is a text of 1 to 256 bytes")
		}
	}
	for name, n := range l.Limits {
		if !validText(name) || n < 0 || n > maxLimit {
			return errors.New("a limit has a name of 1 to 256 bytes and a number from 0 to 2^53-1")
		}
	}
	return nil
}

func validText(s string) bool {
	return s != "" && len(s) <= maxClaimText && utf8.ValidString(s)
}
