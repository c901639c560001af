// The high-water mark: the number up to which events have been acknowledged, written after every sync and never synced
// itself. After a kill the kernel still has it, and it is exact; after a reboot it may be old, and then it only says what it
// says.

package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const highFile = "acknowledged"

// highMark is what the file holds.
type highMark struct {
	seq  uint64
	boot string // of which run of the operating system
}

func readHigh(dir string) (m highMark) {
	b, err := os.ReadFile(filepath.Join(dir, highFile))
	if err != nil || len(b) > 128 {
		return m
	}
	return parseHigh(string(b))
}

func parseHigh(s string) (m highMark) {
	if n, err := fmt.Sscanf(s, "%d %s\n", &m.seq, &m.boot); err != nil || n != 2 {
		return highMark{}
	}
	return m
}

// exact tells whether nothing can have been acknowledged beyond it.
func (m highMark) exact() bool { return m.seq > 0 && m.boot == bootID() && m.boot != unknownBoot }

// write overwrites the mark in place: it always has the same length.
func (m highMark) write(f *os.File) error {
	_, err := f.WriteAt(fmt.Appendf(nil, "%020d %s\n", m.seq, m.boot), 0)
	return err
}

const unknownBoot = "unknown"

// bootID names this run of the operating system, where that tells.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if id := strings.TrimSpace(string(b)); err == nil && id != "" {
		return id
	}
	return unknownBoot
}
