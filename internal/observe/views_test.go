package observe

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// recorded are the sockets that were open when testdata was recorded (see TestRecord), by table.
var recorded = map[string][]string{
	"tcp":  {"tcp 0.0.0.0:80", "tcp 127.0.0.1:8080", "tcp 0.0.0.0:7000 device"},
	"tcp6": {"tcp [::]:443 dual", "tcp [::1]:8443", "tcp [::ffff:127.0.0.1]:9000"},
	"udp":  {"udp 127.0.0.1:53", "udp 127.0.0.1:40000"},
	"udp6": {"udp [::]:5353 dual"},
}

func describe(sockets []socket) []string {
	var lines []string
	for _, s := range sockets {
		line := fmt.Sprintf("%s %s", s.transport, netip.AddrPortFrom(s.address, s.port))
		if s.dualStack {
			line += " dual"
		}
		if s.device != 0 {
			line += " device"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func sorted(lines ...string) []string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	return lines
}

func readTestdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadNetlink(t *testing.T) {
	for i, table := range tables {
		answer := dump{sequence: uint32(i + 1)}
		if err := answer.read(readTestdata(t, table.name+".netlink")); err != nil {
			t.Fatal(err)
		}
		if !answer.done || answer.interrupted {
			t.Errorf("%s: done %v, interrupted %v", table.name, answer.done, answer.interrupted)
		}
		if diff := cmp.Diff(sorted(recorded[table.name]...), describe(answer.sockets)); diff != "" {
			t.Error(diff)
		}
		for _, s := range answer.sockets {
			if s.inode == 0 || s.cookie == 0 || s.cgroup == 0 {
				t.Errorf("%s: inode %d, cookie %d, cgroup %d", table.name, s.inode, s.cookie, s.cgroup)
			}
		}
	}
}

func TestReadTables(t *testing.T) {
	for _, table := range tables {
		for _, whole := range []bool{false, true} {
			var sockets []socket
			err := table.read(bytes.NewReader(readTestdata(t, table.name+".proc")), whole, func(s socket) {
				sockets = append(sockets, s)
			})
			if err != nil {
				t.Fatal(err)
			}
			assumeDualStack(sockets, false)
			want := sorted(recorded[table.name]...)
			for i := range want {
				want[i] = strings.TrimSuffix(want[i], " device") // the tables do not tell
			}
			if diff := cmp.Diff(want, describe(sockets)); diff != "" {
				t.Error(diff)
			}
		}
	}
}

// TestAgreement checks that both views identify the same sockets.
func TestAgreement(t *testing.T) {
	for i, table := range tables {
		answer := dump{sequence: uint32(i + 1)}
		if err := answer.read(readTestdata(t, table.name+".netlink")); err != nil {
			t.Fatal(err)
		}
		var shown []socket
		table.read(bytes.NewReader(readTestdata(t, table.name+".proc")), true, func(s socket) { shown = append(shown, s) })
		if doubt := differ(answer.sockets, shown); !doubt.none() {
			t.Errorf("%s: %+v", table.name, doubt)
		}
	}
}

func TestReadRecords(t *testing.T) {
	var sockets []socket
	records := readTestdata(t, "holders.records")
	asked := 0
	for ; len(records) >= recordSize; records = records[recordSize:] {
		r, ok := parseRecord(records)
		if !ok || r.holder.pid == 0 || r.holder.name != "observe.test" || r.holder.started == 0 || r.netns == 0 ||
			r.inode == 0 || r.cookie == 0 {
			t.Errorf("%+v", r)
		}
		if r.asked == choiceProgram {
			asked++
		}
		sockets = append(sockets, r.socket)
	}
	want := sorted(slices.Concat(recorded["tcp"], recorded["tcp6"], recorded["udp"], recorded["udp6"])...)
	if diff := cmp.Diff(want, describe(sockets)); diff != "" {
		t.Error(diff)
	}
	if asked != len(want) {
		t.Errorf("%d of %d ports were asked for", asked, len(want))
	}
}

func TestNetlinkFaults(t *testing.T) {
	good := readTestdata(t, "tcp.netlink")
	change := func(offset int, value byte) []byte {
		b := bytes.Clone(good)
		b[offset] = value
		return b
	}
	refused := func(n int32) []byte {
		b := make([]byte, netlinkHeader+4)
		b[0], b[4], b[8] = byte(len(b)), netlinkError, 1
		u := uint32(-n)
		b[16], b[17], b[18], b[19] = byte(u), byte(u>>8), byte(u>>16), byte(u>>24)
		return b
	}
	for _, c := range []struct {
		name        string
		datagram    []byte
		want        error
		interrupted bool
	}{
		{"empty", nil, nil, false},
		{"cut in the header", good[:10], errTruncated, false},
		{"cut in a message", good[:100], errTruncated, false},
		{"length of nothing", change(0, 0), errTruncated, false},
		{"length beyond the end", change(2, 1), errTruncated, false},
		{"attribute beyond its message", change(netlinkHeader+diagMessageSize, 0xff), errTruncated, false},
		{"interrupted", change(6, 2|flagInterrupted), nil, true},
		{"refused", refused(int32(syscall.ENOENT)), syscall.ENOENT, false},
		{"of another request", change(8, 99), nil, false},
	} {
		answer := dump{sequence: 1}
		if err := answer.read(c.datagram); !errors.Is(err, c.want) || answer.interrupted != c.interrupted {
			t.Errorf("%s: %v, interrupted %v", c.name, err, answer.interrupted)
		}
	}
}

func TestTableFaults(t *testing.T) {
	const header = "  sl  local_address rem_address   st\n"
	const good = "0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 33 0 77\n"
	for _, c := range []struct {
		name, text string
		want       error
		found      int
	}{
		{"empty", "", nil, 0},
		{"only a header", header, nil, 0},
		{"good", header + good, nil, 1},
		{"no newline at the end", header + strings.TrimSpace(good), nil, 1},
		{"garbage first", header + "\x00\xff\x1b[31m\n" + good, errTableLine, 1},
		{"short address", header + strings.Replace(good, "0100007F", "0100", 1) + good, errTableLine, 1},
		{"no port", header + strings.Replace(good, ":1F90", "", 1) + good, errTableLine, 1},
		{"huge port", header + strings.Replace(good, "1F90", "1F90F", 1) + good, errTableLine, 1},
		{"endless line", header + strings.Repeat("x", 1<<20), errTableLine, 0},
		{"connections end it", header + strings.Replace(good, " 0A ", " 01 ", 1) + good, nil, 0},
		{"half-open connections do not", header + strings.Replace(good, " 0A ", " 03 ", 1) + good, nil, 1},
	} {
		found := 0
		err := tables[0].read(strings.NewReader(c.text), false, func(s socket) {
			found++
			if s.port != 8080 || s.address != netip.MustParseAddr("127.0.0.1") || s.uid != 33 || s.inode != 77 {
				t.Errorf("%s: %+v", c.name, s)
			}
		})
		if !errors.Is(err, c.want) || found != c.found {
			t.Errorf("%s: found %d, %v", c.name, found, err)
		}
	}
}

func TestAssumeDualStack(t *testing.T) {
	any6, any4 := netip.IPv6Unspecified(), netip.IPv4Unspecified()
	for _, c := range []struct {
		name    string
		sockets []socket
		v6only  bool
		want    bool
	}{
		{"alone", []socket{{transport: rtevent.TCP, address: any6, port: 80}}, false, true},
		{"by default not", []socket{{transport: rtevent.TCP, address: any6, port: 80}}, true, false},
		{"beside IPv4", []socket{{transport: rtevent.TCP, address: any6, port: 80},
			{transport: rtevent.TCP, address: any4, port: 80}}, false, false},
		{"beside UDP", []socket{{transport: rtevent.TCP, address: any6, port: 80},
			{transport: rtevent.UDP, address: any4, port: 80}}, false, true},
		{"known to sock_diag", []socket{{transport: rtevent.TCP, address: any6, port: 80, cookie: 1}}, false, false},
		{"one address", []socket{{transport: rtevent.TCP, address: netip.IPv6Loopback(), port: 80}}, false, false},
	} {
		if assumeDualStack(c.sockets, c.v6only); c.sockets[0].dualStack != c.want {
			t.Errorf("%s: %v", c.name, c.sockets[0].dualStack)
		}
	}
}

// TestSuspects plays looks in which sockets come, go, and hide.
func TestSuspects(t *testing.T) {
	web := socket{transport: rtevent.TCP, address: netip.IPv6Loopback(), port: 80, inode: 1}
	ssh := socket{transport: rtevent.TCP, address: netip.IPv6Loopback(), port: 22, inode: 2}
	again := ssh
	again.inode = 3 // closed and opened anew
	type look struct{ listed, shown []socket }
	for _, c := range []struct {
		name                string
		looks               []look
		absent, extra, late int
	}{
		{"agree", []look{{[]socket{web, ssh}, []socket{ssh, web}}}, 0, 0, 0},
		{"hidden from the table", []look{{[]socket{web, ssh}, []socket{web}}, {[]socket{web, ssh}, []socket{web}}}, 1, 0, 0},
		{"closed between", []look{{[]socket{web, ssh}, []socket{web}}, {[]socket{web}, []socket{web}}}, 0, 0, 0},
		{"opened between", []look{{[]socket{web}, []socket{web, ssh}}, {[]socket{web, ssh}, []socket{web, ssh}}}, 0, 0, 1},
		{"hidden from the list", []look{{[]socket{web}, []socket{web, ssh}}, {[]socket{web}, []socket{web, ssh}}}, 0, 1, 0},
		{"gone at once", []look{{[]socket{web}, []socket{web, ssh}}, {[]socket{web}, []socket{web}}}, 0, 0, 0},
		{"skipped once", []look{{[]socket{web, ssh}, []socket{web}}, {[]socket{web, ssh}, []socket{web, ssh}}}, 0, 0, 0},
		{"restarted", []look{{[]socket{ssh}, []socket{again}}, {[]socket{again}, []socket{again}}}, 0, 0, 1},
	} {
		doubt := differ(c.looks[0].listed, c.looks[0].shown)
		for _, l := range c.looks[1:] {
			doubt.confirm(l.listed, l.shown)
		}
		if len(doubt.absent) != c.absent || len(doubt.extra) != c.extra || len(doubt.late) != c.late {
			t.Errorf("%s: %+v", c.name, doubt)
		}
	}
}
