package testbed_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtevent/testbed"
)

// complaint is how a daemon writes that a client broke its rules or that something broke in itself.
var complaint = regexp.MustCompile(`(?i)error|invalid|malformed|unexpected|protocol|illegal|\bbad|fatal|abort|crash|panic|` +
	`corrupt|violat|unknown command|improper|non-smtp|lost connection|warn|denied|refused`)

// usual are the complaints that cannot be spared a daemon, each with the reason. They are cut out of its log before that is
// read for others.
var usual = map[string][]struct {
	lines *regexp.Regexp
	why   string
}{
	"mosquitto": {{regexp.MustCompile(`(?m)^.*(OpenSSL Error|Client connection from).*wrong version number.*\n(.*Client <unknown> disconnected: Protocol error\.\n)?`), plainOrTLS}},
	"redis":     {{regexp.MustCompile(`(?m)^.*(wrong version number|Reading from client: error:).*\n`), plainOrTLS}},
	"stunnel":   {{regexp.MustCompile(`(?m)^.*SSL_accept: .*(http request|wrong version number|unexpected eof while reading)\n`), plainOrTLS}},
	"postfix":   {{regexp.MustCompile(`(?m)^.*SSL_accept error from .*: lost connection\n(.*lost connection after CONNECT.*\n)?`), plainOrTLS}},
	"haproxy":   {{regexp.MustCompile(`(?m)^.* (PR|CR)-- .*<BADREQ>"\n`), "it may stand in front of anything, also of what greets and of what is no HTTP"}},
	"mariadb":   {{regexp.MustCompile(`(?m)^.*Access denied for user 'rtevent'.*\n`), "so does `mariadb-admin ping` cause it"}},
	"dovecot":   {{regexp.MustCompile(`(?m)^.*Info: Disconnected: Aborted login by logging out.*\n`), "so does any client that logs out before it logs in cause it"}},
	"ngircd":    {{regexp.MustCompile(`(?m)^.*SSL accept error.*\n`), plainOrTLS}},
	"odd":       {{regexp.MustCompile(`(?m)^.*http: TLS handshake error from .*: (client sent an HTTP request to an HTTPS server|EOF)\n`), plainOrTLS}},
	"icecast":   {{regexp.MustCompile(`(?m)^.*found requested file but there is no handler for it.*\n`), "so does every browser that asks for the first page"}},
	"tigervnc":  {{regexp.MustCompile(`(?m)^.*Client needs protocol version 3\.8\n`), "so does every client of today"}},
	"tinyproxy": {{regexp.MustCompile(`(?m)^ERROR .*(transparent: destination IP .* is local|closed socket before read).*\n`), "there is nothing to ask a proxy for that goes nowhere"}},
	"xrdp": {
		{regexp.MustCompile(`(?m)^.*(SSL_accept|SSL routines|trans_set_tls_mode|xrdp_sec_incoming|xrdp_rdp_incoming|xrdp_process_main_loop|xrdp_iso_send|DisconnectProviderUltimatum failed|Security protocol: configured).*\n`), "RDP has no word for leaving before the login"},
		{regexp.MustCompile(`(?m)^.*(libxrdp_force_read: header read error|Connect-Initial failed|MCS Connection Sequence\] receive connection request failed|SSL_shutdown: Server closed TLS connection).*\n`), "so does a client cause whose user does not trust the certificate"},
	},
	"openvpn": {{regexp.MustCompile(`(?m)^.*(TLS Error: (TLS key negotiation failed|TLS handshake failed|Received control packet from unexpected IP)|SIGUSR1.soft,tls-error.|Could not determine IPv4/IPv6 protocol|ECONNREFUSED).*\n`), "a peer that shakes hands and leaves is missed for a minute"}},
	"rabbitmq": {
		{regexp.MustCompile(`(?m)^.*TLS server: In state hello .* Unexpected Message\n(.*\n)??`), plainOrTLS},
		{regexp.MustCompile(`(?m)^.*\[warning\].*closing AMQP connection.*\n.*client unexpectedly closed TCP connection\n`), "AMQP has no word for leaving before the login"},
		{regexp.MustCompile(`(?m)^.*(STOMP detected network error|MQTT cannot parse a frame).*\n(\S+ \S+ \[error\] \S+   .*\n)*`), manyInOne},
		{regexp.MustCompile(`(?m)^.*supervisor: .*amqp_channel_sup.*\n(\S+ \S+ \[error\] \S+   .*\n)*`), "of its own when an MQTT client disconnects"},
		{regexp.MustCompile(`(?m)^.*client call timeout was.*\n`), "of its own start"},
	},
}

const (
	plainOrTLS = "only asking tells whether a port speaks TLS"
	manyInOne  = "one process that speaks six protocols, some of them unknown here: its name does not tell which is on a port"
)

// witness remembers how the daemons were before anybody asked them.
type witness struct {
	bed     *testbed.Bed
	started map[int]string   // pid -> start time
	logged  map[string]int64 // log -> size
}

func watch(t *testing.T, bed *testbed.Bed) witness {
	t.Helper()
	w := witness{bed: bed, started: map[int]string{}, logged: map[string]int64{}}
	for _, truth := range bed.Truths {
		w.started[truth.PID] = startTime(truth.PID)
	}
	for _, file := range logsOf(bed.Dir) {
		if info, err := os.Stat(file); err == nil {
			w.logged[file] = info.Size()
		}
	}
	return w
}

// check holds that every process still runs and that no log complains of what its own client would not cause.
func (w witness) check(t *testing.T) {
	time.Sleep(time.Second) // some write their log with a delay
	for _, truth := range w.bed.Truths {
		if truth.HandsOver() {
			continue
		}
		if now := startTime(truth.PID); now == "" || now != w.started[truth.PID] {
			t.Errorf("%s (pid %d) died", truth.Name, truth.PID)
		}
	}
	lines := 0
	for _, file := range logsOf(w.bed.Dir) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		added := string(text[min(w.logged[file], int64(len(text))):])
		lines += strings.Count(added, "\n")
		w.checkLog(t, file, added)
	}
	t.Logf("%d lines were logged", lines)
}

func (w witness) checkLog(t *testing.T, file, text string) {
	daemon, _, _ := strings.Cut(strings.TrimPrefix(file, w.bed.Dir+"/"), "/")
	for _, u := range usual[daemon] {
		if n := len(u.lines.FindAllString(text, -1)); n > 0 {
			t.Logf("%s complains %d times of what cannot be spared it: %s", daemon, n, u.why)
			text = u.lines.ReplaceAllString(text, "")
		}
	}
	for line := range strings.Lines(text) {
		if complaint.MatchString(line) {
			t.Errorf("%s complains: %s", daemon, strings.TrimSpace(line))
		}
	}
}

// logsOf lists the files in which the daemons of a bed write what they think of their clients.
func logsOf(dir string) []string {
	var logs []string
	for _, pattern := range []string{"*/log", "*/*.log", "*/maillog", "*/logs/*.log"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		logs = append(logs, found...)
	}
	return logs
}

// startTime is when a process started, in ticks since boot; empty when it is gone.
func startTime(pid int) string {
	stat, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), "stat"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19]
}
