// The epoch lies in a small file of its own beside the engine's: it says which history this is, and whether the last run
// ended in order.

package journal

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rtevent"
)

const (
	epochFile    = "epoch.json"
	epochLetters = "abcdefghijkmnpqrstuvwxyz23456789" // 32, without those that look alike
	epochLength  = 10
)

const endCut = "the end of the log could not be read, and nothing tells whether it had been acknowledged"

// epochMark is what the file holds.
type epochMark struct {
	Epoch      string     `json:"epoch"`
	Clean      bool       `json:"clean"`      // the last run ended in order
	Newest     uint64     `json:"newest"`     // a number that was acknowledged; there may be later ones unless Clean
	Durability Durability `json:"durability"` // what the last run promised
}

func newEpoch() string {
	b := make([]byte, epochLength)
	rand.Read(b)
	for i := range b {
		b[i] = epochLetters[b[i]%32]
	}
	return string(b)
}

// readEpoch reads the mark of the last run. Of an unreadable one nothing is to be learnt: that is a new epoch, never an error.
func readEpoch(dir string) (epochMark, error) {
	b, err := os.ReadFile(filepath.Join(dir, epochFile))
	if errors.Is(err, fs.ErrNotExist) {
		return epochMark{}, nil
	} else if err != nil {
		return epochMark{}, fmt.Errorf("read epoch: %w", err)
	}
	return parseEpoch(b), nil
}

func parseEpoch(b []byte) epochMark {
	var m epochMark
	if json.Unmarshal(b, &m) != nil || !validEpoch(m.Epoch) {
		return epochMark{}
	}
	return m
}

func validEpoch(s string) bool {
	c, err := rtevent.ParseCursor(s + ".1")
	return err == nil && c.Epoch == s
}

// next says in which epoch a run goes on that finds the log at newest, perhaps with its end cut off, and why the epoch is a
// new one.
func (m epochMark) next(newest uint64, cut bool, high highMark) (epoch, why string) {
	acknowledged := max(m.Newest, high.seq)
	switch {
	case m.Epoch == "":
		return newEpoch(), "no mark of an earlier run"
	case newest < acknowledged:
		return newEpoch(), fmt.Sprintf("the log ends at %d, and %d had been acknowledged", newest, acknowledged)
	case cut && !high.exact():
		return newEpoch(), endCut
	case !m.Clean && m.Durability != Always:
		return newEpoch(), fmt.Sprintf("the last run did not end in order, and promised durability %q only", m.Durability)
	}
	return m.Epoch, ""
}

// write replaces the file so that a power cut leaves the old one or the new one.
func (m epochMark) write(dir string) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(dir, epochFile), append(b, '\n')); err != nil {
		return fmt.Errorf("write epoch: %w", err)
	}
	return nil
}

// writeSynced replaces a file and returns when the new one is on the disk.
func writeSynced(file string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(file), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone by then, unless something failed
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}
