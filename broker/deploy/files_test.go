package deploy

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/crossframe/crossframe/broker/config"
)

// composeFile is as much of the form as compose.yaml has; what it does not have is a mistake.
type composeFile struct {
	Name     string                    `yaml:"name"`
	Services map[string]composeService `yaml:"services"`
	Networks map[string]any            `yaml:"networks"`
	Volumes  map[string]any            `yaml:"volumes"`
	NATS     any                       `yaml:"x-nats"`
	NATSEnv  any                       `yaml:"x-nats-environment"`
	Broker   any                       `yaml:"x-broker"`
}

type composeService struct {
	Image           string                                `yaml:"image"`
	Build           *struct{ Context, Dockerfile string } `yaml:"build"`
	Command         []string                              `yaml:"command"`
	Restart         string                                `yaml:"restart"`
	StopGracePeriod string                                `yaml:"stop_grace_period"`
	ReadOnly        bool                                  `yaml:"read_only"`
	CapDrop         []string                              `yaml:"cap_drop"`
	SecurityOpt     []string                              `yaml:"security_opt"`
	Networks        []string                              `yaml:"networks"`
	Ports           []string                              `yaml:"ports"`
	Environment     map[string]string                     `yaml:"environment"`
	Volumes         []string                              `yaml:"volumes"`
	DependsOn       map[string]map[string]string          `yaml:"depends_on"`
	Healthcheck     *struct {
		Test              []string
		Interval, Timeout string
		Retries           int
		StartPeriod       string `yaml:"start_period"`
	} `yaml:"healthcheck"`
	Ulimits map[string]map[string]int `yaml:"ulimits"`
	Logging *struct {
		Driver  string
		Options map[string]string
	} `yaml:"logging"`
}

