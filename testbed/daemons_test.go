package testbed_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"rtevent"
	"rtevent/testbed"
)

// promised are the protocols that must be named; of all others the finding may be empty, never wrong.
var promised = []string{
	"http", "ssh", "smtp", "imap", "pop3", "ftp", "redis", "memcache", "postgresql", "mysql", "mqtt", "amqp", "domain", "nats",
}

// products are those that must be named, with their version, where they speak a promised protocol.
var products = []string{
	"OpenSSH", "nginx", "Redis", "Memcached", "PostgreSQL", "MariaDB", "Mosquitto", "RabbitMQ", "NATS", "Dovecot", "Postfix", "vsftpd",
	"BIND", "dnsmasq",
}

// spokenOver names what some protocols are made of: to call one by the other's name is true, if less than could be said.
var spokenOver = map[string]string{"http-proxy": "http", "ipp": "http", "grpc": "http"}

// mute are the listeners that never tell their version: it can only come from the package of the program.
var mute = []string{
	"nginx-no-version", "redis-password", "postgresql-password", "dovecot-imap", "dovecot-imaps", "dovecot-pop3",
	"dovecot-pop3s", "postfix", "postfix-smtps",
}

// fronted are the listeners whose answer comes from behind their owner, or does not show who gives it: what is said of the
// product may be that of either, or less.
var fronted = []string{"haproxy", "haproxy-nginx", "stunnel-redis"}

// startTLS are the listeners that begin TLS in the middle of a conversation.
var startTLS = []string{"postgresql-password", "mariadb", "vsftpd"}

// TestDaemons holds rtevent against real daemons: it says of each what is true, by the survey and by the page, and does
// no harm to any. TESTBED_DAEMONS=all takes the whole bed.
func TestDaemons(t *testing.T) {
	names := []string{"core"}
	if chosen := os.Getenv("TESTBED_DAEMONS"); chosen == "all" {
		names = nil
	} else if chosen != "" {
		names = strings.Fields(chosen)
	}
	bed := start(t, names...)
	ports := "--port=" + portsOf(bed)
	witness := watch(t, bed)

	t.Run("survey", func(t *testing.T) {
		answer := run(t, ports, "--json")
		t.Logf("%d listeners asked in %s", len(bed.Truths), answer.Took)
		s := survey(t, answer)
		for _, truth := range bed.Truths {
			t.Run(truth.Name, func(t *testing.T) { checkTruth(t, truth, s.Listeners) })
		}
	})
	t.Run("page", func(t *testing.T) {
		for _, truth := range bed.Truths {
			t.Run(truth.Name, func(t *testing.T) { checkTruth(t, truth, page(t, truth.Port, truth.Transport)) })
		}
	})
	t.Run("table", func(t *testing.T) { checkTable(t, bed, ports) })
	t.Run("no harm", func(t *testing.T) { witness.check(t) })
}

// portsOf lists the ports of a bed as the command line takes them.
func portsOf(bed *testbed.Bed) string {
	var ports []string
	for _, truth := range bed.Truths {
		ports = append(ports, fmt.Sprintf("%d/%s", truth.Port, truth.Transport))
	}
	return strings.Join(ports, ",")
}

// checkTruth compares what was said of a listener with what is true of it. A daemon may listen on several addresses at its port.
func checkTruth(t *testing.T, truth testbed.Truth, all []rtevent.Listener) {
	t.Helper()
	seen := 0
	for _, l := range all {
		if l.Port == truth.Port && l.Transport == truth.Transport {
			seen++
			checkListener(t, truth, l)
		}
	}
	if seen == 0 {
		t.Errorf("%d/%s was not seen", truth.Port, truth.Transport)
	}
}

func checkListener(t *testing.T, truth testbed.Truth, l rtevent.Listener) {
	t.Helper()
	if l.Finding == nil || l.Claim == nil || l.Verdict == nil {
		t.Fatalf("incomplete: finding %v, claim %v, verdict %v", l.Finding, l.Claim, l.Verdict)
	}
	checkProtocol(t, truth, l.Finding)
	if slices.Contains(startTLS, truth.Name) && l.Finding.StartTLS == nil {
		t.Error("TLS did not begin in the middle of the conversation")
	}
	if truth.Package != "" {
		checkProduct(t, truth, l.Finding)
	}
	checkOwner(t, truth, l)
	for _, s := range l.Verdict.Signals {
		if s.Severity == rtevent.High && truth.Package != "" {
			t.Errorf("signal %s of high severity on a healthy daemon: %s", s.ID, s.Why)
		}
	}
	if t.Failed() {
		t.Logf("finding: %+v", *l.Finding)
	}
}

