package attribute

import (
	"context"
	"crypto/md5"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"rtevent"
)

// enclose makes a directory the root of this process, as container runtimes do, and becomes the agent in it. It runs
// in a mount namespace of its own.
func enclose(root string) error {
	hostname := filepath.Join(root, "etc/hostname")
	for _, step := range []func() error{
		func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") },
		func() error { return unix.Mount(root, root, "", unix.MS_BIND, "") },
		func() error {
			return unix.Mount(filepath.Join(filepath.Dir(root), "containers", id, "hostname"), hostname, "", unix.MS_BIND, "")
		},
		func() error { return unix.Mount("/lib", filepath.Join(root, "lib"), "", unix.MS_BIND, "") },
		func() error {
			if err := unix.Mount("/lib64", filepath.Join(root, "lib64"), "", unix.MS_BIND, ""); err != unix.ENOENT {
				return err // not every architecture has it
			}
			return nil
		},
		func() error { return unix.Chdir(root) },
		func() error { return unix.PivotRoot(".", ".") },
		func() error { return unix.Unmount(".", unix.MNT_DETACH) },
		func() error {
			return unix.Exec("/usr/bin/agent", []string{"/usr/bin/agent"}, []string{"ATTRIBUTE_ROLE=wait"})
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// enclosed starts the agent in a root of its own, where a package owns it with that digest.
func enclosed(t *testing.T, sum string) (root string, pid int) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root, to enter a mount namespace")
	}
	dir := openDir(t)
	root = filepath.Join(dir, "root")
	agent := filepath.Join(root, "usr/bin/agent")
	write := func(name, text string) {
		t.Helper()
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "containers", id, "hostname"), "web\n")
	write(filepath.Join(root, "etc/hostname"), "")
	write(filepath.Join(root, "etc/passwd.d/users"), "inner:x:0:0::/:/bin/sh\n")
	write(filepath.Join(root, "var/lib/dpkg/status"), "Package: agent\nStatus: install ok installed\nVersion: 1:2.0-3\n")
	write(filepath.Join(root, "var/lib/dpkg/info/agent.list"), "/usr/bin/agent\n")
	write(filepath.Join(root, "lib/mounted"), "the host's, for the test binary may need them")
	write(filepath.Join(root, "lib64/mounted"), "likewise")
	write(agent, "")
	if err := os.Chmod(self(t, agent), 0o755); err != nil {
		t.Fatal(err)
	}
	if sum == "" {
		b, err := os.ReadFile(agent)
		if err != nil {
			t.Fatal(err)
		}
		sum = fmt.Sprintf("%x", md5.Sum(b))
	}
	write(filepath.Join(root, "var/lib/dpkg/info/agent.md5sums"), sum+"  usr/bin/agent\n")
	// A link that leads to the host's users unless it is followed within the root.
	if err := os.Symlink("/etc/passwd.d/users", filepath.Join(root, "etc/passwd")); err != nil {
		t.Fatal(err)
	}
	c := role("/proc/self/exe", "enclose", "ATTRIBUTE_ROOT="+root)
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS}
	return root, start(t, c)
}

func TestEnclosed(t *testing.T) {
	_, pid := enclosed(t, "")
	o := fill(pid)
	if o.Exe != "/usr/bin/agent" || o.User != "inner" || len(o.Unread) > 0 {
		t.Errorf("got %+v", o)
	}
	if o.Package == nil || *o.Package != (rtevent.Package{Manager: "dpkg", Name: "agent", Version: "1:2.0-3"}) {
		t.Errorf("package %+v", o.Package)
	}
	if o.Container == nil || o.Container.Runtime != "docker" || o.Container.ID != id {
		t.Errorf("container %+v", o.Container)
	}
}

// TestVerify compares a running executable with its package: as delivered, deleted meanwhile, and altered.
func TestVerify(t *testing.T) {
	root, good := enclosed(t, "")
	_, altered := enclosed(t, emptyMD5)
	a := New("")
	ls := []rtevent.Listener{
		{Holders: []rtevent.Owner{{PID: good}, {PID: altered}, {PID: os.Getpid()}, {Unseen: "another namespace"}}},
		{Holders: []rtevent.Owner{{PID: good}}},
	}
	a.Fill(context.Background(), ls)
	if err := os.Remove(filepath.Join(root, "usr/bin/agent")); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range ls {
		wg.Go(func() { a.Verify(context.Background(), &ls[i]) })
	}
	wg.Wait()
	for i, want := range []bool{true, false} {
		if p := ls[0].Holders[i].Package; p == nil || p.Intact == nil || *p.Intact != want {
			t.Errorf("holder %d: %+v, unread %q; want intact: %v", i, p, ls[0].Holders[i].Unread, want)
		}
	}
	if p := ls[1].Holders[0].Package; p == nil || p.Intact == nil || !*p.Intact {
		t.Errorf("the second listener of a process: %+v", p)
	}
	if p := ls[0].Holders[2].Package; p != nil {
		t.Errorf("what nobody owns: %+v", p)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	again := New("")
	l := []rtevent.Listener{{Holders: []rtevent.Owner{{PID: altered}}}}
	again.Fill(context.Background(), l)
	again.Verify(ctx, &l[0])
	if o := l[0].Holders[0]; o.Package.Intact != nil || len(o.Unread) == 0 {
		t.Errorf("in no time: %+v, unread %q", o.Package, o.Unread)
	}
}

// TestTree holds both ways of opening a root directory to the same behaviour, as far as they can.
func TestTree(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"etc/passwd": "inside", "outside": "outside"} {
		os.MkdirAll(filepath.Join(root, "root", filepath.Dir(name)), 0o755)
		if err := os.WriteFile(filepath.Join(root, "root", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := func(name string) string { return filepath.Join(root, "root", name) }
	os.Symlink("/etc/passwd", in("absolute"))
	os.Symlink("../../../../../etc/passwd", in("climbing"))
	os.Symlink("etc/passwd", in("relative"))
	os.Symlink("/dev/null", in("device"))
	if err := unix.Mkfifo(in("pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"absolute": "inside", "climbing": "inside", "relative": "inside", "etc/passwd": "inside", "pipe": "", "device": "", "etc": ""} {
		files, closeFiles, err := openTree(in("."))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := readFile(files, "/"+name, maxText); string(b) != want || (err != nil) != (want == "") {
			t.Errorf("%s: %q, %v", name, b, err)
		}
		closeFiles()
		files, closeFiles, err = openCareful(in("."))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := readFile(files, "/"+name, maxText); string(b) != want && err == nil {
			t.Errorf("%s on an old kernel: %q, %v", name, b, err)
		}
		if name == "relative" {
			if names, err := readNames(files, "/etc"); len(names) != 1 || err != nil {
				t.Errorf("names on an old kernel: %q, %v", names, err)
			}
			if real := realPath(files, "/relative"); real != "/etc/passwd" {
				t.Errorf("real path on an old kernel: %s", real)
			}
		}
		closeFiles()
	}
}
