package protocol

import (
	"strings"

	"rtevent"
)

// memcache is asked for its version, which counts in none of its statistics. Over UDP a frame of eight bytes stands
// before the text: request, sequence, number of datagrams, nothing.
var memcache = Def{
	Name:     "memcache",
	Ports:    []uint16{11211},
	Programs: []Program{{"memcached", "Memcached"}},
	Hello:    "version\r\n",
	Datagram: memcacheFrame + "version\r\n",
	Bye:      "quit\r\n",
	Manners:  "xaaww",
	Read: func(reply string) (rtevent.Finding, bool) {
		line, ok := oneLine(strings.TrimPrefix(reply, memcacheFrame))
		version, says := strings.CutPrefix(line, "VERSION ")
		if !ok || !says || !isVersion(version) {
			return nothing()
		}
		f := strong("memcache", "the only line is its version", reply)
		f.Product, f.Version = "Memcached", version
		return f, true
	},
}

const memcacheFrame = "rt\x00\x00\x00\x01\x00\x00"

// isVersion tells a version of at least two numbers: "1.6.18", "1.4.0-rc1".
func isVersion(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	return ok && len(s) <= 40 && allOf(major, isDigit) && minor != "" && isDigit(minor[0]) &&
		allOf(minor, func(c byte) bool { return isDigit(c) || isAlpha(c) || strings.IndexByte(".-_+~", c) >= 0 })
}
