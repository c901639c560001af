package protocol

import (
	"strings"

	"rtevent"
)

// clickhouse is greeted as by clickhouse-client, as the user default who has no password unless given one
// (https://clickhouse.com/docs/native-protocol/client). The revision is an old one, so that the answer stays short.
var clickhouse = Def{
	Name:        "clickhouse",
	Ports:       []uint16{9000},
	SecurePorts: []uint16{9440},
	Programs:    []Program{{"clickhouse-server", "ClickHouse"}, {"clickhouse", "ClickHouse"}},
	Hello: "\x00" + "\x07rtevent" + "\x01\x01" + "\x81\xa9\x03" + // client, its version, revision 54401
		"\x00" + "\x07default" + "\x00", // database, user, password
	Read: func(reply string) (rtevent.Finding, bool) {
		if head, ok := cutHead(reply); ok {
			if scolding(head) != "clickhouse" {
				return nothing()
			}
			f := strong("clickhouse", "ClickHouse scolds HTTP", head.body)
			f.Product = "ClickHouse"
			return f, true
		}
		const hello, exception = 0, 2
		c := cursor{rest: reply}
		switch c.u8() {
		case hello:
			name := c.varCounted()
			major, minor, revision := c.varint(), c.varint(), c.varint()
			zone, display, patch := c.varCounted(), c.varCounted(), c.varint()
			if c.spent || name != "ClickHouse" || revision < 54401 || max(major, minor, patch) > 1e6 {
				return nothing()
			}
			f := strong("clickhouse", "Hello of ClickHouse", reply)
			f.Product, f.Version = "ClickHouse", dotted(int(major), int(minor), int(patch))
			f.Details = details("host", display, "time_zone", zone)
			return f, true
		case exception:
			code, name, says := c.little(4), c.varCounted(), c.varCounted()
			if c.spent || code == 0 || !strings.HasPrefix(name, "DB::") {
				return nothing()
			}
			f := strong("clickhouse", "exception of ClickHouse", reply)
			f.Product = "ClickHouse"
			f.Details = details("message", says)
			return f, true
		}
		return nothing()
	},
}
