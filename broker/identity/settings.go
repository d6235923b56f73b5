package identity

import (
	"strconv"
	"strings"
	"time"

	"github.com/crossframe/crossframe/broker/remote"
)

// Settings say whose credentials are accepted. The zero value accepts nobody's. The json tags are the keys of the
// configuration.
type Settings struct {
	Development Development `json:"development,omitzero"`
	// JWT is about the tokens of the embedding application; if nil, there are none.
	JWT *JWT `json:"jwt,omitempty"`
}

// JWT says which tokens are accepted.
type JWT struct {
	// Issuer is what the claim iss must say, letter by letter.
	Issuer string `json:"issuer"`
	// Audience lists names of this broker; the claim aud must hold one of them.
	Audience []string `json:"audience"`
	// Algorithms that tokens may be signed with: asymmetric ones only.
	Algorithms []string `json:"algorithms"`
	// KeysFile is a file with the issuer's public keys (RFC 7517), and KeysURL an address that has them; there is one of
	// the two. What is there later counts too: see RefreshMs.
	KeysFile string `json:"keysFile"`
	KeysURL  string `json:"keysURL"`
	// RefreshMs is after how long the keys are read anew; if 0, 15 minutes. A token with an unknown key makes it sooner, but
	// not more than once in 30 seconds.
	RefreshMs int64 `json:"refreshMs"`
	// StaleMs is how long keys are used that could not be read anew; if 0, 24 hours.
	StaleMs int64 `json:"staleMs"`
	// LeewayMs is how far the clocks of issuer and broker may differ; if 0, one minute. At most five minutes.
	LeewayMs int64 `json:"leewayMs"`
	// Tenant is the tenant of all users of this issuer; if empty, the claim says it.
	Tenant string `json:"tenant"`
	Claims Claims `json:"claims"`
}

// Claims names the claims of a token. A name is that of a member, or a path of members with dots, such as
// "realm_access.roles".
type Claims struct {
	// User is the user's id; if empty, "sub".
	User string `json:"user"`
	// FirstName, LastName and Email may be absent in a token; if empty, "given_name", "family_name" and "email".
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Email     string `json:"email"`
	// Tenant; if empty, "tenant". Not used where JWT.Tenant is set.
	Tenant string `json:"tenant"`
	// Groups and Roles are lists of texts, or one text; they may be absent in a token. If empty, "groups" and "roles".
	Groups string `json:"groups"`
	Roles  string `json:"roles"`
}

// orDefault returns the claims with every name set.
func (c Claims) orDefault() Claims {
	for name, def := range map[*string]string{
		&c.User: "sub", &c.FirstName: "given_name", &c.LastName: "family_name", &c.Email: "email",
		&c.Tenant: "tenant", &c.Groups: "groups", &c.Roles: "roles",
	} {
		if *name == "" {
			*name = def
		}
	}
	return c
}

// Bounds of the settings.
const (
	maxLeewayMs  = 5 * 60 * 1000
	maxStaleMs   = 7 * 24 * 60 * 60 * 1000
	maxRefreshMs = 24 * 60 * 60 * 1000
)

// Effective returns the settings with every default in its place.
func (s Settings) Effective() Settings {
	if s.JWT == nil {
		return s
	}
	j := *s.JWT
	for number, otherwise := range map[*int64]time.Duration{&j.RefreshMs: defaultRefresh, &j.StaleMs: defaultStale, &j.LeewayMs: defaultLeeway} {
		*number = duration(*number, otherwise).Milliseconds()
	}
	tenant := j.Claims.Tenant
	if j.Claims = j.Claims.orDefault(); j.Tenant != "" {
		j.Claims.Tenant = tenant
	}
	s.JWT = &j
	return s
}

// Problem is what is wrong with one setting.
type Problem struct {
	// Field is the path below the settings, such as "jwt.audience[1]".
	Field string
	// Text says what is wrong, and Fix what would be right.
	Text, Fix string
}

// First returns the first problem of the settings, or nil.
func (s *Settings) First() *Problem {
	if p := s.Development.first(); p != nil || s.JWT == nil {
		return p
	}
	for _, check := range [...]func(*JWT) *Problem{checkIssuer, checkAudience, checkAlgorithms, checkKeys, checkTimes, checkTenant} {
		if p := check(s.JWT); p != nil {
			p.Field = "jwt." + p.Field
			return p
		}
	}
	return nil
}

