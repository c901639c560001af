package observe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// TestBindProbe finds nothing on a host that is busy with everything that uses a port and is no listener: connections, their
// remains, sockets that are only bound, clients that come and go.
func TestBindProbe(t *testing.T) {
	needRoot(t)
	ctx, stop := context.WithCancel(t.Context())
	defer busy(t, ctx).Wait()
	defer stop()
	if hidden, err := BindProbe(t.Context()); err != nil || len(hidden) > 0 {
		t.Errorf("hidden %v, %v", hidden, err)
	}
}

// busy makes and ends connections until ctx is done.
func busy(t *testing.T, ctx context.Context) *sync.WaitGroup {
	t.Helper()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for i := range 100 { // connections, of which the listener goes away
		passing, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp4", passing.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		served, err := passing.Accept()
		if err != nil {
			t.Fatal(err)
		}
		passing.Close()
		if i%2 == 0 {
			served.Close()
		} else {
			t.Cleanup(func() { served.Close() })
		}
		for _, kind := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
			if err := unix.Bind(rawSocket(t, unix.AF_INET, kind, 0), &unix.SockaddrInet4{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := server.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	})
	all.Go(func() {
		defer server.Close()
		for ctx.Err() == nil {
			for _, network := range []string{"tcp", "udp"} {
				if conn, err := net.Dial(network, server.Addr().String()); err == nil {
					conn.Close()
				}
			}
		}
	})
	return &all
}

// TestBindProbeFinds hides a listener as an intruder does who has changed what the kernel lists.
func TestBindProbeFinds(t *testing.T) {
	needRoot(t)
	d, err := openDiag()
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	for _, p := range []prober{
		{transport: rtevent.TCP, protocol: protocolTCP, kind: unix.SOCK_STREAM, family: bindFamily()},
		{transport: rtevent.UDP, protocol: protocolUDP, kind: unix.SOCK_DGRAM, family: unix.AF_INET},
	} {
		port := reuseport(t, p.transport, uint16(freePort(t)))
		defer unix.Close(port)
		hides := portOf(t, port)
		p.listed = func(protocol uint8) (map[uint16]bool, error) {
			ports, err := d.ports(protocol)
			delete(ports, hides)
			return ports, err
		}
		p.held = func(context.Context, uint8) map[uint16]bool { return nil }
		if hidden, err := p.probe(t.Context()); err != nil || len(hidden) != 1 || hidden[0] != (Hidden{p.transport, hides}) {
			t.Errorf("hidden %v, %v; want %d/%s", hidden, err, hides, p.transport)
		}
		if p.held = portsHeld; len(p.held(t.Context(), p.protocol)) == 0 || !p.held(t.Context(), p.protocol)[hides] {
			t.Errorf("no process has %d/%s", hides, p.transport)
		}
	}
}

// TestBindProbeOld probes as on a kernel that lists no socket which is only bound.
func TestBindProbeOld(t *testing.T) {
	needRoot(t)
	fd := rawSocket(t, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err := unix.Bind(fd, &unix.SockaddrInet4{}); err != nil {
		t.Fatal(err)
	}
	d, err := openDiag()
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	p := prober{transport: rtevent.TCP, protocol: protocolTCP, kind: unix.SOCK_STREAM, family: bindFamily(), held: portsHeld}
	p.listed = func(protocol uint8) (map[uint16]bool, error) {
		ports, err := d.ports(protocol)
		delete(ports, portOf(t, fd))
		return ports, err
	}
	if hidden, err := p.probe(t.Context()); err != nil || len(hidden) > 0 {
		t.Errorf("hidden %v, %v", hidden, err)
	}
}

// TestBindProbeAsNobody probes without the right to the low ports.
func TestBindProbeAsNobody(t *testing.T) {
	needRoot(t)
	_, line := play(t, "bindprobe", asNobody(t))
	if line != "permission denied: true, hidden: 0" {
		t.Error(line)
	}
}

func printBindProbe() error {
	hidden, err := BindProbe(context.Background())
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	fmt.Printf("permission denied: %v, hidden: %d\n", err != nil, len(hidden))
	return nil
}

// TestHiddenFromAll has a listener vanish from everything that lists sockets, as an intruder in the kernel makes it: it was
// told when it opened, and is not taken for closed.
func TestHiddenFromAll(t *testing.T) {
	needRoot(t)
	proc, err := openProc("")
	if err != nil {
		t.Fatal(err)
	}
	defer proc.close()
	var told []Change
	r := newWatcher(NewWatch(Options{BPFTimeout: time.Minute}), proc, func(c Change) { told = append(told, c) })
	defer r.end()
	if err := r.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds[:5:5] {
		address, opened := kind.open(t)
		at := netip.MustParseAddrPort(address.String())
		want := func(what ChangeKind) Change {
			t.Helper()
			for patience := time.Now().Add(10 * time.Second); time.Now().Before(patience); time.Sleep(time.Millisecond) {
				r.catchUp(t.Context())
				for len(told) > 0 {
					c := told[0]
					told = told[1:]
					if isAt(c, kind.transport, at) && c.Kind == what {
						return c
					}
				}
			}
			t.Fatalf("%s is not told", what)
			return Change{}
		}
		want(Opened)
		l := r.look(t.Context())
		l.sockets = slices.DeleteFunc(l.sockets, func(s socket) bool { return s.port == at.Port() })
		r.judge(l)
		c := want(Held)
		if !slices.Equal(c.Listener.HiddenFrom, []string{viewTables, viewDiag}) {
			t.Errorf("%s: %+v", kind.name, c)
		}
		opened.Close()
		want(Closed)
	}
}
