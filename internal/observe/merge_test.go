package observe

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rtevent"
)

func TestMerge(t *testing.T) {
	own := &room{inode: 1, ephemeral: defaultEphemeral}
	blue := &room{inode: 2, name: "/run/netns/blue", ephemeral: defaultEphemeral}
	local, mapped := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::ffff:127.0.0.1")
	booted := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sockets := []socket{
		{room: own, transport: rtevent.TCP, address: local, port: 80, holders: []holder{{pid: 9}, {pid: 7}, {pid: 9}}},
		{room: own, transport: rtevent.TCP, address: mapped, port: 80, holders: []holder{{pid: 8, name: "web", started: 5e9}}},
		{room: blue, transport: rtevent.TCP, address: local, port: 80, holders: []holder{{pid: 7}}},
		{room: own, transport: rtevent.TCP, address: local, port: 80, device: 3, deviceName: "lo", holders: []holder{{pid: 7}}},
		{room: own, transport: rtevent.UDP, address: local, port: 80, unseen: "hidden", uid: 33, unit: "web.service"},
		{room: own, transport: rtevent.UDP, address: local, port: 80, unseen: "hidden", uid: 33, unit: "web.service",
			hiddenFrom: []string{viewTables}},
		{room: own, transport: rtevent.TCP, address: netip.IPv6Unspecified(), port: 22, dualStack: true, unseen: "hidden"},
		{room: own, transport: rtevent.TCP, address: netip.IPv6Unspecified(), port: 22, holders: []holder{{pid: 1}}},
	}
	want := []rtevent.Listener{
		{Transport: rtevent.TCP, Address: netip.IPv6Unspecified(), Port: 22, Scope: rtevent.All, DualStack: true, NetNS: 1,
			Holders: []rtevent.Owner{{PID: 1}, {Unseen: "hidden", UID: new(uint32)}}},
		{Transport: rtevent.TCP, Address: local, Port: 80, Scope: rtevent.Loopback, NetNS: 1,
			Holders: []rtevent.Owner{{PID: 7}, {PID: 8, Name: "web", Started: booted.Add(5 * time.Second)}, {PID: 9}}},
		{Transport: rtevent.TCP, Address: local, Port: 80, Scope: rtevent.Loopback, NetNS: 1, Device: "lo",
			Holders: []rtevent.Owner{{PID: 7}}},
		{Transport: rtevent.TCP, Address: local, Port: 80, Scope: rtevent.Loopback, NetNS: 2, Namespace: blue.name,
			Holders: []rtevent.Owner{{PID: 7}}},
		{Transport: rtevent.UDP, Address: local, Port: 80, Scope: rtevent.Loopback, NetNS: 1, HiddenFrom: []string{viewTables},
			Holders: []rtevent.Owner{{Unseen: "hidden", UID: new(uint32(33)), Unit: "web.service"}}},
	}
	if diff := cmp.Diff(want, merge(sockets, booted), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
}

func TestLikelyClient(t *testing.T) {
	r := &room{ephemeral: portRange{40000, 50000}}
	for _, c := range []struct {
		socket
		want bool
	}{
		{socket{transport: rtevent.UDP, port: 53}, false},
		{socket{transport: rtevent.UDP, port: 40000}, true},
		{socket{transport: rtevent.UDP, port: 50000}, true},
		{socket{transport: rtevent.UDP, port: 50001}, false},
		{socket{transport: rtevent.UDP, port: 45000, asked: choiceProgram}, false},
		{socket{transport: rtevent.UDP, port: 53, asked: choiceKernel}, true},
		{socket{transport: rtevent.TCP, port: 45000, asked: choiceKernel}, false},
	} {
		c.room = r
		if got := c.likelyClient(); got != c.want {
			t.Errorf("%s %d, %v: %v", c.transport, c.port, c.asked, got)
		}
	}
}

func TestChoose(t *testing.T) {
	root := powers{bpf: true, others: true, hostPIDs: true}
	small, large := load{200, 4000, 2}, load{1000, 100_000, 2}
	for _, c := range []struct {
		name string
		load load
		may  powers
		want string
	}{
		{"small host", small, root, tierDiag},
		{"large host", large, root, tierBPF},
		{"no BPF", large, powers{others: true, hostPIDs: true}, tierDiag},
		{"nobody", small, powers{hostPIDs: true}, tierDiag},
		{"BPF shows more", small, powers{bpf: true, hostPIDs: true}, tierBPF},
		{"container", large, powers{bpf: true, others: true}, tierDiag},
		{"recording", large, powers{bpf: true, others: true, hostPIDs: true, recorded: true}, tierProc},
	} {
		if tier, why := choose(c.load, c.may); tier != c.want || why == "" {
			t.Errorf("%s: %s, %s", c.name, tier, why)
		}
	}
}

func TestUnseen(t *testing.T) {
	root := powers{others: true, hostPIDs: true}
	nobody := powers{hostPIDs: true}
	for _, c := range []struct {
		name  string
		blind blindness
		why   string // its beginning
		gap   bool
	}{
		{"all were read", blindness{powers: root}, "no process has a descriptor", false},
		{"no privileges", blindness{powers: nobody, refused: []int{1, 2}}, needsCapabilities, true},
		{"hidepid", blindness{powers: nobody, hidepid: "hidepid=2"}, needsCapabilities + " (/proc is mounted with hidepid=2)", true},
		{"one refuses", blindness{powers: root, refused: []int{1}, refusedName: "init"},
			"no process that may be read holds it; pid 1 (init) refuses", true},
		{"several refuse", blindness{powers: root, refused: []int{1, 7}},
			"no process that may be read holds it; 2 processes refuse", true},
		{"container", blindness{powers: powers{others: true}}, "no process of this PID namespace", true},
		{"no proc", blindness{powers: root, noProc: true}, "there is no /proc", true},
		{"iterated without privileges", blindness{powers: nobody, iterated: true}, "no process has a descriptor", false},
	} {
		why := c.blind.why()
		if len(why) < len(c.why) || why[:len(c.why)] != c.why {
			t.Errorf("%s: %s", c.name, why)
		}
		listeners := []rtevent.Listener{{Holders: []rtevent.Owner{{PID: 1}}}, {Holders: []rtevent.Owner{{Unseen: why}}}}
		gap, any := c.blind.gap(listeners)
		if any != c.gap || any && gap.What != "owners of 1 listener" {
			t.Errorf("%s: %+v, %v", c.name, gap, any)
		}
		if _, any := c.blind.gap(listeners[:1]); any {
			t.Errorf("%s: a gap where all was seen", c.name)
		}
	}
}
