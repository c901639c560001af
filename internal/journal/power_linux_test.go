package journal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mounted is an ext4 file system in a file, which can lose its power.
type mounted struct {
	t           *testing.T
	image, path string
}

// mount makes one of so many MiB, or skips the test where that is not possible.
func mount(t *testing.T, mib int) *mounted {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir := t.TempDir()
	m := &mounted{t: t, image: filepath.Join(dir, "image"), path: filepath.Join(dir, "disk")}
	if err := os.Mkdir(m.path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(m.image, int64(mib)<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", m.image).CombinedOutput(); err != nil {
		t.Skipf("mkfs.ext4: %v %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop", m.image, m.path).CombinedOutput(); err != nil {
		t.Skipf("mount: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", m.path).Run() })
	return m
}

// cut ends the file system as a power cut would: what was not synced is gone, the log of the file system itself as well.
func (m *mounted) cut() {
	m.t.Helper()
	const ext4Shutdown, withoutLog = 0x8004587d, uint32(2)
	d, err := os.Open(m.path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer d.Close()
	flag := withoutLog
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&flag))); errno != 0 {
		m.t.Skipf("EXT4_IOC_SHUTDOWN: %v", errno)
	}
}

// again mounts it anew, which is what the next boot does.
func (m *mounted) again() {
	m.t.Helper()
	for _, command := range [][]string{{"umount", m.path}, {"mount", "-o", "loop", m.image, m.path}} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			m.t.Fatalf("%v: %v %s", command, err, out)
		}
	}
}

func TestPowerCut(t *testing.T) {
	m := mount(t, 1024)
	dir := filepath.Join(m.path, "journal")
	var all []acked
	last := faults(3, 20) - 1
	for run := range last + 1 {
		c := startChild(t, dir, fmt.Sprint("run", run), Always)
		acks := c.until(t, time.Duration(200+run*131%900)*time.Millisecond, func() { m.cut(); c.kill() })
		if len(acks) == 0 {
			t.Fatal("nothing was acknowledged")
		}
		m.again()
		j, err := Open(Options{Dir: dir, FreeBytes: 1 << 20, MaxBytes: 512 << 20})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case j.epoch == acks[0].epoch:
		case j.why == endCut: // an event was half written, and the high-water mark is gone with the power
			t.Logf("run %d: a new epoch: %s", run, j.why)
		default:
			t.Errorf("run %d: a new epoch, though nothing may be lost: %s", run, j.why)
		}
		all = append(all, acks...)
		if holds(t, j, acks); run == last {
			holds(t, j, all)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d acknowledged events", len(all))
}

// TestPowerCutWithoutPromise holds that numbers are not given twice in one epoch where acknowledged events may be lost.
func TestPowerCutWithoutPromise(t *testing.T) {
	for _, d := range []Durability{Interval, Process} {
		m := mount(t, 512)
		dir := filepath.Join(m.path, "journal")
		for run := range faults(2, 10) {
			c := startChild(t, dir, fmt.Sprint("run", run), d)
			acks := c.until(t, 700*time.Millisecond, func() { m.cut(); c.kill() })
			m.again()
			j, err := Open(Options{Dir: dir, Durability: d, FreeBytes: 1 << 20, MaxBytes: 512 << 20})
			if err != nil {
				t.Fatal(err)
			}
			if len(acks) == 0 || j.epoch == acks[0].epoch {
				t.Errorf("%s, run %d: still the epoch %s", d, run, j.epoch)
			}
			t.Logf("%s: %d acknowledged, up to %d; the log ends at %d", d, len(acks), acks[len(acks)-1].seq, j.Bounds().Newest)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
