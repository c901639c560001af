package packaging

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFirewalld has firewalld's own reader read the services. Nothing of the system's rules is touched.
func TestFirewalld(t *testing.T) {
	tool(t, "/usr/bin/python3")
	const reader = `
import sys
try:
    from firewall.core.io.service import service_reader
except ImportError:
    sys.exit(77)
s = service_reader(sys.argv[2], sys.argv[1])
print(s.name, s.short, s.ports, s.protocols, s.modules)
`
	for file, want := range map[string]string{
		"rt-event.xml":   "rt-event rt-event [('3706', 'tcp')] [] []\n",
		"rt-event-s.xml": "rt-event-s rt-event-s [('3707', 'tcp')] [] []\n",
	} {
		read(t, "firewalld/"+file)
		out, err := run(t, "/usr/bin/python3", "-c", reader, "firewalld", file)
		if err != nil && strings.Contains(err.Error(), "77") {
			tool(t, "python3-firewall")
		}
		if err != nil || out != want {
			t.Errorf("%s: %v, %q, want %q", file, err, out, want)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rt-event.xml"), bytes.Replace(read(t, "firewalld/rt-event.xml"), []byte("3706"), []byte("370600"), 1))
	if out, err := run(t, "/usr/bin/python3", "-c", reader, dir, "rt-event.xml"); err == nil {
		t.Errorf("firewalld takes a port that is none: %q", out)
	}
}

// TestUFW has ufw read the profiles, in a root of its own.
func TestUFW(t *testing.T) {
	ufw := tool(t, "ufw", "/usr/sbin/ufw")
	if os.Geteuid() != 0 {
		t.Skip("ufw works for root only")
	}
	root := t.TempDir()
	for _, dir := range []string{"etc/ufw", "etc/default", "usr/share/ufw", "lib/ufw"} {
		if err := os.CopyFS(filepath.Join(root, dir), onlyFiles{os.DirFS("/" + dir)}); err != nil {
			t.Fatal(err)
		}
	}
	profile := filepath.Join(root, "etc/ufw/applications.d/rtevent")
	write(t, profile, read(t, "ufw/rtevent"))
	info := func(name string) (string, error) {
		return run(t, ufw, "--rootdir="+root, "--datadir="+root, "app", "info", name)
	}
	for name, port := range map[string]string{"rt-event": "3706/tcp", "rt-event-s": "3707/tcp"} {
		if out, err := info(name); err != nil || !strings.Contains(out, "Profile: "+name+"\n") || !strings.Contains(out, "Port:\n  "+port+"\n") {
			t.Errorf("ufw app info %s: %v\n%s", name, err, out)
		}
	}
	write(t, profile, bytes.Replace(read(t, "ufw/rtevent"), []byte("3706"), []byte("370600"), 1))
	if out, err := info("rt-event"); err == nil {
		t.Errorf("ufw takes a port that is none:\n%s", out)
	}
}

// onlyFiles is a folder without its symbolic links, of which those to elsewhere cannot be copied.
type onlyFiles struct{ fs.FS }

func (f onlyFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(f.FS, name)
	kept := all[:0]
	for _, e := range all {
		if e.IsDir() || e.Type().IsRegular() {
			kept = append(kept, e)
		}
	}
	return kept, err
}
