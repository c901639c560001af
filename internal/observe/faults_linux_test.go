package observe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// TestStopped stops the watching process while much happens: the ring overflows, and afterwards it says how much it has
// missed, and finds what is there.
func TestStopped(t *testing.T) {
	needRoot(t)
	w := watchElsewhere(t, func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "OBSERVE_RING="+strconv.Itoa(16<<10)) })
	const count = 1000
	stormer, begin := startStorm(t, count, "127.79.0.1", false)
	if err := syscall.Kill(w.pid(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	begin()
	if done, err := stormer.lines.ReadString('\n'); err != nil || done != "done\n" {
		t.Fatalf("%q, %v", done, err)
	}
	stays, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	if err := syscall.Kill(w.pid(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	told := 0
	lost := w.until(func(l line) bool {
		if l.Change != nil && l.Listener.Address == netip.MustParseAddr("127.79.0.1") {
			told++
		}
		return l.Change != nil && l.Kind == Lost
	})
	var missed int
	if _, err := fmt.Sscanf(lost.Gap.What, "up to %d changes", &missed); err != nil || told == 0 || told+missed < 2*count {
		t.Errorf("told %d, and lost %+v, of %d", told, lost.Gap, 2*count)
	}
	if c := w.untilAt(rtevent.TCP, stays.Addr()); c.Kind != Opened || !c.Existing || c.Listener.Holders[0].PID != os.Getpid() {
		t.Errorf("what stays: %+v", c)
	}
	if c := w.coverage(); c.Dropped != uint64(missed) || c.Tier != tierBPF {
		t.Errorf("lost %d, coverage %+v", missed, c)
	}
}

// TestStalled holds up whoever takes the Changes: what finds no room in memory is counted, and what is there is found.
func TestStalled(t *testing.T) {
	needRoot(t)
	const count, room = 1000, 100
	w := NewWatch(Options{Backlog: room, BPFTimeout: time.Minute})
	changes, hold := make(chan Change, 1<<16), make(chan struct{})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	stalled := netip.MustParseAddr("127.79.0.2")
	go func() {
		ended <- w.Run(ctx, func(c Change) {
			if c.Listener.Address == stalled {
				<-hold
			}
			changes <- c
		})
	}()
	defer func() { stop(); <-ended }()
	for c := range changes {
		if c.Kind == Settled {
			break
		}
	}
	stormer, begin := startStorm(t, count, stalled.String(), false)
	begin()
	stormer.lines.ReadString('\n')
	stays, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close()
	time.Sleep(100 * time.Millisecond) // for the ring to be read
	close(hold)
	var lost, found *Change
	for lost == nil || found == nil {
		select {
		case c := <-changes:
			switch {
			case c.Kind == Lost:
				lost = &c
			case isAt(c, rtevent.TCP, netip.MustParseAddrPort(stays.Addr().String())):
				found = &c
			}
		case <-time.After(time.Minute):
			t.Fatalf("lost %v, found %v", lost, found)
		}
	}
	if !strings.Contains(lost.Gap.Why, "memory") || found.Kind != Opened || !found.Existing {
		t.Errorf("lost %+v, found %+v", lost.Gap, found)
	}
	if c := w.Coverage(); c.Dropped < count {
		t.Errorf("coverage %+v", c)
	}
}

// TestDetached takes the BPF programs away while they are in use, as another administrator can.
func TestDetached(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{Reconcile: 200 * time.Millisecond, Poll: 50 * time.Millisecond})
	tap := w.dialer.(*watcher).tap
	if err := tap.udp[0].Detach(); err != nil {
		t.Fatal(err)
	}
	lost := w.untilKind(Lost)
	if !strings.Contains(lost.Gap.What, "UDP") || !strings.HasPrefix(w.Coverage().Tier, "bpf for TCP") {
		t.Errorf("%+v, coverage %+v", lost.Gap, w.Coverage())
	}
	w.checkBoth()
	if err := tap.state.Close(); err != nil { // nobody can detach this kind, but kernels have had their days
		t.Fatal(err)
	}
	for strings.HasPrefix(w.Coverage().Tier, "bpf") {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if lost := w.untilKind(Lost); !strings.Contains(lost.Gap.What, "TCP listener") && !strings.Contains(lost.Gap.What, "BPF") {
			t.Errorf("%+v", lost.Gap)
		}
		l.Close()
	}
	if c := w.Coverage(); c.Tier != "sock_diag+proc" || c.Dropped == 0 || c.Events["tcp_closed"] != "destroy group" {
		t.Errorf("coverage %+v", c)
	}
	w.checkBoth()
}

// TestClimbs loses BPF and gets it again: what happened between is told, and what happens then is told by the kernel.
func TestClimbs(t *testing.T) {
	needRoot(t)
	w, _ := startWatch(t, Options{Reconcile: 200 * time.Millisecond, Poll: 50 * time.Millisecond, Climb: 10 * time.Second})
	r := w.dialer.(*watcher)
	r.broken <- breakage{errSilent, true}
	if lost := w.untilKind(Lost); !strings.Contains(lost.Gap.What, "BPF fell silent") {
		t.Errorf("%+v", lost.Gap)
	}
	if tier := w.Coverage().Tier; tier != "sock_diag+proc" {
		t.Errorf("tier %s without BPF", tier)
	}
	w.checkBoth()
	for deadline := time.Now().Add(2 * time.Minute); w.Coverage().Tier != "bpf"; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("BPF is not used again: %+v", w.Coverage())
		}
	}
	if c := w.Coverage(); c.Events["tcp_opened"] != "bpf" || slices.ContainsFunc(c.Gaps, func(g rtevent.Gap) bool { return strings.Contains(g.What, "BPF") }) {
		t.Errorf("coverage %+v", c)
	}
	w.checkBoth()
}

