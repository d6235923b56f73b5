package config

import (
	"strings"
	"testing"
)

func TestStore(t *testing.T) {
	t.Setenv(storePasswordVariable, "")
	l, dir, err := load(t, "store: {nats: [\"tls://a.example:4222\", \"nats://b.example:4222\"], user: broker, passwordFile: password, tls: {caFile: ca.pem}, auditDays: 30}\n",
		Flags{}, "password", "s3cret\n")
	if err != nil {
		t.Fatal(err)
	}
	if l.Store.Password != "s3cret" || l.Store.User != "broker" || !strings.HasPrefix(l.Store.TLS.CAFile, dir) || l.Store.AuditDays != 30 {
		t.Errorf("%+v", l.Store)
	}
	text, err := l.Print()
	if err != nil || strings.Contains(string(text), "s3cret") {
		t.Errorf("the password is printed: %s, %v", text, err)
	}
	t.Setenv(storePasswordVariable, "other")
	if l, _, err = load(t, "store: {nats: [\"nats://a.example\"], user: broker, passwordFile: missing}\n", Flags{}); err != nil || l.Store.Password != "other" {
		t.Errorf("%v, %v", l, err)
	}
	t.Setenv(storePasswordVariable, "")
	if l, _, err = load(t, "store: {dir: data}\n", Flags{NATS: []string{"nats://a.example"}, StoreDir: pointer("")}); err != nil || l.Store.Dir != "" {
		t.Errorf("the flags come before the file: %+v, %v", l, err)
	}
}

func TestStoreMistakes(t *testing.T) {
	t.Setenv(storePasswordVariable, "")
	for text, want := range map[string]string{
		"{dir: a, nats: [\"nats://b\"]}":                                    "keep one of them",
		"{nats: [\"https://b\"]}":                                           "store.nats[0]: is no address of NATS",
		"{nats: [\"nats://user:s3cret@b\"]}":                                "store.passwordFile",
		"{nats: [\"nats://b\"], replicas: 2}":                               "2 is not possible",
		"{nats: [\"nats://b\"], tls: {certFile: c}}":                        "store.tls",
		"{nats: [\"nats://b\"], user: a, credentialsFile: c}":               "credentials already",
		"{nats: [\"nats://b\"], password: s3cret}":                          "store.user: is missing",
		"{nats: [\"nats://b\"], user: a, password: x, passwordFile: store}": "keep one of them",
		"{dir: a, replicas: 3}":                                             "there is none",
		"{user: a}":                                                         "there is none",
		"{auditDays: -1}":                                                   "above 0",
		"{dirs: a}":                                                         "dir",
	} {
		_, _, err := load(t, "store: "+text+"\n", Flags{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v; wanted %q", text, err, want)
		}
	}
}
