package protocol

import (
	"strings"

	"rtevent"
)

// fastcgi is asked for its limits (FCGI_GET_VALUES), which runs no program.
var fastcgi = Def{
	Name:     "fastcgi",
	Ports:    []uint16{9000},
	Programs: []Program{{"php-fpm", "PHP-FPM"}, {"php-cgi", "PHP"}, {"hhvm", "HHVM"}, {"fcgiwrap", "fcgiwrap"}, {"spawn-fcgi", ""}},
	Hello: "\x01\x09\x00\x00\x00\x30\x00\x00" +
		"\x0e\x00FCGI_MAX_CONNS" + "\x0d\x00FCGI_MAX_REQS" + "\x0f\x00FCGI_MPXS_CONNS",
	Manners: "xwxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		version, kind, request, length, padding := c.u8(), c.u8(), c.big(2), c.big(2), int(c.u8())
		c.take(1)
		values := cursor{rest: c.take(length)}
		c.take(padding)
		const result, unknown = 10, 11
		if c.spent || c.rest != "" || version != 1 || request != 0 {
			return nothing()
		}
		switch {
		case kind == unknown && length == 8 && values.u8() == 9:
			return strong("fastcgi", "FCGI_UNKNOWN_TYPE", reply), true
		case kind == result:
			f := strong("fastcgi", "FCGI_GET_VALUES_RESULT", reply)
			for values.more() {
				name, value := int(values.u8()), int(values.u8())
				if name := values.take(name); !strings.HasPrefix(name, "FCGI_") {
					return nothing()
				}
				values.take(value)
			}
			return f, !values.spent
		}
		return nothing()
	},
}
