package protocol

import (
	"rtevent"
)

// echo says what we said (RFC 862). It is known for every hello of ours, so that a mirror is never taken for a protocol
// that likes to be answered in its own words.
var echo = Def{
	Name:     "echo",
	Shy:      true,
	Ports:    []uint16{7},
	Hello:    "rtevent: echo?\r\n",
	Datagram: "rtevent: echo?\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		for _, said := range [...]string{
			"rtevent: echo?\r\n", httpHello, redis.Hello, memcache.Hello, memcache.Datagram, postgresql.Hello, mqtt.Hello,
			domain.Hello, domain.Datagram,
		} {
			if reply == said {
				return strong("echo", "said what was said to it", reply), true
			}
		}
		return nothing()
	},
}
