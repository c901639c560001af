package iana

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// TestLevels holds the model to examples that a person has judged. A port without a transport is on TCP.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		level     rtevent.Level
		contested bool
		ports     map[string]string // port to name; empty without a registration
	}{
		{rtevent.Standard, false, map[string]string{"22": "ssh", "80": "http", "443": "https", "5672": "amqp"}},
		{rtevent.Implemented, false, map[string]string{"1433": "ms-sql-s", "2375": "docker", "3306": "mysql", "4369": "epmd",
			"5432": "postgresql", "6379": "redis", "8080": "http-alt", "11211": "memcache", "27017": "mongodb", "32400": "plex"}},
		{rtevent.Standard, true, map[string]string{"8500": "fmtp"}}, // EUROCONTROL specifies it; Consul and others use it
		{rtevent.Implemented, true, map[string]string{"9090": "websm", "9100": "pdl-datastream"}},
		{rtevent.Squatted, false, map[string]string{"3000": "hbci", "5000": "commplex-main", "6443": "sun-sr-https",
			"7000": "afs3-fileserver", "8086": "d-s-n", "8200": "trivnet1", "8300": "tmi", "8443": "pcsync-https", "8888": "ddi-tcp-1",
			"9000": "cslistener", "9092": "XmlIpcRegSvc", "9200": "wap-wsp", "1965": "tivoli-npm", "2703": "sms-chat"}},
		{rtevent.Ghost, false, map[string]string{"3706": "rt-event", "3707": "rt-event-s", "3706/udp": "rt-event", "3707/udp": "rt-event-s"}},
		{rtevent.Practised, false, map[string]string{"5173": "", "7946": "", "8125/udp": "", "10250": "", "15672": "", "25565": "",
			"50000": "", "51820/udp": "", "64738": ""}},
		{rtevent.Historical, false, map[string]string{"27374": "", "5858": ""}},
		{rtevent.Twin, false, map[string]string{"6010/udp": "x11", "5432/udp": "postgresql"}},
		{rtevent.Quiet, false, map[string]string{"1528": "norp"}},
		{rtevent.Reserved, false, map[string]string{"0": "", "2": "", "51": ""}},
		{rtevent.Unassigned, false, map[string]string{"4": "", "3706/sctp": ""}},
		{rtevent.Dynamic, false, map[string]string{"65535": "", "49160/udp": ""}},
	} {
		for at, name := range c.ports {
			claim := claimOf(t, at)
			if claim.Level != c.level || claim.Contested != c.contested || claim.Name != name {
				t.Errorf("%s: %q %s, contested %t; want %q %s, %t", at, claim.Name, claim.Level, claim.Contested, name, c.level, c.contested)
			}
		}
	}
}

// claimOf is the first claim of "3706" or "3706/udp".
func claimOf(t *testing.T, at string) rtevent.Claim {
	t.Helper()
	number, transport, ok := strings.Cut(at, "/")
	if !ok {
		transport = "tcp"
	}
	port, _ := parsePorts(number)
	if port == NoPort {
		t.Fatalf("%q is no port", at)
	}
	claims := Embedded().Claims(rtevent.Transport(transport), uint16(port))
	if len(claims) == 0 {
		t.Fatalf("%s has no claim at all", at)
	}
	return claims[0]
}

