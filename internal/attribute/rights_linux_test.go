package attribute

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"rtevent"
)

// TestWithoutRights fills the Owner of a process of root as nobody.
func TestWithoutRights(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to give it up")
	}
	exe := self(t, filepath.Join(openDir(t), "agent"))
	pid := start(t, role(exe, "wait"))
	c := role(exe, "fill", fmt.Sprint("ATTRIBUTE_PID=", pid))
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	o := decode(t, c)
	if o.Unseen != "" || o.Name != "agent" || len(o.Cmdline) != 1 || o.User != "root" || o.Started.IsZero() {
		t.Errorf("what everybody may read is missing: %+v", o)
	}
	if o.Exe != "" || !slices.Contains(o.Unread, "exe: needs CAP_SYS_PTRACE") {
		t.Errorf("executable %q, unread %q", o.Exe, o.Unread)
	}
}

// TestHidden fills the Owner of a process that /proc does not show to others.
func TestHidden(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to mount /proc with hidepid")
	}
	exe := self(t, filepath.Join(openDir(t), "agent"))
	pid := start(t, role(exe, "wait"))
	for _, hidepid := range []string{"1", "2"} {
		c := exec.Command("unshare", "--mount", "sh", "-c", "mount -t proc -o hidepid="+hidepid+" proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "+exe)
		c.Env = append(os.Environ(), "ATTRIBUTE_ROLE=fill", fmt.Sprint("ATTRIBUTE_PID=", pid))
		o := decode(t, c)
		want := map[string]error{"1": errRights, "2": errHidden}[hidepid]
		if o.Unseen != want.Error() {
			t.Errorf("hidepid=%s: %+v, want unseen: %v", hidepid, o, want)
		}
	}
}

// openDir is a temporary directory that other users may enter.
func openDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "attribute")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// decode runs a program that fills an Owner.
func decode(t *testing.T, c *exec.Cmd) (o rtevent.Owner) {
	t.Helper()
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err == nil {
		err = json.Unmarshal(out, &o)
	}
	if err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
	return o
}

// TestBareProc reads a /proc that has no more of a process than the least, and a process without any of it.
func TestBareProc(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"proc/stat":      "cpu 1\nbtime 1700000000\n",
		"proc/7/stat":    "7 (bare) S 1 7 7 0 -1 4194560 820 0 0 0 1 0 0 0 20 0 1 0 500 10735616 2361",
		"proc/7/cmdline": "bare\x00-x\x00",
		"proc/8/stat":    "8 (torn",
	} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ls := []rtevent.Listener{{Holders: []rtevent.Owner{{PID: 7}, {PID: 8}}}}
	New(root).Fill(context.Background(), ls)
	o := ls[0].Holders[0]
	if o.Name != "bare" || !slices.Equal(o.Cmdline, []string{"bare", "-x"}) || o.UID != nil || o.User != "" || o.Started.Unix() != 1700000005 {
		t.Errorf("got %+v", o)
	}
	for _, field := range []string{"uid", "unit", "exe"} {
		if !slices.Contains(o.Unread, field+": this /proc does not show it") {
			t.Errorf("%s is not among what could not be read: %q", field, o.Unread)
		}
	}
	if o := ls[0].Holders[1]; o.Unseen == "" {
		t.Errorf("a torn stat: %+v", o)
	}
}
