package observe

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// storm opens and closes listeners as fast as it can, on addresses of its own, once it is told to.
func storm() error {
	count, err := strconv.Atoi(os.Getenv("OBSERVE_COUNT"))
	if err != nil {
		return err
	}
	address := netip.MustParseAddr(os.Getenv("OBSERVE_ADDRESS")).As4()
	fmt.Println("ready")
	input := bufio.NewReader(os.Stdin)
	if _, err := input.ReadString('\n'); err != nil {
		return err
	}
	kind := unix.SOCK_STREAM
	if os.Getenv("OBSERVE_UDP") != "" {
		kind = unix.SOCK_DGRAM
	}
	for range count {
		fd, err := unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: address}); err != nil {
			return err
		}
		if kind == unix.SOCK_STREAM {
			if err := unix.Listen(fd, 1); err != nil {
				return err
			}
		}
		unix.Close(fd)
	}
	fmt.Println("done")
	input.ReadString('\n')
	return nil
}

// startStorm returns the process, and what sets it off.
func startStorm(t *testing.T, count int, address string, udp bool) (a *actor, begin func()) {
	t.Helper()
	a, _ = play(t, "storm", func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "OBSERVE_COUNT="+strconv.Itoa(count), "OBSERVE_ADDRESS="+address)
		if udp {
			cmd.Env = append(cmd.Env, "OBSERVE_UDP=1")
		}
	})
	return a, func() { fmt.Fprintln(a.in, "go") }
}

func TestStorm(t *testing.T) {
	needRoot(t)
	for _, udp := range []bool{false, true} {
		for _, processes := range []int{1, 4} {
			t.Run(fmt.Sprintf("udp %v, %d processes", udp, processes), func(t *testing.T) {
				testStorm(t, processes, 20_000, udp)
			})
		}
	}
}

func testStorm(t *testing.T, processes, count int, udp bool) {
	w, _ := startWatch(t, Options{})
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	pids := map[string]int{}
	var begin []func()
	for i := range processes {
		address := fmt.Sprintf("127.78.0.%d", i+1)
		a, set := startStorm(t, count, address, udp)
		pids[address] = a.pid()
		begin = append(begin, set)
	}
	began := time.Now()
	for _, set := range begin {
		set()
	}
	opened, closed := map[string]int{}, map[string]int{}
	open := map[netip.AddrPort]bool{}
	for done := 0; done < 2*processes*count; {
		c := w.next(20 * time.Second)
		address := c.Listener.Address.String()
		if c.Kind == Lost {
			t.Fatalf("lost: %+v", *c.Gap)
		}
		if pids[address] == 0 {
			continue
		}
		done++
		at := netip.AddrPortFrom(c.Listener.Address, c.Listener.Port)
		holder := c.Listener.Holders[0]
		if holder.PID != pids[address] || holder.Exe != exe || c.Existing || c.Listener.Port == 0 {
			t.Fatalf("%+v", c)
		}
		switch {
		case c.Kind == Opened && !open[at]:
			opened[address]++
			open[at] = true
		case c.Kind == Closed && open[at]:
			closed[address]++
			delete(open, at)
		default:
			t.Fatalf("out of order: %+v", c)
		}
	}
	t.Logf("%v for %d; %+v", time.Since(began), processes*count, opened)
}