// TestFirst is the question that the project began with.
func TestFirst(t *testing.T) {
	got := claimOf(t, "3706")
	basis := got.Basis
	got.Basis = nil
	want := rtevent.Claim{Name: "rt-event", Transport: rtevent.TCP, Port: 3706, Description: "Real-Time Event Port",
		Assignee: "Terry Gin", Registered: "2003-02", Level: rtevent.Ghost, AsOf: "names of 2026-09, fields of 2015-07",
		Attribution: "from the block 3706-3707 of the text registry of 2008-05-22; the row itself is blank"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	silent := 0
	for _, f := range basis {
		if f.Silent {
			silent++
		}
		if f.Date == "" {
			t.Errorf("%s: no date", f.Source)
		}
		if strings.Contains(f.Says, "unused") {
			t.Errorf("%s says %q: nobody knows that", f.Source, f.Says)
		}
	}
	if silent != len(Embedded().Sources()) {
		t.Errorf("%d silent sources of %d", silent, len(Embedded().Sources()))
	}
	if last := basis[len(basis)-1].Says; !strings.Contains(last, "no sign of life found in these sources") {
		t.Errorf("the basis ends with %q", last)
	}
	secure := claimOf(t, "3707")
	if secure.Assignee != "Terry Gin" || secure.Registered != "2003-02" || secure.Attribution != "" {
		t.Errorf("3707 names %q, %q, %q on its own row", secure.Assignee, secure.Registered, secure.Attribution)
	}
}

// TestRows looks at what is not one name on one port.
func TestRows(t *testing.T) {
	r := Embedded()
	names := func(transport rtevent.Transport, port uint16) (all []string) {
		for _, c := range r.Claims(transport, port) {
			all = append(all, c.Name)
		}
		return all
	}
	for _, c := range []struct {
		transport rtevent.Transport
		port      uint16
		want      []string
	}{
		{rtevent.TCP, 6000, []string{"x11"}}, // first of a range
		{rtevent.TCP, 6010, []string{"x11"}}, // within
		{rtevent.TCP, 6063, []string{"x11"}}, // last
		{rtevent.TCP, 6064, []string{"ndl-ahp-svc"}},
		{rtevent.TCP, 4222, []string{"vrml-multi-use"}},
		{rtevent.UDP, 6667, []string{""}}, // the range is of TCP only
		{rtevent.TCP, 80, []string{"http", "www", "www-http"}},
		{rtevent.SCTP, 80, []string{"http"}},
		{rtevent.TCP, 465, []string{"submissions", "urd"}},     // what lives goes first
		{rtevent.TCP, 2049, []string{"nfs", "shilp"}},          // likewise
		{rtevent.TCP, 428, []string{"ocs-cmu", "ocs_cmu"}},     // the alias goes last
		{rtevent.TCP, 3000, []string{"hbci", "remoteware-cl"}}, // both silent: the registry's order
		{rtevent.UDP, 512, []string{"comsat", "biff"}},
		{rtevent.TCP, 6400, []string{"boe-cms"}}, // a row without a transport
		{rtevent.UDP, 6400, []string{"boe-cms"}},
		{rtevent.SCTP, 6400, []string{""}},
		{rtevent.UDP, 27005, []string{"flex-lm"}},
		{rtevent.DCCP, 9, []string{"discard"}},
		{rtevent.SCTP, 36412, []string{"s1-control"}},
		{rtevent.TCP, 36412, []string{""}},
		{rtevent.TCP, 1, []string{"tcpmux"}},
		{rtevent.TCP, 0, []string{""}},
		{rtevent.TCP, 49150, []string{"inspider"}},
		{rtevent.TCP, 65535, []string{""}},
		{"", 80, []string{""}},
		{"icmp", 80, []string{""}},
	} {
		if diff := cmp.Diff(c.want, names(c.transport, c.port)); diff != "" {
			t.Errorf("%d/%s: %s", c.port, c.transport, diff)
		}
	}
	if c := claimOf(t, "6010"); c.Port != 6000 || c.PortLast != 6063 {
		t.Errorf("6010 is claimed by %d-%d", c.Port, c.PortLast)
	}
	if c := claimOf(t, "2"); c.Notes != "formerly compressnet." {
		t.Errorf("2 notes %q", c.Notes)
	}
	if c := claimOf(t, "3301"); c.Name != "tarantool" || c.Assignee != "" {
		t.Errorf("3301 is %q of %q", c.Name, c.Assignee)
	}
	if c := claimOf(t, "6010"); c.Unauthorized != "Known Unauthorized Use on port 6003" {
		t.Errorf("6010 reports %q", c.Unauthorized)
	}
}

// TestEveryPort asks for one in three: there is always a claim, with a level and a basis.
func TestEveryPort(t *testing.T) {
	r := Embedded()
	for port := 0; port < 1<<16; port += 3 {
		for _, transport := range []rtevent.Transport{rtevent.TCP, rtevent.UDP} {
			claims := r.Claims(transport, uint16(port))
			if len(claims) == 0 {
				t.Fatalf("%d/%s: no claim", port, transport)
			}
			for _, c := range claims {
				if c.Level == "" || len(c.Basis) == 0 || c.AsOf == "" {
					t.Fatalf("%d/%s: %+v", port, transport, c)
				}
				if c.Name == "" && (c.Level == rtevent.Ghost || c.Level == rtevent.Squatted) {
					t.Errorf("%d/%s: %s without a name", port, transport, c.Level)
				}
			}
		}
	}
}

// TestNoAddress holds that the tables give away nobody's mail address.
func TestNoAddress(t *testing.T) {
	for _, text := range []string{embedded, practice, evidence} {
		for line := range strings.Lines(text) {
			for _, word := range strings.Fields(line) {
				if address(word) {
					t.Errorf("%q in %s", word, line)
				}
			}
		}
	}
}

func TestSearch(t *testing.T) {
	r := Embedded()
	first := func(words string) rtevent.Claim {
		found := r.Search(words)
		if len(found) == 0 {
			t.Fatalf("%q: nothing found", words)
		}
		return found[0]
	}
	for words, want := range map[string]string{"rt-event": "rt-event", "RT-Event": "rt-event", "real-time event": "rt-event",
		"terry gin": "rt-event", "terry secure": "rt-event-s", "airplay": "airplay", "postgresql": "postgresql", "x11": "x11"} {
		if got := first(words); got.Name != want {
			t.Errorf("%q: %q first, want %q", words, got.Name, want)
		}
	}
	if c := first("airplay"); c.Level != rtevent.Portless || c.Port != 0 || c.Transport != rtevent.TCP || c.AsOf != "names without a port of 2015-07" {
		t.Errorf("airplay has no port: %+v", c)
	}
	if c := first("x11"); c.Port != 6000 || c.PortLast != 6063 || c.Level != rtevent.Implemented {
		t.Errorf("x11 is %d-%d, %s", c.Port, c.PortLast, c.Level)
	}
	for _, words := range []string{"", " ", "no such thing anywhere", "compressnet"} {
		if found := r.Search(words); found != nil {
			t.Errorf("%q: %d found", words, len(found))
		}
	}
}
