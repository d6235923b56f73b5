package config

import (
	"strings"
	"testing"
)

// TestPrint: every setting is printed with where it came from.
func TestPrint(t *testing.T) {
	t.Setenv(licenseKeyVariable, "CF1.canary")
	t.Setenv("CROSSFRAME_LOG_LEVEL", "debug")
	level, format := "debug", "json"
	l, _, err := load(t, "page: {title: \"true\"}\napps: [apps/crm.yaml]\nuser: {id: u1}\nlink:\n  everyoneRoles:\n    - lead\n",
		Flags{LogLevel: &level, LogFormat: &format}, "apps/crm.yaml", crm)
	if err != nil {
		t.Fatal(err)
	}
	text, err := l.Print()
	if err != nil {
		t.Fatal(err)
	}
	file := l.from.root.File()
	want := `listen: 127.0.0.1:8080 # default
opsListen: 127.0.0.1:8079 # default
publicOrigins: # default
    - http://localhost:8080
tls:
    certFile: "" # default
    keyFile: "" # default
page:
    title: "true" # FILE:1:15
    frames: null # default
    debug: false # default
apps: # FILE:2:7
    - crm
directory: {} # default
policy: {} # default
limits:
    bodyBytes: 1048576 # default
    messagesPerSecond: 200 # default
    burst: 1000 # default
    methods: 1000 # default
    subscriptions: 1000 # default
    pendingCalls: 1000 # default
    contexts: 1000 # default
    contextBytes: 4194304 # default
startMs: 20000 # default
drainMs: 10000 # default
license:
    key: (set, not shown) # CROSSFRAME_LICENSE_KEY
    keyFile: "" # default
    trustedKeysFile: "" # default
    keySetFile: "" # default
    rootKeysFile: "" # default
    revocationFile: "" # default
    stateFile: "" # default
user:
    id: u1 # FILE:3:12
identity: {} # default
api:
    origins: null # default
link:
    disabled: false # default
    url: "" # default
    tokenUrl: "" # default
    everyoneRoles: # FILE:6:5
        - lead
    connections: 10000 # default
    perAddress: 200 # default
    contexts: 10000 # default
sharing: null # default
store:
    dir: "" # default
    nats: null # default
    credentialsFile: "" # default
    user: "" # default
    password: "" # default
    passwordFile: "" # default
    tls:
        caFile: "" # default
        certFile: "" # default
        keyFile: "" # default
    replicas: 0 # default
    auditDays: 90 # default
    auditTenant: "" # default
trustedProxies: null # default
log:
    level: debug # CROSSFRAME_LOG_LEVEL
    format: json # --log-format
`
	if got := strings.ReplaceAll(string(text), file, "FILE"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestPrintHasNoSecrets: neither those of the file, nor those of the environment, nor those that are read from other files.
func TestPrintHasNoSecrets(t *testing.T) {
	const canary = "canary-4711"
	nats := "store: {nats: [nats://n1.example:4222], user: u, "
	for name, test := range map[string]struct {
		text, variable, want string
		files                []string
	}{
		"license in the file":  {text: "license: {key: " + canary + "}\n", want: "key: (set, not shown) # FILE:1:16"},
		"license by variable":  {variable: licenseKeyVariable, want: "key: (set, not shown) # CROSSFRAME_LICENSE_KEY"},
		"license from a file":  {text: "license: {keyFile: k.txt}\n", files: []string{"k.txt", canary}, want: "key: (set, not shown) # license.keyFile, FILE:1:20"},
		"password in the file": {text: nats + "password: " + canary + "}\n", want: "password: (set, not shown) # FILE:1:"},
		"password by variable": {text: nats + "}\n", variable: storePasswordVariable, want: "password: (set, not shown) # CROSSFRAME_STORE_PASSWORD"},
		"password from a file": {text: nats + "passwordFile: p.txt}\n", files: []string{"p.txt", canary}, want: "password: (set, not shown) # store.passwordFile, FILE:1:"},
		"token of a directory": {text: "directory: {upstreams: [{name: u, url: \"https://apps.example/v2/apps\", tokenFile: t.txt}]}\n", files: []string{"t.txt", canary}, want: "upstreams: # FILE:1:"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.variable != "" {
				t.Setenv(test.variable, canary)
			}
			l, _, err := load(t, test.text+"page: {}\n", Flags{}, test.files...)
			if err != nil {
				t.Fatal(err)
			}
			text, err := l.Print()
			if err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(string(text), l.from.root.File(), "FILE")
			if strings.Contains(got, canary) || !strings.Contains(got, test.want) {
				t.Errorf("want %s in:\n%s", test.want, got)
			}
		})
	}
}

// TestPrintHasEffectiveValues: what is left out of a section is printed as the broker takes it.
func TestPrintHasEffectiveValues(t *testing.T) {
	l, _, err := load(t, `identity: {jwt: {issuer: i, audience: [a], algorithms: [RS256], keysURL: "https://i.example/keys"}}
store: {nats: [nats://n1.example:4222]}
directory: {git: {path: .}, upstreams: [{name: u, url: "https://apps.example/v2/apps"}]}
`, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := l.Print()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"refreshMs: 900000 # default", "leewayMs: 60000 # default", "user: sub # default", "replicas: 3 # default", "pollMs: 5000 # default", "refreshMs: 300000"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("want %s in:\n%s", want, text)
		}
	}
}
