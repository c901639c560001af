package observe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"rtevent"
)

// TestHidden lays a doctored copy over /proc/net that leaves out one listener and invents another.
func TestHidden(t *testing.T) {
	needRoot(t)
	hidden, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hidden.Close()
	where := netip.MustParseAddrPort(hidden.Addr().String())
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(table), "\n")
	kept := lines[:1:1]
	kept = append(kept, "   0: 0200007F:0E7A 00000000:0000 0A 00000000:00000000 00:00000000 00000000   33        0 4294967295 1\n")
	for _, line := range lines[1:] {
		if !strings.Contains(line, fmt.Sprintf(" 0100007F:%04X ", where.Port())) {
			kept = append(kept, line)
		}
	}
	mask := t.TempDir()
	for _, name := range []string{"tcp", "tcp6", "udp", "udp6"} {
		content, err := os.ReadFile("/proc/net/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if name == "tcp" {
			content = []byte(strings.Join(kept, ""))
		}
		if err := os.WriteFile(filepath.Join(mask, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tier := range []string{tierBPF, tierDiag} {
		s := snapshotOf(t, "mask", func(cmd *exec.Cmd) {
			cmd.Env = append(cmd.Env, "OBSERVE_MASK="+mask, "OBSERVE_TIER="+tier)
			cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
		})
		l := at(t, s, rtevent.TCP, where)
		if l == nil || !slices.Equal(l.HiddenFrom, []string{"/proc/net"}) || l.Holders[0].PID != os.Getpid() {
			t.Errorf("%s: left out: %+v", tier, l)
		}
		l = at(t, s, rtevent.TCP, netip.MustParseAddrPort("127.0.0.2:3706"))
		if l == nil || !slices.Equal(l.HiddenFrom, []string{"sock_diag"}) || l.Holders[0].Unseen == "" {
			t.Errorf("%s: invented: %+v", tier, l)
		}
	}
}

// TestStrangers checks what is said of sockets that the iterator met and sock_diag did not list.
func TestStrangers(t *testing.T) {
	own, blue := &room{inode: 1, view: viewDiag}, &room{inode: 2, name: "blue"}
	s := &scan{atlas: &atlas{own: own, rooms: map[uint64]*room{1: own, 2: blue}}}
	s.sockets = []socket{{room: own, inode: 10}}
	met := func(inode, netns uint64, pid int) record {
		return record{socket: socket{transport: rtevent.TCP, inode: inode}, netns: netns, holder: holder{pid: pid}}
	}
	before := s.takeRecords([]record{met(10, 1, 5), met(11, 1, 6), met(12, 1, 6), met(13, 2, 6)})
	after := s.takeRecords([]record{met(10, 1, 5), met(11, 1, 6), met(11, 1, 7), met(13, 2, 6), met(14, 1, 6)})
	s.adopt(before, after)
	var got []string
	for _, one := range s.sockets {
		got = append(got, fmt.Sprint(one.inode, one.room.name, one.hiddenFrom))
	}
	want := []string{
		"10[]",          // listed
		"11[sock_diag]", // met twice, never listed
		"13blue[]",      // in a room that could not be listed
	} // 12 was closed, 14 is new
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestHang checks that a kernel which never comes back is given up.
func TestHang(t *testing.T) {
	hung := &iterator{
		patience: time.Millisecond,
		loaded:   make(chan error, 1),
		ask:      make(chan struct{}, 1),
		answers:  make(chan answer, 1),
		ended:    make(chan struct{}),
	}
	defer hung.stop()
	if err := hung.ready(t.Context()); !errors.Is(err, errHung) {
		t.Errorf("loading: %v", err)
	}
	if _, err := hung.records(t.Context()); !errors.Is(err, errHung) {
		t.Errorf("reading: %v", err)
	}
}

// interrupted reads as the iterator does where nothing fits for long: EAGAIN, then more.
type interrupted struct {
	chunks [][]byte
	end    error
	again  bool
}

func (r *interrupted) Read(b []byte) (int, error) {
	if r.again = !r.again; r.again {
		return 0, &fs.PathError{Op: "read", Path: "bpf_iter", Err: unix.EAGAIN}
	}
	if len(r.chunks) == 0 {
		return 0, r.end
	}
	n := copy(b, r.chunks[0])
	r.chunks = r.chunks[1:]
	return n, nil
}

func TestReadRecordsInPieces(t *testing.T) {
	all := readTestdata(t, "holders.records")
	for _, end := range []error{io.EOF, unix.EIO} {
		records, err := readRecords(&interrupted{chunks: slices.Collect(slices.Chunk(all, 50)), end: end})
		if end == io.EOF && (err != nil || len(records) != len(all)/recordSize) {
			t.Errorf("%d records, %v", len(records), err)
		}
		if end != io.EOF && !errors.Is(err, end) {
			t.Errorf("a failure is taken for the end: %v", err)
		}
	}
}

// TestRecording looks at a proc directory that was copied from another host.
func TestRecording(t *testing.T) {
	root := t.TempDir()
	write := func(path, content string) {
		t.Helper()
		path = filepath.Join(root, "proc", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(path, target string) {
		t.Helper()
		path = filepath.Join(root, "proc", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	const line = " 0: 0100007F:%04X 00000000:0000 0A 0:0 0:0 0 33 0 %d 1\n"
	write("net/tcp", "header\n"+fmt.Sprintf(line, 80, 101)+"\x1b]0;evil\x07 garbage\n"+fmt.Sprintf(line, 22, 102))
	write("net/udp", "header\n")
	link("self/ns/net", "net:[4026531833]")
	link("812/ns/net", "net:[4026531833]")
	link("812/fd/3", "socket:[101]")
	link("812/fd/4", "/dev/null")
	link("900/ns/net", "net:[4026532999]")
	link("900/fd/5", "socket:[103]")
	write("900/net/tcp", "header\n"+fmt.Sprintf(line, 8080, 103))
	write("900/comm", "inner\n")

	s := mustLook(t, Options{Root: root})
	var got []string
	for _, l := range s.Listeners {
		got = append(got, fmt.Sprintf("%s %s %d %v", l.PortName(), l.Namespace, l.NetNS, pidsOf(&l)))
	}
	want := []string{"22/tcp  4026531833 [0]", "80/tcp  4026531833 [812]", "8080/tcp pid 900 (inner) 4026532999 [900]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Coverage.Tier != "proc" || len(s.Coverage.Gaps) == 0 || strings.ContainsRune(s.Coverage.Gaps[0].Why, '\x1b') {
		t.Errorf("coverage %+v", s.Coverage)
	}
	if _, err := Look(t.Context(), Options{Root: root, Tier: tierDiag}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("asked the kernel about a recording: %v", err)
	}
}

// TestWithoutProc looks on a host that has no /proc.
func TestWithoutProc(t *testing.T) {
	stay, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Close()
	s := mustLook(t, Options{Root: t.TempDir(), Tier: tierDiag})
	l := at(t, s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String()))
	if l == nil || l.Holders[0].Unseen == "" {
		t.Errorf("%+v", l)
	}
	if len(s.Coverage.Gaps) != 2 {
		t.Errorf("want gaps for the owners and the other namespaces, got %+v", s.Coverage.Gaps)
	}
	if c := s.CoverageOf(nil); len(c.Gaps) != 1 {
		t.Errorf("of no listeners no owner is missing, but got %+v", c.Gaps)
	}
}

// TestProcMountedOver looks on a host whose /proc is no procfs: the kernel is asked all the same.
func TestProcMountedOver(t *testing.T) {
	needRoot(t)
	stay, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stay.Close()
	s := snapshotOf(t, "unproc", func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	})
	if l := at(t, s, rtevent.TCP, netip.MustParseAddrPort(stay.Addr().String())); l == nil || l.Holders[0].Unseen == "" {
		t.Errorf("%+v", l)
	}
	if len(s.Coverage.Gaps) == 0 {
		t.Error("no gap")
	}
}

// lookWithoutProc looks where something else is mounted over /proc.
func lookWithoutProc() error {
	if err := unix.Mount("none", "/proc", "tmpfs", 0, ""); err != nil {
		return err
	}
	return printLook()
}
