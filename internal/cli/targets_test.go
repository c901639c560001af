package cli

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
	"rtevent/internal/sweep"
	"rtevent/internal/words"
)

var fewPorts = usualPorts{rtevent.TCP: sweep.NewPorts(sweep.Range{First: 22, Last: 22}, sweep.Range{First: 80, Last: 80})}

// written lists what an aim at addresses comes to: "tcp 192.0.2.1 [22 80] named [22]".
func writtenOut(a aim, usual usualPorts) []string {
	var lines []string
	for address := a.block.Addr(); a.block.Contains(address) && len(lines) < 10; address = address.Next() {
		for _, t := range a.at(address.WithZone(a.zone), usual) {
			lines = append(lines, fmt.Sprintf("%s %s %v named %v", t.Transport, t.Name, t.Ports, t.Named))
		}
	}
	return lines
}

func TestParseAim(t *testing.T) {
	both := usualPorts{rtevent.TCP: fewPorts[rtevent.TCP], rtevent.UDP: sweep.NewPorts(sweep.Range{First: 53, Last: 53})}
	for text, c := range map[string]struct {
		usual usualPorts
		want  []string
	}{
		"192.0.2.1":                  {fewPorts, []string{"tcp 192.0.2.1 [{22 22} {80 80}] named []"}},
		"192.0.2.1:80":               {fewPorts, []string{"tcp 192.0.2.1 [{80 80}] named [{80 80}]"}},
		"192.0.2.1:80,8000-9000":     {fewPorts, []string{"tcp 192.0.2.1 [{80 80} {8000 9000}] named [{80 80}]"}},
		"192.0.2.1:-":                {fewPorts, []string{"tcp 192.0.2.1 [{1 65535}] named []"}},
		"192.0.2.1:-10,60000-":       {fewPorts, []string{"tcp 192.0.2.1 [{1 10} {60000 65535}] named []"}},
		"192.0.2.1:53/udp":           {fewPorts, []string{"udp 192.0.2.1 [{53 53}] named [{53 53}]"}},
		"192.0.2.1:53/UDP,80/tcp":    {fewPorts, []string{"tcp 192.0.2.1 [{80 80}] named [{80 80}]", "udp 192.0.2.1 [{53 53}] named [{53 53}]"}},
		"192.0.2.1:53":               {both, []string{"tcp 192.0.2.1 [{53 53}] named [{53 53}]", "udp 192.0.2.1 [{53 53}] named [{53 53}]"}},
		"192.0.2.9":                  {both, []string{"tcp 192.0.2.9 [{22 22} {80 80}] named []", "udp 192.0.2.9 [{53 53}] named []"}},
		"192.0.2.7/31:443":           {fewPorts, []string{"tcp 192.0.2.6 [{443 443}] named []", "tcp 192.0.2.7 [{443 443}] named []"}},
		"::1":                        {fewPorts, []string{"tcp ::1 [{22 22} {80 80}] named []"}},
		"[::1]":                      {fewPorts, []string{"tcp ::1 [{22 22} {80 80}] named []"}},
		"[2001:db8::1]:22":           {fewPorts, []string{"tcp 2001:db8::1 [{22 22}] named [{22 22}]"}},
		"[2001:db8::]/127:22":        {fewPorts, []string{"tcp 2001:db8:: [{22 22}] named []", "tcp 2001:db8::1 [{22 22}] named []"}},
		"2001:db8::/127":             {fewPorts, []string{"tcp 2001:db8:: [{22 22} {80 80}] named []", "tcp 2001:db8::1 [{22 22} {80 80}] named []"}},
		"[fe80::1%eth0]:22":          {fewPorts, []string{"tcp fe80::1%eth0 [{22 22}] named [{22 22}]"}},
		"::ffff:192.0.2.1":           {fewPorts, []string{"tcp 192.0.2.1 [{22 22} {80 80}] named []"}},
		"255.255.255.255/32:1":       {fewPorts, []string{"tcp 255.255.255.255 [{1 1}] named [{1 1}]"}},
		"ffff:ffff::ffff:ffff":       {fewPorts, []string{"tcp ffff:ffff::ffff:ffff [{22 22} {80 80}] named []"}},
		"192.0.2.1: 22 , 80 ":        {fewPorts, []string{"tcp 192.0.2.1 [{22 22} {80 80}] named [{22 22} {80 80}]"}},
		"192.0.2.1:22,22,20-23":      {fewPorts, []string{"tcp 192.0.2.1 [{20 23}] named [{22 22}]"}},
		"192.0.2.1:22/udp,8000-/tcp": {fewPorts, []string{"tcp 192.0.2.1 [{8000 65535}] named []", "udp 192.0.2.1 [{22 22}] named [{22 22}]"}},
		"192.0.2.0/30:-3":            {fewPorts, []string{"tcp 192.0.2.0 [{1 3}] named []", "tcp 192.0.2.1 [{1 3}] named []", "tcp 192.0.2.2 [{1 3}] named []", "tcp 192.0.2.3 [{1 3}] named []"}},
	} {
		a, err := parseAim(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff(c.want, writtenOut(a, c.usual)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
	for text, name := range map[string]string{"localhost": "localhost", "db-1.example.com.:5432": "db-1.example.com.", "_srv.example:1": "_srv.example", "bücher.example": "bücher.example", "3com": "3com"} {
		if a, err := parseAim(text); err != nil || a.name != name {
			t.Errorf("%s: name %q, %v", text, a.name, err)
		}
	}
}

var noTargets = []string{
	"", ":", ":22", "x:", "x:y", "x:0", "x:65536", "x:22:80", "x:22-21", "x:22/sctp", "x:,", "x:22,", "x:1-2-3", "300.0.0.1", "192.0.2.1:", "192.0.2.1/33",
	"192.0.2.1.5:22", "1.2.3", "0x7f.1:22", "[::1", "[::1]22", "[::1]:", "[x]:22", "[]:22", "::1::2", "http://example.com", "a b:22", "-oX", "-x:22", "x\x1b[31m:22",
	"10.0.0.0/7:22", "2001:db8::/64", "[2001:db8::]/64:22", strings.Repeat("x", 300), "x:" + strings.Repeat("1", 300), "\xff\xfe:22", "x\u202ey:22", "..", ".",
}

// TestNoTargets holds that each is refused in one printable line that repeats it.
func TestNoTargets(t *testing.T) {
	for _, text := range noTargets {
		_, err := parseAim(text)
		if err == nil {
			t.Errorf("%q is taken for a target", text)
		} else if got := words.Printable(err.Error()); len(got) > 500 || exitCode(err) != exitBadInput {
			t.Errorf("%q: exit code %d, %s", text, exitCode(err), got)
		}
	}
}

func FuzzParseAim(f *testing.F) {
	for _, text := range append(slices.Clone(noTargets), "192.0.2.1:80,8000-9000/udp", "[2001:db8::]/127:22", "[fe80::1%eth0]:-") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAim(text)
		if err != nil {
			return
		}
		if a.name == "" && !a.block.IsValid() {
			t.Fatalf("%q is neither a name nor addresses", text)
		}
		for _, target := range a.at(netip.MustParseAddr("192.0.2.1"), fewPorts) {
			if n := target.Ports.Len(); n < 1 || n > 65535 || target.Named.Len() > n || target.Ports.Has(0) {
				t.Fatalf("%q: %d ports, %d named", text, n, target.Named.Len())
			}
		}
	})
}

// TestLines holds that every line of input is counted and none stops the rest.
func TestLines(t *testing.T) {
	text := "one:1\n\n  two:2 # a comment\n#\n" + strings.Repeat("x", 3*longLine) + "\nthree:3\r\nfour:4"
	var got []string
	for line, err := range linesOf(strings.NewReader(text)) {
		if err != nil {
			line.text = err.Error()
		}
		if line.text != "" {
			got = append(got, fmt.Sprintf("%d %s", line.number, line.text))
		}
	}
	want := []string{"1 one:1", "3 two:2", fmt.Sprintf("5 longer than %d bytes", longLine), "6 three:3", "7 four:4"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWithNmapFlags(t *testing.T) {
	got := withNmapFlags([]string{"probe", "-oX", "x.xml", "-oX=y", "--json", "--", "-oX"})
	if diff := cmp.Diff([]string{"probe", "--oX", "x.xml", "--oX=y", "--json", "--", "-oX"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