func (w *watching) untilKind(kind ChangeKind) Change {
	w.t.Helper()
	for {
		if c := w.next(time.Minute); c.Kind == kind {
			return c
		}
	}
}

// checkBoth opens and closes a listener of each transport that lives long enough to be listed.
func (w *watching) checkBoth() {
	w.t.Helper()
	for _, kind := range []opened{kinds[0], kinds[4]} {
		address, socket := kind.open(w.t)
		at := netip.MustParseAddrPort(address.String())
		if c := w.until(kind.transport, at); c.Kind != Opened || !slices.Equal(pidsOf(&c.Listener), []int{os.Getpid()}) {
			w.t.Errorf("%s: %+v", kind.name, c)
		}
		socket.Close()
		if c := w.until(kind.transport, at); c.Kind != Closed {
			w.t.Errorf("%s: %+v", kind.name, c)
		}
	}
}

// TestWatchAsNobody watches without any privilege, and where /proc hides the processes of others: openings are found by
// listing, ends are told by the kernel, and what cannot be seen is said.
func TestWatchAsNobody(t *testing.T) {
	needRoot(t)
	root, err := os.MkdirTemp("", "observe")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := errors.Join(os.Chmod(root, 0o755), os.Mkdir(root+"/proc", 0o755)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*exec.Cmd){
		"nobody": asNobody(t),
		"hidepid": func(cmd *exec.Cmd) {
			cmd.Env = append(cmd.Env, "OBSERVE_PART=hidepid", "OBSERVE_THEN=watch", "OBSERVE_ROOT="+root)
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := watchElsewhere(t, change)
			for _, kind := range []opened{kinds[0], kinds[4]} {
				address, socket := kind.open(t)
				c := w.untilAt(kind.transport, address)
				h := c.Listener.Holders[0]
				if c.Kind != Opened || !c.Existing || !strings.HasPrefix(h.Unseen, needsCapabilities) || h.UID == nil || *h.UID != 0 {
					t.Errorf("%s: %+v", kind.name, c)
				}
				socket.Close()
				if c := w.untilAt(kind.transport, address); c.Kind != Closed || c.Existing {
					t.Errorf("%s: %+v", kind.name, c)
				}
			}
			if l, err := net.Listen("tcp4", "127.0.0.1:0"); err == nil {
				l.Close() // too short for the listing
			}
			time.Sleep(100 * time.Millisecond)
			c := w.coverage()
			blind := slices.ContainsFunc(c.Gaps, func(g rtevent.Gap) bool { return strings.Contains(g.What, "live less than 250ms") })
			if c.Tier != "sock_diag+proc" || c.Events["tcp_opened"] != "every 250ms" || c.Events["udp_closed"] != "destroy group" || !blind {
				t.Errorf("coverage %+v", c)
			}
		})
	}
}

