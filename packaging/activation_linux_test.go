package packaging

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"rtevent/testbed"
)

// TestActivation has systemd's own tool open the socket and start the daemon with it, under the name that the socket unit
// gives it, and hears the daemon tell that it is ready, lives, and stops, as Type=notify and WatchdogSec want.
func TestActivation(t *testing.T) {
	activate := tool(t, "systemd-socket-activate")
	name := regexp.MustCompile(`(?m)^FileDescriptorName=(.*)$`).FindSubmatch(read(t, "systemd/rtevent.socket"))
	dir := t.TempDir()
	rtevent, err := testbed.Build(t.Context(), dir, "./cmd/rtevent")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer manager.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	cmd := exec.Command(activate, "-l", addr, "--fdname="+string(name[1]), "-E", "NOTIFY_SOCKET="+socket, "-E", "WATCHDOG_USEC=400000",
		rtevent, "serve", "--no-watch", "--data", filepath.Join(dir, "data"))
	cmd.Env = append(os.Environ(), "NOTIFY_SOCKET="+socket, "WATCHDOG_USEC=400000")
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }
	defer end()
	greeting := ""
	for until := time.Now().Add(20 * time.Second); greeting == "" && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			continue
		}
		_ = c.SetDeadline(until)
		greeting, _ = bufio.NewReader(c).ReadString('\n')
		c.Close()
	}
	if !strings.HasPrefix(greeting, `{"rt":"ready"`) {
		end()
		t.Fatalf("the greeting is %q\n%s", greeting, &said)
	}
	told := func(want string) {
		t.Helper()
		buf := make([]byte, 512)
		_ = manager.SetReadDeadline(time.Now().Add(10 * time.Second))
		for {
			n, err := manager.Read(buf)
			if err != nil {
				t.Fatalf("it does not tell %s: %v", want, err)
			}
			if strings.Contains(string(buf[:n]), want) {
				return
			}
		}
	}
	told("READY=1")
	told("WATCHDOG=1")
	_ = cmd.Process.Signal(os.Interrupt)
	told("STOPPING=1")
}