func checkProtocol(t *testing.T, truth testbed.Truth, f *rtevent.Finding) {
	t.Helper()
	want := truth.Protocol
	switch {
	case want == "unknown":
		if f.Protocol != "" && f.Protocol != "tls" {
			t.Errorf("protocol %q for a program that speaks none", f.Protocol)
		}
	case f.Protocol != want && (slices.Contains(promised, want) || f.Known() && f.Protocol != "tls" && f.Protocol != spokenOver[want]):
		t.Errorf("protocol %q, want %q", f.Protocol, want)
	}
	if (f.TLS != nil) != truth.TLS && (truth.TLS || f.Known()) {
		t.Errorf("TLS seen: %t, want %t", f.TLS != nil, truth.TLS)
	}
	if f.TLS != nil && truth.Package != "" && truth.TLS && !slices.Contains(f.TLS.Names, "localhost") {
		t.Errorf("the certificate names %q, want localhost among them", f.TLS.Names)
	}
}

// checkProduct holds the product and version of the promised daemons to the truth. Of all others less may be said, nothing wrong.
func checkProduct(t *testing.T, truth testbed.Truth, f *rtevent.Finding) {
	t.Helper()
	exact := slices.Contains(products, truth.Product) && slices.Contains(promised, truth.Protocol)
	switch {
	case slices.Contains(fronted, truth.Name):
	case f.Product != truth.Product && (exact || f.Product != "" && f.Product != "Go net/http"):
		t.Errorf("product %q, want %q", f.Product, truth.Product)
	case strings.HasPrefix(f.Version, truth.Version+"-"): // and the packager's own number
	case f.Version != truth.Version && (exact || f.Product == truth.Product && !strings.HasPrefix(truth.Version, f.Version)):
		t.Errorf("version %q, want %q", f.Version, truth.Version)
	}
	if from := f.VersionFrom; slices.Contains(mute, truth.Name) && from != "package" {
		t.Errorf("the version is said to come from %q: this server never tells it", from)
	}
}

func checkOwner(t *testing.T, truth testbed.Truth, l rtevent.Listener) {
	t.Helper()
	i := slices.IndexFunc(l.Holders, func(o rtevent.Owner) bool { return o.PID == truth.PID })
	if i < 0 && truth.HandsOver() {
		i = slices.IndexFunc(l.Holders, func(o rtevent.Owner) bool { return o.Exe == truth.Exe })
	}
	if i < 0 {
		t.Fatalf("pid %d is not among the holders: %+v", truth.PID, l.Holders)
	}
	o := l.Holders[i]
	if o.Exe != truth.Exe {
		t.Errorf("executable %q, want %q", o.Exe, truth.Exe)
	}
	switch {
	case truth.Package == "" && o.Package != nil:
		t.Errorf("package %q for a program of no package", o.Package.Name)
	case truth.Package != "" && o.Package == nil:
		t.Errorf("no package, want %q", truth.Package)
	case truth.Package != "" && o.Package.Name != truth.Package:
		t.Errorf("package %q, want %q", o.Package.Name, truth.Package)
	case truth.Package != "" && (o.Package.Intact == nil || !*o.Package.Intact):
		t.Error("the executable is not said to be intact")
	}
}

// checkTable holds the table to a line for each listener, and to its total.
func checkTable(t *testing.T, bed *testbed.Bed, ports string) {
	text := run(t, ports).Stdout
	for _, truth := range bed.Truths {
		if name := fmt.Sprintf("\n%d/%s ", truth.Port, truth.Transport); !strings.Contains(text, name) {
			t.Errorf("no line of the table begins with %q", name)
		}
	}
	if rows := strings.Count(text, "/tcp ") + strings.Count(text, "/udp "); !strings.Contains(text, fmt.Sprintf("\n%d listeners:", rows)) {
		t.Errorf("the total is not that of the %d rows", rows)
	}
	t.Log("\n" + text)
}
