package iana

import (
	"slices"
	"strings"
	"testing"

	"rtevent"
)

// TestTable holds that the embedded table is what Encode would write: in order, joined, whole.
func TestTable(t *testing.T) {
	r := Embedded()
	if sum := r.table.checksum(r.table.body); sum != r.table.Sum {
		t.Errorf("the checksum is %s, not %s: run go generate", sum, r.table.Sum)
	}
	rows := slices.Collect(r.table.all())
	if len(rows) < 8000 {
		t.Errorf("only %d rows", len(rows))
	}
	if again := Encode(r.table.Header, rows); again != embedded {
		t.Error("the table is not as Encode writes it: run go generate")
	}
}

// TestPractice reviews the practice table: what a machine can hold of it.
func TestPractice(t *testing.T) {
	r := Embedded()
	type key struct{ port, letter, software string }
	seen := map[key]bool{}
	last, rows := -1, 0
	for line := range strings.Lines(practice) {
		rows++
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		port, high := parsePorts(cells[0])
		if len(cells) < 6 || port == NoPort || port != high || !strings.Contains("tusd", cells[1]) || len(cells[1]) != 1 {
			t.Fatalf("%q is no row", line)
		}
		if port < last {
			t.Errorf("%d stands behind %d", port, last)
		}
		last = port
		u := parseUse(strings.Join(cells[2:], "\t"))
		k := key{cells[0], cells[1], u.software}
		if seen[k] {
			t.Errorf("%v stands twice", k)
		}
		seen[k] = true
		checkUse(t, r, k.port+"/"+k.letter+" "+u.software, u, port, cells[1])
	}
	if rows < 1300 {
		t.Errorf("only %d rows", rows)
	}
}

func checkUse(t *testing.T, r *Registry, at string, u use, port int, letterOf string) {
	t.Helper()
	if u.software == "" || u.protocol == "" || u.source == "" {
		t.Errorf("%s: no software, protocol or source", at)
	}
	var transport rtevent.Transport
	for _, x := range transports {
		if letter(x) == letterOf {
			transport = x
		}
	}
	claim := r.Claims(transport, uint16(port))[0]
	if registered := claim.Name != ""; registered == (u.agrees == "-") {
		t.Errorf("%s: agrees %q, but the claim is %q", at, u.agrees, claim.Name)
	}
	if u.agrees != "yes" && u.agrees != "no" && u.agrees != "-" && !slices.ContainsFunc(r.Claims(transport, uint16(port)),
		func(c rtevent.Claim) bool { return c.Name == u.agrees }) {
		t.Errorf("%s: agrees with %q, which is not registered there", at, u.agrees)
	}
	for _, l := range u.corroborated {
		if !strings.ContainsRune("nwfsuvx", l) {
			t.Errorf("%s: corroborated by %q, which is no source", at, l)
		}
	}
	for _, word := range []string{"trojan", "worm", "backdoor", "botnet", "DDoS", "Mirai"} {
		if strings.Contains(u.software+u.protocol, word) && !u.historical {
			t.Errorf("%s: malware of the past that is not marked so", at)
		}
	}
	if u.source == "IANA registry" {
		t.Errorf("%s: the registry is no source for practice: it is the claim itself", at)
	}
	if strings.ContainsAny(u.speaks, " /") {
		t.Errorf("%s: speaks %q", at, u.speaks)
	}
}

// TestEvidence holds that every cell is one of a known source, and that nothing confirms what is not registered.
func TestEvidence(t *testing.T) {
	r := Embedded()
	last := -1
	for line := range strings.Lines(evidence) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		port, _ := parsePorts(cells[0])
		if port == NoPort || port < last || len(cells) < 3 {
			t.Fatalf("%q is no row, or out of order", line)
		}
		last = port
		for _, x := range transports {
			if letter(x) != cells[1] {
				continue
			}
			name := r.Claims(x, uint16(port))[0].Name
			for _, s := range sightings(x, uint16(port)) {
				if !strings.ContainsRune("nwfsuv", rune(s.letter)) {
					t.Errorf("%q: %q is no source", line, s.letter)
				}
				if s.same && name == "" {
					t.Errorf("%q confirms nothing", line)
				}
			}
		}
	}
}

// TestSpeaks holds the protocol names to those that findings use.
func TestSpeaks(t *testing.T) {
	for at, want := range map[string]string{"7": "echo", "22": "ssh", "25": "smtp", "53/udp": "domain", "80": "http", "443": "http",
		"143": "imap", "993": "imap", "995": "pop3", "1883": "mqtt", "8883": "mqtt", "3306": "mysql", "4222": "nats", "5432": "postgresql",
		"5433": "", "5672": "amqp", "6379": "redis", "11211": "memcache", "26257": "postgresql", "9090": "http", "50051": "grpc"} {
		c := claimOf(t, at)
		uses := Embedded().Practice(c.Transport, portOf(at))
		if len(uses) == 0 || uses[0].Speaks != want {
			t.Errorf("%s: %+v, want to speak %q", at, uses, want)
		}
	}
	if got := Embedded().Practice(rtevent.TCP, 3706); got != nil {
		t.Errorf("3706 is practised: %v", got)
	}
	first := Embedded().Practice(rtevent.TCP, 3000)[0]
	if first.Software != "Grafana" || first.Agrees != "no" || !slices.Contains(first.Corroborated, "firewalld 1.3.3") {
		t.Errorf("3000: %+v", first)
	}
	if got := Embedded().Practice(rtevent.UDP, 51820)[0].Agrees; got != "dynamic" {
		t.Errorf("51820/udp agrees: %s", got)
	}
	if got := Embedded().Practice(rtevent.TCP, 25565)[0].Agrees; got != "unassigned" {
		t.Errorf("25565 agrees: %s", got)
	}
}

func portOf(at string) uint16 {
	number, _, _ := strings.Cut(at, "/")
	port, _ := parsePorts(number)
	return uint16(port)
}

// TestCensus holds the figures to the model's own: the greater part of what is registered is silent.
func TestCensus(t *testing.T) {
	c := Embedded().Census()
	sum := func(l Levels) (n int) {
		for _, x := range l {
			n += x
		}
		return n
	}
	if sum(c.Ports) != 1<<16 || sum(c.Pairs) != 2<<16 || sum(c.Transports[rtevent.TCP]) != 1<<16 {
		t.Errorf("%d ports, %d pairs", sum(c.Ports), sum(c.Pairs))
	}
	registered, years, ghosts := 0, 0, 0
	for _, l := range better[:6] {
		registered += c.Ports[l]
	}
	for _, y := range c.Years {
		years += y.Ports
		ghosts += y.Ghosts
	}
	if years != registered || ghosts != c.Ports[rtevent.Ghost] || c.Years[0].Year != "" {
		t.Errorf("%d ports by year, %d by level; %d and %d ghosts", years, registered, ghosts, c.Ports[rtevent.Ghost])
	}
	if g := c.Ports[rtevent.Ghost]; g < 4600 || g > 5100 {
		t.Errorf("%d ghosts of %d registered ports", g, registered)
	}
	if len(c.Sources) != 7 || c.Portless < 500 {
		t.Errorf("%d sources, %d names without a port", len(c.Sources), c.Portless)
	}
	t.Logf("%d names, %d without a port, %d registered ports, %d contested pairs\nports %v\npairs %v\nsctp %v dccp %v\nranges %v\nyears %v", c.Names,
		c.Portless, registered, c.Contested, c.Ports, c.Pairs, c.Transports[rtevent.SCTP], c.Transports[rtevent.DCCP], c.Ranges, c.Years)
}
