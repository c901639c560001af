package protocol

import (
	"strings"

	"rtevent"
)

// distcc answers nothing but jobs; so it is given the one by which lsdistcc finds servers, to compile an empty file.
var distcc = Def{
	Name:     "distcc",
	Ports:    []uint16{3632},
	Programs: []Program{{"distccd", "distccd"}},
	Hello: "DIST00000001" + "ARGC00000005" + "ARGV00000002cc" + "ARGV00000002-c" + "ARGV00000007hello.c" + "ARGV00000002-o" +
		"ARGV00000007hello.o" + "DOTI00000000",
	Manners: "xwxxx",
	Only:    true,
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		done := c.take(4) == "DONE" && c.take(8) == "00000001"
		if done = done && c.take(4) == "STAT" && allOf(c.take(8), isHex); !done || c.spent {
			return nothing()
		}
		if c.rest != "" && !strings.HasPrefix(c.rest, "SERR") {
			return nothing()
		}
		f := strong("distcc", "a job is done", reply)
		f.Product = "distccd"
		return f, true
	},
}
