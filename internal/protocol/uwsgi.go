package protocol

import (
	"rtevent"
)

// uwsgi is pinged, as load balancers and "uwsgi --ping" do: to serve a request would mean to run a program.
var uwsgi = Def{
	Name:     "uwsgi",
	Ports:    []uint16{3031},
	Programs: []Program{{"uwsgi", "uWSGI"}, {"uwsgi-core", "uWSGI"}},
	Hello:    "\x64\x00\x00\x00",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		modifier, length, answer := c.u8(), c.little(2), c.u8()
		warning := c.take(length) // set by its administrator; empty as a rule
		if c.spent || c.rest != "" || modifier != 100 || answer != 1 || warning != "" && !allOf(warning, isPrint) {
			return nothing()
		}
		f := strong("uwsgi", "the ping is answered", reply)
		f.Product = "uWSGI"
		return f, true
	},
}
