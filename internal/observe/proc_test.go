package observe

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMounts(t *testing.T) {
	const mountinfo = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:21 / /proc rw,nosuid shared:5 - proc proc rw,hidepid=invisible
24 22 0:4 net:[4026532281] /run/netns/blue\040room rw shared:7 - nsfs nsfs rw
25 22 0:26 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw
26 22 0:4 mnt:[4026532282] /run/mnt rw - nsfs nsfs rw

garbage
27 22 0:4 net:[1] /no/separator rw nsfs nsfs rw
`
	want := []mount{
		{"/", "/proc", "proc", "rw,hidepid=invisible"},
		{"net:[4026532281]", "/run/netns/blue room", "nsfs", "rw"},
		{"/../..", "/sys/fs/cgroup", "cgroup2", "rw"},
		{"mnt:[4026532282]", "/run/mnt", "nsfs", "rw"},
	}
	got := parseMounts([]byte(mountinfo), "proc", "nsfs", "cgroup2")
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mount{})); diff != "" {
		t.Error(diff)
	}
	if got[0].hidepid() != "hidepid=invisible" || (mount{options: "rw,hidepid=0"}).hidepid() != "" {
		t.Error("hidepid")
	}
}

func TestBracketed(t *testing.T) {
	for _, c := range []struct {
		link string
		want uint64
		ok   bool
	}{
		{"socket:[123]", 123, true},
		{"socket:[18446744073709551615]", 18446744073709551615, true},
		{"socket:[]", 0, false},
		{"socket:[12", 0, false},
		{"socket:[1x]", 0, false},
		{"socket:[-1]", 0, false},
		{"socket:[123456789012345678901]", 0, false},
		{"/tmp/socket:[123]", 0, false},
		{"pipe:[123]", 0, false},
		{"", 0, false},
	} {
		if got, ok := bracketed([]byte(c.link), "socket"); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v", c.link, got, ok)
		}
	}
}

func TestUnitOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/system.slice/ssh.service":                                     "ssh.service",
		"/user.slice/user-0.slice/user@0.service/app.slice/foo.service": "foo.service",
		"/user.slice/user-0.slice/session-3.scope":                      "session-3.scope",
		"/system.slice/docker-0123.scope/inner":                         "docker-0123.scope",
		"/":                                                             "",
		"":                                                              "",
		"/.service":                                                     "",
		"/plain/path":                                                   "",
	} {
		if got := unitOf(cgroup); got != want {
			t.Errorf("%s: %q", cgroup, got)
		}
	}
}

func TestDirents(t *testing.T) {
	entry := func(inode byte, name string) []byte {
		b := make([]byte, 24+len(name)&^7)
		b[0], b[16], b[18] = inode, byte(len(b)), 4
		copy(b[19:], name)
		return b
	}
	var all []byte
	for i, name := range []string{".", "..", "812", "a name that is longer"} {
		all = append(all, entry(byte(i), name)...)
	}
	var names []string
	dirents(all, func(inode uint64, kind byte, name []byte) bool {
		if int(inode) != len(names)+2 || kind != 4 {
			t.Errorf("inode %d, kind %d", inode, kind)
		}
		names = append(names, string(name))
		return true
	})
	if diff := cmp.Diff([]string{"812", "a name that is longer"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestParsePortRange(t *testing.T) {
	for text, want := range map[string]portRange{
		"32768\t60999\n": {32768, 60999},
		"1 2":            {1, 2},
		"":               {},
		"2 1":            {},
		"1 70000":        {},
		"-1 5":           {},
		"a b":            {},
	} {
		got, ok := parsePortRange([]byte(text))
		if got != want || ok != (want != portRange{}) {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
}