func readCompose(t *testing.T) (c composeFile) {
	t.Helper()
	file, err := os.Open("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

func text(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestCompose: names that are used exist, images have versions, and what is mounted is here or said to be yours.
func TestCompose(t *testing.T) {
	c := readCompose(t)
	if len(c.Services) != 6 {
		t.Errorf("%d services", len(c.Services))
	}
	yours := []string{"./etc", "./tls"}
	version := regexp.MustCompile(`^[a-z/]+:(\d+\.\d+\.\d+(-[a-z]+)?|\$\{CROSSFRAME_VERSION:-devel\})$`)
	for name, s := range c.Services {
		if !version.MatchString(s.Image) {
			t.Errorf("%s: the image %s has no version", name, s.Image)
		}
		if s.Restart == "" || s.StopGracePeriod == "" || s.Logging == nil || s.Logging.Options["max-size"] == "" {
			t.Errorf("%s: restarts, stop or size of the log are left to chance: %+v", name, s)
		}
		for _, network := range s.Networks {
			if _, there := c.Networks[network]; !there {
				t.Errorf("%s: there is no network %s", name, network)
			}
		}
		for other, how := range s.DependsOn {
			if on, there := c.Services[other]; !there || how["condition"] == "service_healthy" && on.Healthcheck == nil {
				t.Errorf("%s waits for %s, which nobody will say is well", name, other)
			}
		}
		for _, mount := range s.Volumes {
			from, _, _ := strings.Cut(mount, ":")
			_, volume := c.Volumes[from]
			_, err := os.Stat(from)
			if !volume && !slices.Contains(yours, from) && err != nil {
				t.Errorf("%s mounts %s, which is not there", name, from)
			}
		}
		if len(s.Ports) > 0 != (name == "proxy") {
			t.Errorf("%s is reached from outside by %v", name, s.Ports)
		}
	}
}

// TestComposeMeetsTheBroker: the variables are the broker's, it has the time that it needs, and the user has no more rights than it
// takes.
func TestComposeMeetsTheBroker(t *testing.T) {
	known := []string{"CROSSFRAME_STORE_PASSWORD"}
	for field := range reflect.TypeFor[config.Flags]().Fields() {
		known = append(known, field.Tag.Get("env"))
	}
	c := readCompose(t)
	for _, name := range []string{"broker1", "broker2"} {
		s := c.Services[name]
		for variable := range s.Environment {
			if !slices.Contains(known, variable) {
				t.Errorf("%s: the broker has no variable %s", name, variable)
			}
		}
		if grace, err := strconv.Atoi(strings.TrimSuffix(s.StopGracePeriod, "s")); err != nil || grace < 30 {
			t.Errorf("%s: %s is too short for drainMs and twenty seconds", name, s.StopGracePeriod)
		}
		if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || len(s.SecurityOpt) != 1 {
			t.Errorf("%s may do more than it must: %+v", name, s)
		}
		if _, err := os.Stat(filepath.Join(s.Build.Context, s.Build.Dockerfile)); err != nil {
			t.Error(err)
		}
	}
	// The topology's test hands over the same variables as the compose file.
	for name := range c.Services["nats1"].Environment {
		if !strings.Contains(text(t, "nats.conf"), "$"+name) {
			t.Errorf("nats.conf does not use %s", name)
		}
	}
	if !strings.Contains(text(t, "../../go.mod"), "github.com/nats-io/nats-server/v2 v"+regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(c.Services["nats1"].Image)) {
		t.Errorf("%s is not the version that the tests run", c.Services["nats1"].Image)
	}
}

// TestPasswordsAreNotHere: the example has names only.
func TestPasswordsAreNotHere(t *testing.T) {
	for _, line := range strings.Split(strings.TrimSpace(text(t, "example.env")), "\n") {
		if !strings.HasPrefix(line, "#") && !strings.HasSuffix(line, "=") {
			t.Errorf("the example has a value: %s", line)
		}
	}
}

// TestDockerfile: every image has a version, the last stage is empty and its user is nobody in particular.
func TestDockerfile(t *testing.T) {
	file := text(t, "Dockerfile")
	arguments := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^ARG (\w+)=(\S+)$`).FindAllStringSubmatch(file, -1) {
		arguments["${"+m[1]+"}"] = m[2]
	}
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(file, -1)
	for _, m := range stages {
		image := m[1]
		for name, value := range arguments {
			image = strings.ReplaceAll(image, name, value)
		}
		if image != "scratch" && !regexp.MustCompile(`^[a-z]+:\d+\.\d+\.\d+-[a-z-]+$`).MatchString(image) {
			t.Errorf("%s has no version", image)
		}
	}
	_, last, _ := strings.Cut(file, "\nFROM scratch\n")
	if len(stages) != 3 || !strings.Contains(last, "\nUSER 65532:65532\n") || !strings.Contains(last, "\nHEALTHCHECK ") || strings.Contains(last, "\nRUN ") {
		t.Errorf("the last stage: %s", last)
	}
	if !strings.Contains(text(t, "../../go.mod"), "\ngo "+arguments["${GO}"][:len("1.26")]) {
		t.Errorf("go.mod asks for another Go than %s", arguments["${GO}"])
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY ([a-z][^$ ]*) `).FindAllStringSubmatch(file, -1) {
		if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
			t.Error(err)
		}
	}
}

// systemdAnalyze runs a command of systemd on the unit, with a binary that exists.
func systemdAnalyze(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze: install systemd to have the unit checked")
	}
	unit := filepath.Join(t.TempDir(), "crossframe.service")
	write(t, unit, strings.Replace(text(t, "crossframe.service"), "/usr/local/bin/crossframe", build(t, crossframePackage), 1))
	said, err := exec.Command(program, append(args, unit)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return string(said)
}

// TestUnit: systemd understands every line, and finds little that an intruder could do.
func TestUnit(t *testing.T) {
	if said := systemdAnalyze(t, "verify", "--man=no"); strings.Contains(said, "crossframe.service") {
		t.Errorf("systemd says: %s", said)
	}
	said := systemdAnalyze(t, "security", "--offline=yes", "--no-pager", "--threshold=20")
	m := regexp.MustCompile(`exposure level for crossframe.service: ([\d.]+)`).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("systemd says: %s", said)
	}
	if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 1.5 {
		t.Errorf("the exposure is %s", m[1])
	}
}

// TestProxies: the proxy asks those brokers that there are, at the port where they listen, in the place that they believe, and tells
// them what they ask for.
func TestProxies(t *testing.T) {
	file, broker, c := text(t, "nginx.conf"), text(t, "crossframe.yaml"), readCompose(t)
	servers := regexp.MustCompile(`(?m)^ *server ([a-z0-9]+):(\d+) `).FindAllStringSubmatch(file, -1)
	if len(servers) != 2 {
		t.Errorf("it asks %v", servers)
	}
	for _, m := range servers {
		if _, there := c.Services[m[1]]; !there || !strings.Contains(broker, `listen: ":`+m[2]+`"`) {
			t.Errorf("nobody listens at %s:%s", m[1], m[2])
		}
	}
	for _, line := range []string{"proxy_set_header Host $host;", "proxy_set_header X-Forwarded-For $remote_addr;", "proxy_set_header X-Forwarded-Proto $scheme;",
		"location = " + config.LinkPath + " {", "proxy_set_header Upgrade $http_upgrade;", "gzip off;"} {
		if !strings.Contains(file, line) {
			t.Errorf("nginx.conf has no %q", line)
		}
	}
	if strings.Count(file, "{") != strings.Count(file, "}") {
		t.Error("nginx.conf has a brace too many or too few")
	}
	networks, err := os.ReadFile("compose.yaml")
	if subnet := regexp.MustCompile(`trustedProxies: \["([^"]+)"\]`).FindStringSubmatch(broker); err != nil || subnet == nil || !strings.Contains(string(networks), "subnet: "+subnet[1]) {
		t.Errorf("the proxy is not in the network that is believed: %v", subnet)
	}
}