// TestWatchOnlyBPF watches with the two capabilities that BPF needs and no other: TCP of all namespaces is told with its
// process, UDP is listed, as the hooks of cgroups need one more.
func TestWatchOnlyBPF(t *testing.T) {
	needRoot(t)
	drop := asNobody(t)
	w := watchElsewhere(t, func(cmd *exec.Cmd) {
		drop(cmd)
		cmd.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_BPF, unix.CAP_PERFMON}
	})
	for _, kind := range []opened{kinds[0], kinds[4]} {
		address, socket := kind.open(t)
		c := w.untilAt(kind.transport, address)
		if c.Kind != Opened || c.Existing != (kind.transport == rtevent.UDP) {
			t.Errorf("%s: %+v", kind.name, c)
		}
		if kind.transport == rtevent.TCP && c.Listener.Holders[0].PID != os.Getpid() {
			t.Errorf("%s: %+v", kind.name, c)
		}
		socket.Close()
		if c := w.untilAt(kind.transport, address); c.Kind != Closed {
			t.Errorf("%s: %+v", kind.name, c)
		}
	}
	c := w.coverage()
	remedy := slices.ContainsFunc(c.Gaps, func(g rtevent.Gap) bool { return strings.Contains(g.Remedy, "CAP_NET_ADMIN") })
	if c.Events["tcp_opened"] != "bpf" || c.Events["udp_closed"] != "destroy group" || !remedy {
		t.Errorf("coverage %+v", c)
	}
}

// TestWatchByRung forces each rung of the ladder.
func TestWatchByRung(t *testing.T) {
	eachTier(t, func(t *testing.T, tier string) {
		w, _ := startWatch(t, Options{Tier: tier, Poll: 50 * time.Millisecond})
		w.checkBoth()
		if c := w.Coverage(); !strings.HasPrefix(c.Tier, tier) {
			t.Errorf("coverage %+v", c)
		}
	})
}

// TestWithoutCgroups watches where no cgroup2 and no tracefs is mounted: only what UDP sockets do is not told by BPF.
func TestWithoutCgroups(t *testing.T) {
	needRoot(t)
	w := watchElsewhere(t, func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "OBSERVE_PART=uncgroup")
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	})
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tcp.Close()
	if c := w.untilAt(rtevent.TCP, tcp.Addr()); c.Kind != Opened || c.Existing {
		t.Errorf("%+v", c)
	}
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	if c := w.untilAt(rtevent.UDP, udp.LocalAddr()); c.Kind != Opened || !c.Existing {
		t.Errorf("%+v", c)
	}
	c := w.coverage()
	why := slices.ContainsFunc(c.Gaps, func(g rtevent.Gap) bool { return strings.Contains(g.Why, "no cgroup2") && g.Remedy != "" })
	if c.Events["tcp_opened"] != "bpf" || c.Events["udp_opened"] != "every 250ms" || !why {
		t.Errorf("coverage %+v", c)
	}
}

// watchWithoutCgroups is started in a mount namespace of its own.
func watchWithoutCgroups() error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	mountinfo, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	mounts := parseMounts(mountinfo, "cgroup2", "tracefs", "debugfs")
	slices.Reverse(mounts) // what lies in another comes after it
	for _, m := range mounts {
		if err := unix.Unmount(m.point, unix.MNT_DETACH); err != nil {
			return fmt.Errorf("unmount %s: %w", m.point, err)
		}
	}
	return printWatch()
}

// TestRoomsComeAndGo opens a listener in each of a thousand network namespaces that end at once: every one is told, each
// with a namespace of its own, and none is remembered or kept.
func TestRoomsComeAndGo(t *testing.T) {
	needRoot(t)
	const many = 1000
	w, _ := startWatch(t, Options{Reconcile: time.Second})
	var failed error
	for range many {
		onThread(func() {
			if failed = unix.Unshare(unix.CLONE_NEWNET); failed != nil {
				return
			}
			listener, err := net.Listen("tcp4", "0.0.0.0:3706")
			if failed = err; err == nil {
				failed = listener.Close()
			}
		})
		if failed != nil {
			t.Fatal(failed)
		}
	}
	opened, closed := 0, 0
	for opened+closed < 2*many {
		c := w.next(time.Minute)
		switch {
		case c.Kind == Lost:
			t.Fatalf("%+v", c.Gap)
		case c.Listener.Namespace == "" || c.Listener.Port != 3706:
		case c.Kind == Opened:
			opened++
		case c.Kind == Closed:
			closed++
		}
	}
	if opened != many || closed != many {
		t.Errorf("%d opened, %d closed", opened, closed)
	}
	rooms := w.dialer.(*watcher).rooms
	for patience := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		rooms.mu.Lock()
		left := len(rooms.known)
		rooms.mu.Unlock()
		if left < many/2 {
			break
		}
		if time.Now().After(patience) {
			t.Fatalf("%d namespaces are still remembered", left)
		}
	}
}
