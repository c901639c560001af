package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"rtevent/internal/wire"
)

// disk makes the log durable below the engine, which by itself syncs each event alone or all of them every two minutes. It
// rests on two things that the power-cut test holds: the engine writes before it acknowledges, and its blocks are the
// files 1.blk, 2.blk... of one directory.
type disk struct {
	mode  Durability
	free  int64
	root  string
	dir   string // of the log's blocks
	stats *counters

	mu    sync.Mutex
	block int // the newest that is known

	checking sync.Mutex
	checked  time.Time
	lack     error

	statesSynced time.Time

	high *os.File
	boot string
}

func newDisk(o Options, stats *counters) *disk {
	return &disk{mode: o.Durability, free: o.FreeBytes, root: o.Dir, dir: filepath.Join(streamDir(o.Dir, logStream), "msgs"), stats: stats}
}

// syncStates makes durable what changed of the stream of states since it was last called.
func (d *disk) syncStates() error {
	if d == nil {
		return nil
	}
	dir := filepath.Join(streamDir(d.root, stateStream), "msgs")
	files, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sync the state: %w", err)
	}
	since := d.statesSynced
	d.statesSynced = time.Now().Add(-time.Second) // clocks of files are coarse
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.ModTime().Before(since) {
			continue // an error: it is gone
		}
		if err := syncFile(filepath.Join(dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sync the state: %w", err)
		}
	}
	return syncDir(dir)
}

// begin finds the newest block and makes durable all there is: what the engine made when it started, and what the last run
// wrote and did not sync, which is history from now on.
func (d *disk) begin() error {
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return syncDir(path)
		}
		if n, ok := blockNumber(path); ok && filepath.Dir(path) == d.dir {
			d.block = max(d.block, n)
		}
		return syncFile(path)
	})
	if err != nil {
		return err
	}
	return d.sync()
}

// tip is the newest block and its size, before the engine has touched it.
type tip struct {
	block int
	size  int64
}

func (d *disk) tip() (t tip, err error) {
	files, err := os.ReadDir(d.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return t, nil
	}
	for _, f := range files {
		if n, ok := blockNumber(f.Name()); ok && n > t.block {
			info, err := f.Info()
			if err != nil {
				return t, err
			}
			t = tip{n, info.Size()}
		}
	}
	return t, err
}

// cut tells whether the engine has thrown away the end of the log since: from the first record that it could not read.
func (d *disk) cut(t tip) bool {
	if t.size == 0 {
		return false
	}
	info, err := os.Stat(d.path(t.block))
	return err != nil || info.Size() < t.size
}

func blockNumber(path string) (n int, ok bool) {
	if filepath.Ext(path) != ".blk" {
		return 0, false
	}
	_, err := fmt.Sscanf(filepath.Base(path), "%d.blk", &n)
	return n, err == nil
}

// settle does what the promise asks for before the events up to a number are acknowledged.
func (d *disk) settle(seq uint64) error {
	if d == nil {
		return nil
	}
	if d.mode == Always {
		if err := d.sync(); err != nil {
			return err
		}
	}
	if seq == 0 {
		return nil
	}
	return highMark{seq, d.boot}.write(d.high)
}

// openHigh begins the high-water mark anew.
func (d *disk) openHigh(newest uint64) (err error) {
	d.boot = bootID()
	if d.high, err = os.OpenFile(filepath.Join(d.root, highFile), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return err
	}
	return highMark{newest, d.boot}.write(d.high)
}

func (d *disk) closeHigh() error {
	if d == nil || d.high == nil {
		return nil
	}
	return d.high.Close()
}

// sync makes durable what the engine has written to the log.
func (d *disk) sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.stats.sync(time.Now())
	for {
		// Looked for before: a block is complete once there is a next one, and only then is this its last sync.
		_, err := os.Stat(d.path(d.block + 1))
		complete := err == nil
		err = syncFile(d.path(d.block))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // retention may have taken it
			return fmt.Errorf("sync journal: %w", err)
		}
		if !complete {
			return nil
		}
		d.block++
		if err := syncDir(d.dir); err != nil {
			return fmt.Errorf("sync journal: %w", err)
		}
	}
}

func (d *disk) path(block int) string {
	return filepath.Join(d.dir, fmt.Sprintf("%d.blk", block))
}

// full says whether too little is free; it asks the file system ten times a second at most. What is not on a disk of this
// host is never full.
func (d *disk) full() error {
	if d == nil || d.free < 0 {
		return nil
	}
	d.checking.Lock()
	defer d.checking.Unlock()
	if now := time.Now(); now.Sub(d.checked) > 100*time.Millisecond {
		d.checked, d.lack = now, nil
		if free, err := freeBytes(d.root); err == nil && free < d.free {
			d.lack = fmt.Errorf("%w: %d MiB are free on its disk, and %d must stay free", wire.ErrFull, free>>20, d.free>>20)
		}
	}
	return d.lack
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
