package attribute

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"rtevent"
)

// process is what a system tells of one process, before anything is concluded from it.
type process struct {
	pid     int
	stat    procStat
	started time.Time
	uid     *uint32 // effective, as the reader counts; nil when it could not be read
	inside  uint32  // the same user, as the process's own system counts
	args    []string
	exe     executable
	cwd     string // empty when it could not be read
	cgroup  string // the text of /proc/PID/cgroup

	// system is the file tree that the process lives in: the host's, or its container's.
	system *system

	// script is the real path of what its program was read from; empty when there is none.
	script string

	// erlLibs is where an Erlang machine was told to look for applications.
	erlLibs string

	// container is the id that the mounts of the process betray; looked for only where its tree is not the host's.
	container *rtevent.Container

	// cut says that args were longer than is read; unread gathers what else could not be.
	cut    bool
	unread []string
}

// executable is the file that a process runs, as seen through the process: it may have no path any more.
type executable struct {
	path     string // without any mark of deletion; empty when unknown
	invoked  string // its other path in the same directory that it was started under; empty when there is none
	id       fileID
	deleted  bool
	inMemory bool
	modified time.Time
	changed  time.Time
	module   *module // the Go build information it carries
}

// fileID tells one state of one file from every other: a file that is written anew has another.
type fileID struct {
	dev, ino uint64
	size     int64
	modified time.Time
	changed  time.Time
}

// procStat is what is used of /proc/PID/stat.
type procStat struct {
	name    string // comm
	state   byte
	parent  int
	thread  bool // a thread of the kernel
	exiting bool
	started uint64 // clock ticks after boot
}

const (
	ticksPerSecond = 100        // USER_HZ, the same on every architecture that Go runs Linux on
	kernelThread   = 0x00200000 // PF_KTHREAD
	exiting        = 0x00000004 // PF_EXITING
)

// parseStat reads /proc/PID/stat. The name stands in parentheses and may hold anything, parentheses and newlines too.
func parseStat(b []byte) (procStat, error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return procStat{}, errors.New("stat without a name in parentheses")
	}
	f := strings.Fields(string(b[end+1:]))
	if len(f) < 20 {
		return procStat{}, fmt.Errorf("stat with %d fields after the name, need 20", len(f))
	}
	parent, err := strconv.Atoi(f[1])
	if err != nil {
		return procStat{}, fmt.Errorf("parent in stat: %w", err)
	}
	flags, err := strconv.ParseUint(f[6], 10, 64)
	if err != nil {
		return procStat{}, fmt.Errorf("flags in stat: %w", err)
	}
	started, err := strconv.ParseUint(f[19], 10, 64)
	if err != nil {
		return procStat{}, fmt.Errorf("start time in stat: %w", err)
	}
	return procStat{
		name: string(b[open+1 : end]), state: f[0][0], parent: parent,
		thread: flags&kernelThread != 0, exiting: flags&exiting != 0, started: started,
	}, nil
}

// gone tells whether the process has ended, or is about to, and only its number is left.
func (s procStat) gone() bool { return s.exiting || s.state == 'Z' || s.state == 'X' }

// at is the moment that a process started, of a system that booted then.
func (s procStat) at(boot time.Time) time.Time {
	if boot.IsZero() {
		return time.Time{}
	}
	seconds, rest := s.started/ticksPerSecond, s.started%ticksPerSecond
	return boot.Add(time.Duration(seconds) * time.Second).Add(time.Duration(rest) * time.Second / ticksPerSecond)
}

// parseBoot finds the boot time in /proc/stat, in whole seconds.
func parseBoot(b []byte) time.Time {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			if n, err := strconv.ParseInt(string(bytes.TrimSpace(rest)), 10, 64); err == nil {
				return time.Unix(n, 0).UTC()
			}
		}
	}
	return time.Time{}
}

// parseUID finds the effective user in /proc/PID/status: its line has the real, effective, saved and file system one.
func parseUID(b []byte) (uint32, error) {
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("Uid:")); ok {
			if f := bytes.Fields(rest); len(f) > 1 {
				n, err := strconv.ParseUint(string(f[1]), 10, 32)
				return uint32(n), err
			}
		}
	}
	return 0, errors.New("status without a Uid line")
}

// insideUID maps a user of the reader to the one that the process itself knows, by its /proc/PID/uid_map: lines of
// first inside, first outside, count.
func insideUID(uidMap []byte, uid uint32) uint32 {
	for line := range bytes.Lines(uidMap) {
		var inside, outside, count uint64
		if n, _ := fmt.Sscan(string(line), &inside, &outside, &count); n == 3 && uint64(uid) >= outside && uint64(uid)-outside < count {
			return uint32(inside + uint64(uid) - outside)
		}
	}
	return uid
}

// parseArgs splits /proc/PID/cmdline. A process that rewrote it to show a title leaves empty arguments behind: those at
// the end say nothing.
func parseArgs(b []byte) []string {
	b = bytes.TrimRight(b, "\x00")
	if len(b) == 0 {
		return nil
	}
	return strings.Split(string(b), "\x00")
}

// maxCmdline is how much of a command line is told, in bytes; conclusions are drawn from more.
const maxCmdline = 16 << 10

// cutArgs keeps as many arguments as fit, the last one in part, and tells whether anything was left out.
func cutArgs(args []string, room int) ([]string, bool) {
	for i, a := range args {
		if len(a)+1 > room {
			kept := slices.Clone(args[:i])
			if room > 0 {
				kept = append(kept, a[:min(len(a), room)])
			}
			return kept, true
		}
		room -= len(a) + 1
	}
	return args, false
}

// deletedMark is what Linux hangs on the path of an executable that is gone; a living file may be named so too.
const deletedMark = " (deleted)"

// setPath takes the link text of /proc/PID/exe. Alive says that this very text is the path of this very file: then the
// mark is a part of its name. The number of links does not tell: a deleted file may have another name.
func (e *executable) setPath(link string, alive bool) {
	path, marked := strings.CutSuffix(link, deletedMark)
	if !marked || alive {
		e.path = link
		return
	}
	e.path = path
	e.inMemory = strings.HasPrefix(path, "/memfd:")
	e.deleted = !e.inMemory // what never was in a directory cannot be deleted from it
}
