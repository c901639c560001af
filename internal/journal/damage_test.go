package journal

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rtevent/internal/wire"
)

const written = 26_000 // events before the damage: 3 blocks

// whole is a closed journal that tests damage copies of.
type whole struct {
	dir, epoch string
	lines      []string // what was stored, as it travels
}

func newWhole(t *testing.T) *whole {
	t.Helper()
	w := &whole{dir: t.TempDir()}
	j, stop := running(t, Options{Dir: w.dir, MaxBytes: 24 << 20})
	var events []wire.Publication
	for i := range written {
		events = append(events, event(fmt.Sprint("t.", i%100), fmt.Sprint(i)))
	}
	for i, a := range publish(t, j, events...) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		w.lines = append(w.lines, string(wire.Stamp(events[i].Line, a.Cursor)))
	}
	w.epoch = j.epoch
	stop()
	return w
}

// damaged lets damage be done to a copy of the journal and opens that.
func (w *whole) damaged(t *testing.T, damage func(dir, blocks string)) *Journal {
	t.Helper()
	o := Options{Dir: t.TempDir(), MaxBytes: 24 << 20}
	if err := os.CopyFS(o.Dir, os.DirFS(w.dir)); err != nil {
		t.Fatal(err)
	}
	damage(o.Dir, filepath.Join(streamDir(o.Dir, logStream), "msgs"))
	j, _ := running(t, o)
	return j
}

// accounts holds that every number is either read, and then as it was stored, or told to be missing.
func (w *whole) accounts(t *testing.T, j *Journal) (missing int) {
	t.Helper()
	epoch, lines := w.epoch, w.lines
	entries, gaps := history(t, j, 0)
	told := make([]bool, len(lines)+1)
	for _, e := range entries {
		want := lines[e.Seq-1]
		if j.epoch != epoch { // the same event in another epoch
			want = ""
		}
		if told[e.Seq] = true; want != "" && string(e.Line) != want {
			t.Fatalf("%d is %s and was %s", e.Seq, e.Line, want)
		}
	}
	for _, g := range gaps {
		if g.Reason != "damaged" {
			t.Errorf("gap %+v", g)
		}
		for seq := g.After + 1; seq < g.Before; seq++ {
			if told[seq] {
				t.Fatalf("%d is there and told to be missing", seq)
			}
			told[seq], missing = true, missing+1
		}
	}
	newest := j.Bounds().Newest
	if newest < uint64(len(lines)) && j.epoch == epoch {
		t.Errorf("the journal ends at %d of %d and the epoch is still %s", newest, len(lines), epoch)
	}
	if i := slices.Index(told[1:newest+1], false); i >= 0 {
		t.Errorf("%d is neither there nor told to be missing", i+1)
	}
	return missing
}

func flip(t *testing.T, file string, share float64) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[int(float64(len(b))*share)] ^= 1 << 3
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFlippedBit(t *testing.T) {
	w := newWhole(t)
	for _, rebuilt := range []bool{false, true} {
		for _, block := range []string{"1.blk", "2.blk", "last"} {
			for range faults(2, 20) {
				share := rand.Float64()
				t.Run(fmt.Sprintf("%s at %.4f, index rebuilt %v", block, share, rebuilt), func(t *testing.T) {
					j := w.damaged(t, func(dir, blocks string) {
						file := filepath.Join(blocks, block)
						if block == "last" {
							file = lastBlock(t, blocks)
						}
						flip(t, file, share)
						if rebuilt {
							killed(t, dir)
						}
					})
					missing := w.accounts(t, j)
					t.Logf("%d of %d are told to be missing; the journal ends at %d, epoch kept: %v", missing, written, j.Bounds().Newest, j.epoch == w.epoch)
					if missing == 0 && j.epoch == w.epoch {
						t.Error("nothing is missing")
					}
					if a := publish(t, j, event("t.0", "later"))[0]; a.Err != nil || a.Cursor.Seq != j.Bounds().Newest {
						t.Errorf("publishing goes on: %+v", a)
					}
				})
			}
		}
	}
}

// killed makes a closed journal look as if it had been killed in its first seconds: without an index, the mark of the epoch
// as it was at the start.
func killed(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(streamDir(dir, logStream), "msgs", "index.db")); err != nil {
		t.Fatal(err)
	}
	m, err := readEpoch(dir)
	if m.Clean, m.Newest = false, 0; err == nil {
		err = m.write(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func lastBlock(t *testing.T, dir string) string {
	t.Helper()
	last := 0
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if n, ok := blockNumber(f.Name()); ok {
			last = max(last, n)
		}
	}
	return filepath.Join(dir, fmt.Sprint(last, ".blk"))
}

func TestTruncatedBlock(t *testing.T) {
	w := newWhole(t)
	for _, rebuilt := range []bool{false, true} {
		t.Run(fmt.Sprint("index rebuilt ", rebuilt), func(t *testing.T) {
			j := w.damaged(t, func(dir, blocks string) {
				file := lastBlock(t, blocks)
				info, err := os.Stat(file)
				if err == nil {
					err = os.Truncate(file, info.Size()-1000)
				}
				if err != nil {
					t.Fatal(err)
				}
				if rebuilt {
					killed(t, dir)
				}
			})
			missing := w.accounts(t, j)
			t.Logf("%d told to be missing; the journal ends at %d of %d, epoch kept: %v", missing, j.Bounds().Newest, written, j.epoch == w.epoch)
		})
	}
}

func TestBlockGone(t *testing.T) {
	w := newWhole(t)
	j := w.damaged(t, func(_, blocks string) {
		if err := os.Remove(filepath.Join(blocks, "2.blk")); err != nil {
			t.Fatal(err)
		}
	})
	if missing := w.accounts(t, j); missing < 1000 {
		t.Errorf("%d told to be missing", missing)
	}
}

func TestConfigGone(t *testing.T) {
	w := newWhole(t)
	for _, file := range configFiles {
		for name, spoil := range map[string]func(string) error{
			"zeroed":  func(f string) error { return os.WriteFile(f, make([]byte, 400), 0o600) },
			"empty":   func(f string) error { return os.Truncate(f, 0) },
			"removed": os.Remove,
		} {
			t.Run(file+" "+name, func(t *testing.T) {
				j := w.damaged(t, func(_, blocks string) {
					if err := spoil(filepath.Join(filepath.Dir(blocks), file)); err != nil {
						t.Fatal(err)
					}
				})
				if missing := w.accounts(t, j); missing > 0 || j.epoch != w.epoch {
					t.Errorf("%d events are missing, epoch kept: %v", missing, j.epoch == w.epoch)
				}
			})
		}
	}
}

// TestDamageWhileRunning holds that a hole which appears under a running journal is told, too.
func TestDamageWhileRunning(t *testing.T) {
	w := newWhole(t)
	j := w.damaged(t, func(string, string) {})
	f, err := os.OpenFile(filepath.Join(streamDir(j.options.Dir, logStream), "msgs", "1.blk"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{0xff, 0xff, 0xff}, 1<<20); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d told to be missing", w.accounts(t, j))
	if a := publish(t, j, event("t", "later"))[0]; a.Err != nil {
		t.Error(a.Err)
	}
}
