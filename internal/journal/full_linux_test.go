package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rtevent/internal/wire"
)

// fill takes all but so many KiB of a file system and returns what gives them back.
func fill(t *testing.T, dir string, leave int64) (free func()) {
	t.Helper()
	file := filepath.Join(dir, "filling")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunk := make([]byte, 64<<10)
	for {
		left, err := freeBytes(dir)
		if err != nil {
			t.Fatal(err)
		}
		if left <= leave<<10 {
			break
		}
		if _, err := f.Write(chunk[:min(int64(len(chunk)), left-leave<<10)]); err != nil {
			break
		}
	}
	if err := f.Sync(); err != nil && leave > 0 {
		t.Log(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFullDisk holds that a disk which somebody else filled means an error at once, and that publishing goes on by itself.
func TestFullDisk(t *testing.T) {
	m := mount(t, 64)
	j, _ := running(t, Options{Dir: filepath.Join(m.path, "journal"), MaxBytes: 8 << 20, FreeBytes: 4 << 20})
	if a := publish(t, j, event("a", "1"))[0]; a.Err != nil {
		t.Fatal(a.Err)
	}
	free := fill(t, m.path, 1024)
	time.Sleep(150 * time.Millisecond) // the disk is looked at ten times a second
	began := time.Now()
	if a := publish(t, j, event("a", "2"))[0]; !errors.Is(a.Err, wire.ErrFull) || time.Since(began) > time.Second {
		t.Errorf("full: %+v after %v", a, time.Since(began))
	}
	if entries, _ := history(t, j, 0); len(entries) != 1 {
		t.Errorf("%d events can be read while the disk is full, want 1", len(entries))
	}
	free()
	goesOn(t, j, "3", 2*time.Second)
}

// TestNoSpaceWithin holds the same when nobody looks at the disk, so that the engine itself runs into the wall and must be
// started again.
func TestNoSpaceWithin(t *testing.T) {
	m := mount(t, 64)
	j, _ := running(t, Options{Dir: filepath.Join(m.path, "journal"), MaxBytes: 64 << 20, FreeBytes: -1})
	var events []wire.Publication
	for i := range 20000 {
		events = append(events, event(fmt.Sprint("a.", i%10), fmt.Sprint(i)))
	}
	acks := publish(t, j, events[:100]...)
	free := fill(t, m.path, 512)
	began := time.Now()
	acks = append(acks, publish(t, j, events[100:]...)...)
	took := time.Since(began)
	stored, full := 0, 0
	for i, a := range acks {
		switch {
		case a.Err == nil:
			if stored++; a.Cursor.Seq != uint64(i+1) {
				t.Fatalf("event %d has the number %d", i, a.Cursor.Seq)
			}
		case errors.Is(a.Err, wire.ErrFull) || errors.Is(a.Err, wire.ErrUnavailable):
			full++
		default:
			t.Fatal(a.Err)
		}
	}
	t.Logf("%d stored, %d refused, all within %v, engine restarts %d", stored, full, took, j.Stats().Restarts)
	if full == 0 || stored+full != len(events) || took > 40*time.Second || j.Stats().Restarts == 0 {
		t.Errorf("%d stored, %d refused, of %d, within %v", stored, full, len(events), took)
	}
	free()
	goesOn(t, j, "again", 30*time.Second)
	entries, gaps := history(t, j, 0)
	if len(gaps) > 0 || len(entries) != stored+1 {
		t.Errorf("%d events, gaps %v; %d were acknowledged", len(entries), gaps, stored+1)
	}
	for i, e := range entries[:stored] {
		if idOf(e.Line) != events[i].ID {
			t.Fatalf("event %d is %s", i, e.Line)
		}
	}
}

// goesOn publishes one event again and again until it is stored.
func goesOn(t *testing.T, j *Journal, id string, within time.Duration) {
	t.Helper()
	began := time.Now()
	for {
		a := publish(t, j, event("a", id))[0]
		if a.Err == nil {
			t.Logf("publishing goes on after %v", time.Since(began))
			return
		}
		if time.Since(began) > within {
			t.Fatalf("publishing does not go on within %v: %v", within, a.Err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
