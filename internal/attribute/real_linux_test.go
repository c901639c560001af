package attribute

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rtevent"
)

// TestMain lets the test binary be the processes that the tests look at.
func TestMain(m *testing.M) {
	switch role := os.Getenv("ATTRIBUTE_ROLE"); role {
	case "":
		os.Exit(m.Run())
	case "wait":
		waitForEnd()
	case "fill": // fill the Owner of a process, perhaps without rights
		pid, _ := strconv.Atoi(os.Getenv("ATTRIBUTE_PID"))
		json.NewEncoder(os.Stdout).Encode(fill(pid))
	case "enclose":
		if err := enclose(os.Getenv("ATTRIBUTE_ROOT")); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// waitForEnd says that it is there and stays until its standard input is closed.
func waitForEnd() {
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}

// fill fills one Owner.
func fill(pid int) rtevent.Owner {
	return fillListener(rtevent.Listener{Holders: []rtevent.Owner{{PID: pid}}}).Holders[0]
}

func fillListener(l rtevent.Listener) rtevent.Listener {
	ls := []rtevent.Listener{l}
	New("").Fill(context.Background(), ls)
	return ls[0]
}

// start runs a program until the end of the test and returns when it has said that it is ready.
func start(t *testing.T, c *exec.Cmd) int {
	t.Helper()
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); c.Wait() })
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() {
		if lines.Text() == "ready" {
			return c.Process.Pid
		}
		said = append(said, lines.Text())
	}
	t.Fatalf("%s ended and said %q", c.Path, said)
	return 0
}

// role is the test binary, or a copy of it, in a role.
func role(file, role string, env ...string) *exec.Cmd {
	c := exec.Command(file)
	c.Env = append(os.Environ(), append(env, "ATTRIBUTE_ROLE="+role)...)
	return c
}

