package testbed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Far is two network namespaces and a line between them that is as long and loses as much as wanted. It does what
// `tc netem` would, also on kernels that are built without it.
type Far struct {
	Near, Remote string     // the namespaces, as `ip netns` names them
	Address      netip.Addr // of the remote end
	ends         [2]*os.File
	done         sync.WaitGroup
}

// The two ends of every line: the namespaces keep them apart.
const (
	nearAddress   = "10.99.0.1/30"
	remoteAddress = "10.99.0.2/30"
)

// NewFar lays a line on which a packet takes delay each way and is lost with a probability of loss. Where that is not
// possible the error wraps errors.ErrUnsupported and says what would do.
func NewFar(ctx context.Context, delay time.Duration, loss float64) (*Far, error) {
	if os.Getuid() != 0 {
		return nil, fmt.Errorf("a network namespace: %w: run as root", errors.ErrUnsupported)
	}
	name := fmt.Sprintf("rtevent-%d-%d", os.Getpid(), rand.IntN(1e6))
	f := &Far{Near: name + "-near", Remote: name + "-far", Address: netip.MustParsePrefix(remoteAddress).Addr()}
	for i, end := range []struct{ namespace, address string }{{f.Near, nearAddress}, {f.Remote, remoteAddress}} {
		file, err := layEnd(ctx, end.namespace, end.address)
		if err != nil {
			f.Close()
			return nil, err
		}
		f.ends[i] = file
	}
	for i := range f.ends {
		f.carry(f.ends[i], f.ends[1-i], delay, loss)
	}
	return f, nil
}

// layEnd makes a namespace with one end of the line.
func layEnd(ctx context.Context, namespace, address string) (*os.File, error) {
	for _, command := range []string{
		"ip netns add " + namespace,
		"ip -n " + namespace + " link set lo up",
		"ip -n " + namespace + " tuntap add mode tun name line",
		"ip -n " + namespace + " address add " + address + " dev line",
		"ip -n " + namespace + " link set line up",
	} {
		words := strings.Fields(command)
		if out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%w: %s: %s (needs iproute2, CAP_NET_ADMIN and a kernel with tun)", errors.ErrUnsupported, command, out)
		}
	}
	return openTun(namespace)
}

// openTun opens the line's end as what its packets are read from and written to.
func openTun(namespace string) (file *os.File, err error) {
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		runtime.LockOSThread() // and never unlocked: the thread that has changed its namespace ends here
		file, err = openTunHere(namespace)
	}()
	<-opened
	return file, err
}

func openTunHere(namespace string) (*os.File, error) {
	there, err := os.Open("/run/netns/" + namespace)
	if err != nil {
		return nil, err
	}
	defer there.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter %s: %w", namespace, err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: open /dev/net/tun: %w", errors.ErrUnsupported, err)
	}
	request, err := unix.NewIfreq("line")
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("attach to the line: %w", err)
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil
}

// carry moves packets one way until an end is closed.
func (f *Far) carry(from, to *os.File, delay time.Duration, loss float64) {
	type packet struct {
		due   time.Time
		bytes []byte
	}
	underway := make(chan packet, 4096)
	f.done.Go(func() {
		defer close(underway)
		for {
			buf := make([]byte, 2048)
			n, err := from.Read(buf)
			if err != nil {
				return
			}
			if rand.Float64() >= loss {
				underway <- packet{time.Now().Add(delay), buf[:n]}
			}
		}
	})
	f.done.Go(func() {
		for p := range underway {
			time.Sleep(time.Until(p.due))
			to.Write(p.bytes) // an end that is closed is noticed by who reads it
		}
	})
}

// Enter is the command that runs another one in a namespace.
func Enter(namespace string) []string { return []string{"ip", "netns", "exec", namespace} }

// Command prepares a command that runs in a namespace.
func Command(ctx context.Context, namespace string, command ...string) *exec.Cmd {
	command = append(Enter(namespace), command...)
	return exec.CommandContext(ctx, command[0], command[1:]...)
}

// Rules gives a namespace its packet filter, in the words of nft.
func Rules(ctx context.Context, namespace, rules string) error {
	cmd := Command(ctx, namespace, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: nft: %s (needs nftables and a kernel with nf_tables)", errors.ErrUnsupported, out)
	}
	return nil
}

// Up is Up at the far end. The daemons, which listen on the loopback address, are reached at the Address.
func (f *Far) Up(ctx context.Context, dir string, base int, names ...string) (*Bed, error) {
	out, err := Command(ctx, f.Remote, "sysctl", "-qw", "net.ipv4.conf.all.route_localnet=1").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: sysctl: %s", errors.ErrUnsupported, out)
	}
	if err := Rules(ctx, f.Remote, fmt.Sprintf(`table ip bed {
		chain arrive { type nat hook prerouting priority dstnat; ip daddr %s dnat to 127.0.0.1; }
	}`, f.Address)); err != nil {
		return nil, err
	}
	return up(ctx, Enter(f.Remote), dir, base, names...)
}

// Close ends the line and its namespaces.
func (f *Far) Close() {
	for _, end := range f.ends {
		if end != nil {
			end.Close()
		}
	}
	f.done.Wait()
	for _, namespace := range []string{f.Near, f.Remote} {
		exec.Command("ip", "netns", "delete", namespace).Run()
	}
}
