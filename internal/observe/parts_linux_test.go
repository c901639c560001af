package observe

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// parts are what the test binary does when OBSERVE_PART names one.
var parts = map[string]func() error{
	"look":    printLook,
	"hold":    hold,
	"room":    serveRoom,
	"hidepid": lookWithHidepid,
	"mask":    lookWithMask,
	"userns":  lookFromUserNamespace,
	"unproc":  lookWithoutProc,
	"storm":   storm,
	"receive": receive,
	"watch":   printWatch,

	"bindprobe": printBindProbe,

	"uncgroup": watchWithoutCgroups,
}

const nobody = 65534

// actor is a process that plays a part.
type actor struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
}

// play starts a part and waits for its first line, which it returns.
func play(t *testing.T, part string, change func(*exec.Cmd)) (*actor, string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "OBSERVE_PART="+part)
	cmd.Stderr = os.Stderr
	if change != nil {
		change(cmd)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a := &actor{cmd, in, bufio.NewReader(out)}
	t.Cleanup(a.stop)
	line, err := a.lines.ReadString('\n')
	if err != nil {
		t.Fatalf("part %s: %v", part, err)
	}
	return a, strings.TrimSpace(line)
}

// stop ends the part and waits for it. It may be called twice.
func (a *actor) stop() {
	a.in.Close()
	io.Copy(io.Discard, a.lines)
	a.cmd.Wait()
}

func (a *actor) pid() int { return a.cmd.Process.Pid }

// snapshot plays a part that prints a Snapshot.
func snapshotOf(t *testing.T, part string, change func(*exec.Cmd)) *Snapshot {
	t.Helper()
	_, line := play(t, part, change)
	var s Snapshot
	if err := json.Unmarshal([]byte(line), &s); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return &s
}

// asNobody gives a part no privileges at all, and a copy of the binary that nobody may run.
func asNobody(t *testing.T) func(*exec.Cmd) {
	t.Helper()
	directory, err := os.MkdirTemp("", "observe")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	binary := directory + "/observe.test"
	content, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, content, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	return func(cmd *exec.Cmd) {
		cmd.Path = binary
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// hold keeps whatever it inherited until its input ends.
func hold() error {
	fmt.Println("holding")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// inNewRoom starts a part in a network namespace of its own.
func inNewRoom(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
}

// serveRoom greets everybody on a TCP and answers every datagram on a UDP port, in a network namespace of its own, until
// its input ends. It prints both ports.
func serveRoom() error {
	if err := raiseLoopback(); err != nil {
		return err
	}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:5353")
	if err != nil {
		return err
	}
	go func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "hello from the room")
			conn.Close()
		}
	}()
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			udp.WriteTo(buffer[:n], from)
		}
	}()
	fmt.Println(tcp.Addr().(*net.TCPAddr).Port)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// raiseLoopback makes 127.0.0.1 work in a new network namespace.
func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// lookWithHidepid looks as nobody through a /proc that hides the processes of others. It is started as root in a mount
// namespace of its own.
func lookWithHidepid() error {
	root := os.Getenv("OBSERVE_ROOT")
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("proc", root+"/proc", "proc", 0, "hidepid=2"); err != nil {
		return err
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(nobody); err != nil {
		return err
	}
	if err := syscall.Setuid(nobody); err != nil {
		return err
	}
	if os.Getenv("OBSERVE_THEN") == "watch" {
		return printWatch()
	}
	return printLook()
}

// lookWithMask looks while another directory lies over /proc/net, as an intruder might put it there. It is started in a
// mount namespace of its own.
func lookWithMask() error {
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	over := fmt.Sprintf("/proc/%d/net", os.Getpid())
	if err := unix.Mount(os.Getenv("OBSERVE_MASK"), over, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return printLook()
}

// lookFromUserNamespace chooses BPF in a namespace where root may do anything except that.
func lookFromUserNamespace() error {
	_, err := Look(context.Background(), Options{Tier: tierBPF})
	if err == nil {
		return fmt.Errorf("BPF works in a user namespace")
	}
	fmt.Println(err)

	proc, err := openProc("")
	if err != nil {
		return err
	}
	defer proc.close()
	s := newScan(Options{}, proc)
	if err := s.prepare(); err != nil {
		return err
	}
	s.tier = tierBPF // as if the host were large
	if err := s.run(context.Background()); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(s.snapshot())
}