// self copies the test binary.
func self(t *testing.T, to string) string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(to, b, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestSelf(t *testing.T) {
	exe := self(t, filepath.Join(t.TempDir(), "agent"))
	before := time.Now()
	pid := start(t, role(exe, "wait"))
	o := fill(pid)
	if o.Unseen != "" || len(o.Unread) > 0 && !slices.ContainsFunc(o.Unread, isPackageNote) {
		t.Errorf("unseen %q, unread %q", o.Unseen, o.Unread)
	}
	if o.Exe != exe || o.ExeDeleted || o.ExeInMemory || o.ExeModified.Before(before.Add(-time.Minute)) || o.ExeChanged.IsZero() {
		t.Errorf("executable: %+v", o)
	}
	if o.Name != "agent" || !slices.Equal(o.Cmdline, []string{exe}) || o.UID == nil || int(*o.UID) != os.Getuid() {
		t.Errorf("process: %+v", o)
	}
	if d := o.Started.Sub(before).Abs(); d > time.Minute {
		t.Errorf("started %v, %v away from now", o.Started, d)
	}
	if len(o.Ancestry) == 0 || o.Ancestry[0].PID != os.Getpid() {
		t.Errorf("ancestry %+v, want this test (%d) first", o.Ancestry, os.Getpid())
	}
	if o.Program == nil || o.Program.Kind != "go" || !strings.HasPrefix(o.Program.Name, "rtevent/internal/attribute") || o.Program.Runtime == "" {
		t.Errorf("program %+v", o.Program)
	}
	if o.Package != nil {
		t.Errorf("package %+v", o.Package)
	}
	if os.Getuid() == 0 && o.User != "root" {
		t.Errorf("user %q", o.User)
	}
}

func isPackageNote(s string) bool { return strings.HasPrefix(s, "package:") }

// TestInvoked starts one executable under three names: a link beside it, a link elsewhere, and a name that is none.
func TestInvoked(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	exe := self(t, filepath.Join(dir, "check"))
	beside, apart := filepath.Join(dir, "server"), filepath.Join(elsewhere, "sshd")
	for _, link := range []string{beside, apart} {
		if err := os.Symlink(exe, link); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{beside: beside, beside + " *:6379": beside, apart: "", exe: "", "[kworker]": ""} {
		c := role(exe, "wait")
		c.Args[0] = name
		if got := fill(start(t, c)).Invoked; got != want {
			t.Errorf("started as %s: invoked %q, want %q", name, got, want)
		}
	}
}

func TestDeleted(t *testing.T) {
	dir := t.TempDir()
	gone, fake := self(t, filepath.Join(dir, "gone")), self(t, filepath.Join(dir, "fake (deleted)"))
	both := self(t, filepath.Join(dir, "both (deleted)"))
	pids := map[string]int{}
	for _, exe := range []string{gone, fake, both} {
		pids[exe] = start(t, role(exe, "wait"))
	}
	linked := self(t, filepath.Join(dir, "linked"))
	pids[linked] = start(t, role(linked, "wait"))
	if err := os.Link(linked, filepath.Join(dir, "another name")); err != nil {
		t.Fatal(err)
	}
	for _, exe := range []string{gone, both, linked} {
		if err := os.Remove(exe); err != nil {
			t.Fatal(err)
		}
	}
	for exe, deleted := range map[string]bool{gone: true, fake: false, both: true, linked: true} {
		if o := fill(pids[exe]); o.Exe != exe || o.ExeDeleted != deleted || o.ExeInMemory {
			t.Errorf("%s: exe %q, deleted %v, in memory %v", exe, o.Exe, o.ExeDeleted, o.ExeInMemory)
		}
	}
}

func TestInMemory(t *testing.T) {
	fd, err := unix.MemfdCreate("agent", 0)
	if err != nil {
		t.Skip("needs memfd_create:", err)
	}
	f := os.NewFile(uintptr(fd), "memfd")
	defer f.Close()
	b, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		_, err = f.Write(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := fill(start(t, role(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd), "wait")))
	if !o.ExeInMemory || o.ExeDeleted || o.Exe != "/memfd:agent" || o.WorldWritable != "" || o.Package != nil {
		t.Errorf("got %+v", o)
	}
}

func TestExited(t *testing.T) {
	c := role("/proc/self/exe", "none") // ends at once
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	pid := c.Process.Pid
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if o := fill(pid); o.Unseen != "exited before it could be read" || o.Exe != "" {
		t.Errorf("a zombie: %+v", o)
	}
	c.Wait()
	if o := fill(pid); o.Unseen != "exited before it could be read" {
		t.Errorf("gone: %+v", o)
	}
}

// TestAnotherProcess gives an Owner a start time that its process does not have.
func TestAnotherProcess(t *testing.T) {
	uid := uint32(7)
	l := fillListener(rtevent.Listener{Holders: []rtevent.Owner{
		{PID: os.Getpid(), Started: time.Now().Add(-time.Hour), UID: &uid, Unit: "old.service"},
		{PID: os.Getpid(), Unit: "kept.service"},
		{Unseen: "another namespace", UID: &uid},
	}})
	if o := l.Holders[0]; !strings.Contains(o.Unseen, "another process") || o.Exe != "" || o.Unit != "old.service" || *o.UID != 7 {
		t.Errorf("another process: %+v", o)
	}
	if o := l.Holders[1]; o.Unseen != "" || o.Exe == "" || o.Unit == "" {
		t.Errorf("this process: %+v", o)
	}
	if o := l.Holders[2]; o.Unseen != "another namespace" || o.Exe != "" {
		t.Errorf("out of sight: %+v", o)
	}
}

func TestFillEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	ls := []rtevent.Listener{{Holders: []rtevent.Owner{{PID: os.Getpid()}}}}
	New("").Fill(ctx, ls)
	if ls[0].Holders[0].Unseen != "not read in time" {
		t.Errorf("got %+v", ls[0].Holders[0])
	}
}

// TestNoProc looks at a directory where no /proc is mounted.
func TestNoProc(t *testing.T) {
	ls := []rtevent.Listener{{Holders: []rtevent.Owner{{PID: 1}}}}
	New(t.TempDir()).Fill(context.Background(), ls)
	if !strings.Contains(ls[0].Holders[0].Unseen, "proc") {
		t.Errorf("got %+v", ls[0].Holders[0])
	}
}

// TestScripts runs a script of every interpreter that is here.
func TestScripts(t *testing.T) {
	scripts := []struct{ kind, interpreter, file, text string }{
		{"python", "python3", "agent.py", "import sys\nprint('ready', flush=True)\nsys.stdin.read()\n"},
		{"perl", "perl", "agent.pl", "$|=1; print \"ready\\n\"; while(<STDIN>){}\n"},
		{"ruby", "ruby", "agent.rb", "puts 'ready'; $stdout.flush; $stdin.read\n"},
		{"node", "node", "agent.js", "console.log('ready'); process.stdin.resume()\n"},
		{"php", "php", "agent.php", "<?php echo \"ready\\n\"; while (fgets(STDIN)) {}\n"},
		{"shell", "dash", "agent.sh", "echo ready\nread x\n"},
		{"java", "java", "Agent.java", "public class Agent { public static void main(String[] a) throws Exception { System.out.println(\"ready\"); System.in.read(); } }\n"},
	}
	for _, s := range scripts {
		t.Run(s.kind, func(t *testing.T) {
			interpreter, err := exec.LookPath(s.interpreter)
			if err != nil {
				t.Skipf("needs %s", s.interpreter)
			}
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, s.file), []byte(s.text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			c := exec.Command(interpreter, s.file)
			c.Dir = dir
			o := fill(start(t, c))
			if o.Program == nil || o.Program.Kind != s.kind || o.Program.Path != filepath.Join(dir, s.file) {
				t.Errorf("program %+v of %q", o.Program, o.Cmdline)
			}
		})
	}
}

// TestSocketActivate lets systemd's own test tool hold a socket.
func TestSocketActivate(t *testing.T) {
	tool, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("needs systemd-socket-activate, of the package systemd")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	c := exec.Command(tool, "-l", free.Addr().String(), "/bin/cat", "-u")
	out, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer c.Wait()
	defer c.Process.Kill()
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	l := fillListener(rtevent.Listener{Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: 5, Holders: []rtevent.Owner{{PID: c.Process.Pid}}})
	if o := l.Holders[0]; o.Activates != "/bin/cat -u" {
		t.Errorf("activates %q; %+v", o.Activates, o)
	}
}
