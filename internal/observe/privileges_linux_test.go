package observe

import (
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rtevent"
)

// TestNobody looks without any privilege: every listener is there, other namespaces among them, and none is blank.
func TestNobody(t *testing.T) {
	needRoot(t)
	_, port, name := startRoom(t)
	before := mustLook(t, Options{Tier: tierDiag})
	change := asNobody(t)
	s := snapshotOf(t, "look", change)
	after := mustLook(t, Options{Tier: tierDiag})
	for _, l := range inRoom(before, "") {
		where := netip.AddrPortFrom(l.Address, l.Port)
		if at(t, after, l.Transport, where) != nil && at(t, s, l.Transport, where) == nil {
			t.Errorf("nobody does not see %s/%s", where, l.Transport)
		}
	}
	for _, l := range s.Listeners {
		h := l.Holders[0]
		if h.PID == 0 && (!strings.HasPrefix(h.Unseen, needsCapabilities) || h.UID == nil) {
			t.Errorf("%s %s: %+v", l.PortName(), l.Address, h)
		}
	}
	if there := inRoom(s, name); len(there) != 2 || there[1].Port != port || there[1].NetNS != 0 {
		t.Errorf("the other namespace: %+v", there)
	}
	if len(s.Coverage.Gaps) == 0 || s.Coverage.Tier != "sock_diag+proc" {
		t.Errorf("coverage %+v", s.Coverage)
	}
}

// TestOnlyBPF looks with the two capabilities that BPF needs and no other: then it shows more than a walk.
func TestOnlyBPF(t *testing.T) {
	needRoot(t)
	stay, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Close()
	drop := asNobody(t)
	s := snapshotOf(t, "look", func(cmd *exec.Cmd) {
		drop(cmd)
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_BPF, unix.CAP_PERFMON}
	})
	l := at(t, s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String()))
	if l == nil || !slices.Equal(pidsOf(l), []int{os.Getpid()}) || s.Coverage.Tier != "bpf" {
		t.Errorf("%+v, coverage %+v", l, s.Coverage)
	}
}

func TestHidepid(t *testing.T) {
	needRoot(t)
	stay, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Close()
	root, err := os.MkdirTemp("", "observe")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(root+"/proc", 0o755); err != nil {
		t.Fatal(err)
	}
	s := snapshotOf(t, "hidepid", func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "OBSERVE_ROOT="+root)
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	})
	l := at(t, s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String()))
	if l == nil || !strings.Contains(l.Holders[0].Unseen, "hidepid") {
		t.Errorf("%+v", l)
	}
}

// TestRefusedBPF checks that a kernel which refuses BPF costs nothing but time, and that the reason is our own.
func TestRefusedBPF(t *testing.T) {
	needRoot(t)
	stay, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Close()
	a, refusal := play(t, "userns", func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
		}
	})
	if refusal != "load BPF: operation not permitted" {
		t.Errorf("refusal %q", refusal)
	}
	line, err := a.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var s Snapshot
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		t.Fatal(err)
	}
	l := at(t, &s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String()))
	if l == nil || !strings.HasPrefix(l.Holders[0].Unseen, needsCapabilities) {
		t.Errorf("%+v", l)
	}
	refused := slices.ContainsFunc(s.Coverage.Gaps, func(g rtevent.Gap) bool { return g.What == "BPF iterator" })
	if !refused || s.Coverage.Tier != "sock_diag+proc" {
		t.Errorf("coverage %+v", s.Coverage)
	}
}
