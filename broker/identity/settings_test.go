package identity

import (
	"reflect"
	"strings"
	"testing"

	"github.com/crossframe/crossframe/protocol"
)

func TestDevelopmentUsers(t *testing.T) {
	settings := &Settings{Development: Development{Users: []DevelopmentUser{
		{ID: "ada", FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", Tenant: "acme", Groups: []string{"b", "a", "b"}, Roles: []string{RoleAdmin}},
		{ID: "bob@example.com"},
	}}}
	if p := settings.First(); p != nil {
		t.Fatalf("%+v", p)
	}
	c, err := New(settings)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := c.Authenticate(t.Context(), Credential("ada"))
	want := Identity{Tenant: "acme", User: protocol.User{ID: "ada", FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
		Groups: []string{"a", "b"}, Roles: []string{"admin"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := c.Authenticate(t.Context(), "dev:bob@example.com"); err != nil || got.Tenant != DefaultTenant || got.Expired(start) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, credential := range []string{"", "dev:", "dev:Ada", "ada", "DEV:ada", "dev:ada ", "dev:ada\x00", "a.b.c"} {
		if code, reason := codeOf(t, c, credential); code != protocol.Unauthenticated {
			t.Errorf("%q: %q %q", credential, code, reason)
		}
	}
}

func TestWithoutSettingsNobodyIsAccepted(t *testing.T) {
	c, err := New(&Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, credential := range []string{"", "dev:", "dev:ada", "a.b.c"} {
		if code, _ := codeOf(t, c, credential); code != protocol.Unauthenticated {
			t.Errorf("%q: %q", credential, code)
		}
	}
}

func TestProblemsOfSettings(t *testing.T) {
	users := func(users ...DevelopmentUser) *Settings { return &Settings{Development: Development{Users: users}} }
	token := func(edit func(j *JWT)) *Settings {
		j := &JWT{Issuer: "i", Audience: []string{"a"}, Algorithms: []string{"ES256"}, KeysFile: "k.json"}
		edit(j)
		return &Settings{JWT: j}
	}
	for _, test := range []struct {
		settings *Settings
		field    string
		text     string
	}{
		{&Settings{}, "", ""},
		{token(func(*JWT) {}), "", ""},
		{users(DevelopmentUser{FirstName: "A"}), "development.users[0].id", "is missing"},
		{users(DevelopmentUser{ID: "a"}, DevelopmentUser{ID: "a"}), "development.users[1].id", "twice"},
		{users(DevelopmentUser{ID: "a b"}), "development.users[0].id", "signs"},
		{users(DevelopmentUser{ID: strings.Repeat("a", 257)}), "development.users[0].id", "no name"},
		{users(DevelopmentUser{ID: "a", Email: "x\n"}), "development.users[0].email", "no name"},
		{users(DevelopmentUser{ID: "a", Tenant: " x"}), "development.users[0].tenant", "no name"},
		{users(DevelopmentUser{ID: "a", Groups: []string{"g", ""}}), "development.users[0].groups[1]", "no name"},
		{users(DevelopmentUser{ID: "a", Roles: make([]string, 257)}), "development.users[0].roles", "more than 256"},
		{token(func(j *JWT) { j.Issuer = "" }), "jwt.issuer", "missing"},
		{token(func(j *JWT) { j.Audience = nil }), "jwt.audience", "missing"},
		{token(func(j *JWT) { j.Audience = []string{"a", ""} }), "jwt.audience[1]", "empty"},
		{token(func(j *JWT) { j.Algorithms = nil }), "jwt.algorithms", "missing"},
		{token(func(j *JWT) { j.Algorithms = []string{"ES256", "HS256"} }), "jwt.algorithms[1]", `"HS256" is not accepted`},
		{token(func(j *JWT) { j.Algorithms = []string{"none"} }), "jwt.algorithms[0]", `"none" is not accepted`},
		{token(func(j *JWT) { j.KeysFile = "" }), "jwt.keysURL", "missing"},
		{token(func(j *JWT) { j.KeysURL = "https://a.example" }), "jwt.keysURL", "keysFile already"},
		{token(func(j *JWT) { j.KeysFile, j.KeysURL = "", "http://a.example" }), "jwt.keysURL", "https"},
		{token(func(j *JWT) { j.LeewayMs = 300_001 }), "jwt.leewayMs", "1 to 300000"},
		{token(func(j *JWT) { j.StaleMs = -1 }), "jwt.staleMs", "1 to"},
		{token(func(j *JWT) { j.RefreshMs = -1 }), "jwt.refreshMs", "1 to"},
		{token(func(j *JWT) { j.Tenant, j.Claims.Tenant = "a", "b" }), "jwt.claims.tenant", "no effect"},
		{token(func(j *JWT) { j.Tenant = "a\t" }), "jwt.tenant", "no name"},
	} {
		p := test.settings.First()
		if p == nil {
			p = new(Problem)
		}
		if p.Field != test.field || !strings.Contains(p.Text, test.text) || (p.Fix == "") != (p.Field == "") {
			t.Errorf("%+v, want %s %s", p, test.field, test.text)
		}
	}
}
