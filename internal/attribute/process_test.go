package attribute

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

func TestParseStat(t *testing.T) {
	const tail = " S 1 4123 4123 0 -1 4194560 820 0 0 0 1 0 0 0 20 0 1 0 98765 10735616 2361 18446744073709551615 1 1"
	tests := []struct {
		name, stat string
		want       procStat
		fails      bool
	}{
		{"plain", "4123 (sshd)" + tail, procStat{name: "sshd", state: 'S', parent: 1, started: 98765}, false},
		{"a name made to confuse", "4123 (a) R 7 (b\n)" + tail, procStat{name: "a) R 7 (b\n", state: 'S', parent: 1, started: 98765}, false},
		{"kernel thread", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0 0", procStat{name: "kthreadd", state: 'S', thread: true, started: 1}, false},
		{"zombie", "9 (x) Z" + strings.Replace(tail[2:], "4194560", "4194564", 1), procStat{name: "x", state: 'Z', parent: 1, exiting: true, started: 98765}, false},
		{"cut off", "4123 (sshd) S 1 4123", procStat{}, true},
		{"no name", "4123 sshd S 1", procStat{}, true},
		{"empty", "", procStat{}, true},
	}
	for _, tt := range tests {
		got, err := parseStat([]byte(tt.stat))
		if (err != nil) != tt.fails || got != tt.want {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestStarted(t *testing.T) {
	boot := parseBoot([]byte("cpu  1 2 3\nintr 5\nbtime 1700000000\nprocesses 9\n"))
	want := time.Unix(1700000000, 0).UTC().Add(987*time.Second + 650*time.Millisecond)
	if got := (procStat{started: 98765}).at(boot); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := (procStat{started: 5}).at(parseBoot([]byte("nothing"))); !got.IsZero() {
		t.Errorf("without a boot time got %v, want none", got)
	}
}

func TestUsers(t *testing.T) {
	uid, err := parseUID([]byte("Name:\tx\nUid:\t1000\t33\t0\t33\nGid:\t1\t1\t1\t1\n"))
	if uid != 33 || err != nil {
		t.Errorf("got %d, %v; want the effective user, 33", uid, err)
	}
	if _, err := parseUID([]byte("Name:\tx\n")); err == nil {
		t.Error("a status without users was read")
	}
	m := []byte("         0     100000      65536\n     70000       1000          1\n")
	for outside, inside := range map[uint32]uint32{100000: 0, 100999: 999, 1000: 70000, 5: 5} {
		if got := insideUID(m, outside); got != inside {
			t.Errorf("uid %d is %d inside, want %d", outside, got, inside)
		}
	}
	names := parsePasswd([]byte("root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\n\n#www:x:3:3::\n+::::::\nweb:x:33:33:w:/:/x\nbad:x:minus:0:\n"))
	if diff := cmp.Diff(map[uint32]string{0: "root", 33: "web"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestArgs(t *testing.T) {
	// A Redis that has written its title over its arguments, as /proc shows it.
	got := parseArgs([]byte("redis-server 127.0.0.1:6379\x00\x00\x00\x00\x00"))
	if diff := cmp.Diff([]string{"redis-server 127.0.0.1:6379"}, got); diff != "" {
		t.Error(diff)
	}
	got = parseArgs([]byte("a\x00\x00b\n\x1b[31m\x00"))
	if diff := cmp.Diff([]string{"a", "", "b\n\x1b[31m"}, got); diff != "" {
		t.Error(diff)
	}
	if parseArgs(nil) != nil {
		t.Error("no arguments became some")
	}
	kept, cut := cutArgs([]string{"java", strings.Repeat("x", 50), "Main"}, 20)
	if !cut || len(kept) != 2 || kept[1] != strings.Repeat("x", 15) {
		t.Errorf("cut to %q, %v", kept, cut)
	}
	if kept, cut := cutArgs([]string{"java", "Main"}, 20); cut || len(kept) != 2 {
		t.Errorf("what fits was cut to %q", kept)
	}
}

func TestExecutablePath(t *testing.T) {
	tests := []struct {
		link  string
		alive bool
		want  executable
	}{
		{"/usr/sbin/sshd", true, executable{path: "/usr/sbin/sshd"}},
		{"/usr/sbin/sshd (deleted)", false, executable{path: "/usr/sbin/sshd", deleted: true}},
		{"/tmp/x (deleted)", true, executable{path: "/tmp/x (deleted)"}},
		{"/tmp/x (deleted) (deleted)", false, executable{path: "/tmp/x (deleted)", deleted: true}},
		{"/memfd:agent (deleted)", false, executable{path: "/memfd:agent", inMemory: true}},
		{"/memfd:agent", true, executable{path: "/memfd:agent"}},
	}
	for _, tt := range tests {
		var got executable
		if got.setPath(tt.link, tt.alive); got != tt.want {
			t.Errorf("%s, alive %v: got %+v", tt.link, tt.alive, got)
		}
	}
}

func TestAncestry(t *testing.T) {
	all := map[int]procStat{
		1:  {name: "systemd", started: 1},
		20: {name: "bash", parent: 1, started: 50},
		30: {name: "loop", parent: 31, started: 5}, 31: {name: "pool", parent: 30, started: 5},
	}
	read := func(pid int) (procStat, error) {
		if s, ok := all[pid]; ok {
			return s, nil
		}
		return procStat{}, errors.New("hidden")
	}
	tests := []struct {
		name  string
		child procStat
		line  []rtevent.Ancestor
		note  string
	}{
		{"to the first process", procStat{parent: 20, started: 60}, []rtevent.Ancestor{{PID: 20, Name: "bash"}, {PID: 1, Name: "systemd"}}, ""},
		{"a number used again", procStat{parent: 20, started: 40}, nil, "ancestry: the parent exited"},
		{"a parent out of sight", procStat{parent: 99, started: 60}, nil, "ancestry: the parent: hidden"},
		{"no parent", procStat{}, nil, ""},
	}
	for _, tt := range tests {
		line, note := ancestry(read, &process{stat: tt.child})
		if diff := cmp.Diff(tt.line, line); diff != "" || note != tt.note {
			t.Errorf("%s: note %q\n%s", tt.name, note, diff)
		}
	}
	if line, _ := ancestry(read, &process{stat: procStat{parent: 30, started: 9}}); len(line) != maxAncestry {
		t.Errorf("a circle of parents gave %d, want %d", len(line), maxAncestry)
	}
}
