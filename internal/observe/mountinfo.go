// Reads /proc/PID/mountinfo, which knows the network namespaces that no process is in.

package observe

import (
	"bytes"
	"strconv"
	"strings"
)

// mount is a line of /proc/PID/mountinfo, as far as it matters here.
type mount struct {
	root    string // what of the file system is mounted: "/", "net:[4026532281]"
	point   string // where
	kind    string // "proc", "nsfs", "cgroup2"
	options string // of the file system: "rw,hidepid=2"
}

// parseMounts reads the mounts of the kinds that are asked for. Lines that make no sense are passed over.
func parseMounts(mountinfo []byte, kinds ...string) []mount {
	var mounts []mount
	for line := range bytes.Lines(mountinfo) {
		before, after, found := bytes.Cut(line, []byte(" - "))
		place, system := bytes.Fields(before), bytes.Fields(after)
		if !found || len(place) < 6 || len(system) < 3 {
			continue
		}
		m := mount{
			root:    unescape(string(place[3])),
			point:   unescape(string(place[4])),
			kind:    string(system[0]),
			options: string(system[2]),
		}
		for _, kind := range kinds {
			if m.kind == kind {
				mounts = append(mounts, m)
			}
		}
	}
	return mounts
}

// unescape undoes the octal escapes that the kernel writes for space, tab, newline and backslash.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// hidepid tells whether a procfs mount hides the processes of other users.
func (m mount) hidepid() string {
	for option := range strings.SplitSeq(m.options, ",") {
		if value, ok := strings.CutPrefix(option, "hidepid="); ok && value != "0" && value != "off" {
			return option
		}
	}
	return ""
}
