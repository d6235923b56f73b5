package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// publicKey is a key set with one public key.
const publicKey = `{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`

const portal = "identity:\n  jwt:\n    issuer: https://portal.example.com\n    audience: [crossframe]\n    algorithms: [EdDSA]\n"

func TestIdentity(t *testing.T) {
	l, folder, err := load(t, portal+"    keysFile: keys.json\n    leewayMs: 5000\n    claims: {user: oid, roles: realm_access.roles}\n", Flags{}, "keys.json", publicKey)
	if err != nil {
		t.Fatal(err)
	}
	j := l.Identity.JWT
	if j.KeysFile != filepath.Join(folder, "keys.json") || j.LeewayMs != 5000 || j.Claims.User != "oid" || j.Claims.Roles != "realm_access.roles" {
		t.Errorf("%+v", j)
	}
	users := "identity: {development: {users: [{id: ada, firstName: Ada, tenant: acme, groups: [traders], roles: [admin]}]}}\n"
	for _, local := range []string{"", "listen: localhost:9000\n", "listen: \"[::1]:9000\"\npublicOrigins: [\"http://localhost:9000\", \"http://a.localhost:9000\", \"http://127.0.0.1:9000\"]\n"} {
		l, _, err := load(t, local+users, Flags{})
		if err != nil || len(l.Identity.Development.Users) != 1 || l.Identity.Development.Users[0].Groups[0] != "traders" {
			t.Errorf("%s: %+v, %v", local, l, err)
		}
	}
}

func TestMistakesInIdentity(t *testing.T) {
	const users = "identity:\n  development:\n    users:\n      - id: ada\n"
	const fix = "\n  fix: use identity.jwt, or serve this machine only: listen: 127.0.0.1:8080, and no publicOrigins"
	const why = ", and a development user needs no proof: everybody who reaches the broker could be one"
	for _, test := range []struct{ name, text, want string }{
		{"development users of a public origin", users + "publicOrigins: [\"http://localhost:8080\", \"https://desk.example.com\"]\n",
			"4:7: identity.development.users: the public origin https://desk.example.com is not of this machine alone" + why + fix},
		{"development users on every interface", users + "listen: :8080\n",
			"4:7: identity.development.users: the address \":8080\" is reached from other machines" + why + fix},
		{"development users twice", users + "      - id: ada\n", "5:13: identity.development.users[1].id: \"ada\" is there twice\n  fix: give one of them another id"},
		{"a development user with a password", users + "        password: x\n", "5:9: identity.development.users[0].password: there is no such field\n  fix: the fields here are: email, firstName, groups, id, lastName, roles, tenant"},
		{"no keys", portal, "3:5: identity.jwt.keysURL: is missing\n  fix: write the address of the issuer's key set, or set keysFile"},
		{"an address without TLS", portal + "    keysURL: http://portal.example.com/keys\n", "6:14: identity.jwt.keysURL: must begin with https://"},
		{"a secret", portal + "    keysFile: secret.json\n", "6:15: identity.jwt.keysFile: holds a secret key; whoever reads it can make tokens"},
		{"no file", portal + "    keysFile: none.json\n", "6:15: identity.jwt.keysFile: no such file or directory\n  fix: write the issuer's public keys as a JSON Web Key Set"},
		{"a shared secret", strings.Replace(portal, "EdDSA", "HS256", 1), "5:18: identity.jwt.algorithms[0]: \"HS256\" is not accepted"},
		{"claims", portal + "    keysFile: keys.json\n    claims: {role: x}\n", "7:14: identity.jwt.claims.role: there is no such field\n  fix: did you mean roles?"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, folder, err := load(t, test.text, Flags{}, "keys.json", publicKey, "secret.json", `{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}`)
			if err == nil {
				t.Fatal("accepted")
			}
			if got := strings.ReplaceAll(err.Error(), folder, "DIR"); !strings.HasPrefix(got, "DIR/crossframe.yaml:"+test.want) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}