func (d *Development) first() *Problem {
	seen := make(map[string]bool, len(d.Users))
	for i := range d.Users {
		u := &d.Users[i]
		at := "development.users[" + strconv.Itoa(i) + "]."
		switch {
		case u.ID == "":
			return &Problem{at + "id", "is missing", "write what the credential has behind " + strconv.Quote(developmentPrefix)}
		case form(u.ID) != nil:
			return &Problem{at + "id", "has signs that a credential cannot have", "write printable ASCII without spaces"}
		case seen[u.ID]:
			return &Problem{at + "id", strconv.Quote(u.ID) + " is there twice", "give one of them another id"}
		}
		seen[u.ID] = true
		if p := u.checkNames(); p != nil {
			p.Field = at + p.Field
			return p
		}
	}
	return nil
}

func (u *DevelopmentUser) checkNames() *Problem {
	const fix = "write 1 to 256 printable characters, with no space at either end"
	for _, text := range [...]struct{ field, value string }{
		{"firstName", u.FirstName}, {"lastName", u.LastName}, {"email", u.Email}, {"tenant", u.Tenant}, {"id", u.ID},
	} {
		if !validText(text.value) {
			return &Problem{text.field, "is no name", fix}
		}
	}
	for _, list := range [...]struct {
		field string
		names []string
	}{{"groups", u.Groups}, {"roles", u.Roles}} {
		if len(list.names) > maxNames {
			return &Problem{list.field, "has more than " + strconv.Itoa(maxNames) + " names", "leave out those that are not used"}
		}
		for i, name := range list.names {
			if !validName(name) {
				return &Problem{list.field + "[" + strconv.Itoa(i) + "]", "is no name", fix}
			}
		}
	}
	return nil
}

func checkIssuer(j *JWT) *Problem {
	if j.Issuer == "" {
		return &Problem{"issuer", "is missing", "write what the claim iss of the tokens says"}
	}
	return nil
}

func checkAudience(j *JWT) *Problem {
	if len(j.Audience) == 0 {
		return &Problem{"audience", "is missing; without it, a token that was made for another program would do here", "write what the claim aud of the tokens says"}
	}
	for i, name := range j.Audience {
		if name == "" {
			return &Problem{"audience[" + strconv.Itoa(i) + "]", "is empty", "remove it, or give it a value"}
		}
	}
	return nil
}

func checkAlgorithms(j *JWT) *Problem {
	fix := "write one or more of " + strings.Join(algorithmNames(), ", ")
	if len(j.Algorithms) == 0 {
		return &Problem{"algorithms", "is missing", fix}
	}
	for i, name := range j.Algorithms {
		if algorithms[name] == nil {
			return &Problem{"algorithms[" + strconv.Itoa(i) + "]", strconv.Quote(name) + " is not accepted: it is unknown, or everybody who can check a token could make one", fix}
		}
	}
	return nil
}

func checkKeys(j *JWT) *Problem {
	switch {
	case j.KeysFile == "" && j.KeysURL == "":
		return &Problem{"keysURL", "is missing", "write the address of the issuer's key set, or set keysFile"}
	case j.KeysFile != "" && j.KeysURL != "":
		return &Problem{"keysURL", "there is a keysFile already", "keep one of them"}
	case j.KeysURL != "":
		if err := remote.CheckURL(j.KeysURL); err != nil {
			return &Problem{"keysURL", err.Error(), `write an address such as "https://portal.example.com/.well-known/jwks.json"`}
		}
	}
	return nil
}

func checkTimes(j *JWT) *Problem {
	for _, t := range [...]struct {
		field       string
		value, most int64
	}{{"leewayMs", j.LeewayMs, maxLeewayMs}, {"staleMs", j.StaleMs, maxStaleMs}, {"refreshMs", j.RefreshMs, maxRefreshMs}} {
		if t.value < 0 || t.value > t.most {
			return &Problem{t.field, "must be 1 to " + strconv.FormatInt(t.most, 10), "leave it out for the default"}
		}
	}
	return nil
}

func checkTenant(j *JWT) *Problem {
	switch {
	case j.Tenant != "" && j.Claims.Tenant != "":
		return &Problem{"claims.tenant", "has no effect beside jwt.tenant", "keep one of them"}
	case !validText(j.Tenant):
		return &Problem{"tenant", "is no name", "write 1 to 256 printable characters, with no space at either end"}
	}
	return nil
}
