package protocol

import (
	"strings"

	"rtevent"
)

// mssql is asked the options that come before a login, in the order of its own clients: version, encryption, instance,
// thread, several result sets ([MS-TDS], section 2.2.6.5).
var mssql = Def{
	Name:     "ms-sql-s",
	Ports:    []uint16{1433},
	Programs: []Program{{"sqlservr", "Microsoft SQL Server"}},
	Hello: "\x12\x01\x00\x2f\x00\x00\x01\x00" +
		"\x00\x00\x1a\x00\x06" + "\x01\x00\x20\x00\x01" + "\x02\x00\x21\x00\x01" + "\x03\x00\x22\x00\x04" +
		"\x04\x00\x26\x00\x01" + "\xff" +
		"\x09\x00\x00\x00\x00\x00" + "\x00" + "\x00" + "\x00\x00\x00\x00" + "\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		const tabular, version, encryption = 4, 0, 1
		c := cursor{rest: reply}
		kind, status := c.u8(), c.u8()
		body := c.take(c.big(2) - 4)
		if c.spent || kind != tabular || status != 1 || c.rest != "" || len(body) < 4 {
			return nothing()
		}
		options, ok := tdsOptions(body[4:])
		number := options[version]
		if !ok || len(number) != 6 {
			return nothing()
		}
		f := strong("ms-sql-s", "options before a login, with a version", reply)
		f.Product = "Microsoft SQL Server"
		f.Version = dotted(int(number[0]), int(number[1]), int(number[2])<<8|int(number[3]))
		if encryption := options[encryption]; len(encryption) == 1 {
			f.Details = details("encryption", tdsEncryption[encryption[0]])
		}
		return f, true
	},
}

// tdsOptions reads a list of options, each with the place and the length of what it says.
func tdsOptions(list string) (map[byte]string, bool) {
	options := map[byte]string{}
	for c := (cursor{rest: list}); ; {
		option := c.u8()
		if option == 0xff {
			return options, !c.spent
		}
		at, length := c.big(2), c.big(2)
		if c.spent || at+length > len(list) || len(options) > 16 {
			return nil, false
		}
		options[option] = list[at : at+length]
	}
}

var tdsEncryption = map[byte]string{0: "off", 1: "on", 2: "not supported", 3: "required"}

// mssqlBrowser tells the instances of a host and their versions ([MC-SQLR], section 2.2).
var mssqlBrowser = Def{
	Name:     "ms-sql-m",
	Ports:    []uint16{1434},
	Programs: []Program{{"sqlbrowser", "SQL Server Browser"}},
	Datagram: "\x03",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		kind := c.u8()
		says := c.take(c.little(2))
		if c.spent || kind != 5 || c.rest != "" ||
			!strings.HasPrefix(says, "ServerName;") || !strings.Contains(says, ";InstanceName;") {
			return nothing()
		}
		fields := strings.Split(says, ";")
		field := func(name string) string {
			for i := 0; i+1 < len(fields); i += 2 {
				if fields[i] == name {
					return fields[i+1]
				}
			}
			return ""
		}
		f := strong("ms-sql-m", "list of instances", reply)
		f.Product = "SQL Server Browser"
		f.Details = details("server", field("ServerName"), "instance", field("InstanceName"), "instance_version", field("Version"),
			"tcp", field("tcp"))
		return f, true
	},
}
