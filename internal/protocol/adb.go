package protocol

import (
	"strconv"
	"strings"

	"rtevent"
)

// adbServer is the one that runs beside the developer's tools and passes them on to devices. Requests begin with their
// length in four hexadecimal digits (Android, packages/modules/adb: OVERVIEW, SERVICES).
var adbServer = Def{
	Name:     "adb-server",
	Ports:    []uint16{5037},
	Programs: []Program{{"adb", "Android Debug Bridge"}},
	Hello:    "000chost:version",
	Manners:  "xxxxx",
	Read: func(reply string) (rtevent.Finding, bool) {
		digits, ok := strings.CutPrefix(reply, "OKAY0004")
		if !ok || len(digits) != 4 || !allOf(digits, isHex) {
			return nothing()
		}
		version, _ := strconv.ParseUint(digits, 16, 16)
		f := strong("adb-server", "answers host:version", reply)
		f.Product, f.Version = "Android Debug Bridge", "1.0."+strconv.FormatUint(version, 10)
		return f, true
	},
}

// adb is a device's end: packets of a head of 24 bytes and their data (Android, packages/modules/adb: protocol.txt).
var adb = Def{
	Name:     "adb",
	Shy:      true,
	Ports:    []uint16{5555},
	Programs: []Program{{"adbd", "adbd"}},
	Hello: "CNXN" + "\x00\x00\x00\x01" + "\x00\x10\x00\x00" + // version, largest packet
		"\x07\x00\x00\x00" + "\x32\x02\x00\x00" + "\xbc\xb1\xa7\xb1" + // length, sum, inverted command
		"host::\x00",
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		command := c.take(4)
		version := c.little(4)
		c.take(4)
		length := c.little(4)
		c.take(4)
		magic := c.take(4)
		for i := range magic {
			if magic[i] != ^command[i] {
				return nothing()
			}
		}
		data := c.take(length)
		if c.spent {
			return nothing()
		}
		switch {
		case command == "AUTH" && version == 1 && length == 20, command == "STLS":
			f := strong("adb", command+", to make sure of us", reply)
			f.Details = details("auth", "required")
			return f, true
		case command == "CNXN" && strings.Contains(data, "::") && !strings.HasPrefix(data, "host:"): // we are the host
			f := strong("adb", "CNXN with a banner", data)
			f.Details = details("device", adbProperty(data, "ro.product.name"), "model", adbProperty(data, "ro.product.model"))
			return f, true
		}
		return nothing()
	},
}

// adbProperty finds a property in a banner such as "device::ro.product.name=x;ro.product.model=y;".
func adbProperty(banner, name string) string {
	_, value, ok := strings.Cut(banner, name+"=")
	value, _, ended := strings.Cut(value, ";")
	if !ok || !ended {
		return ""
	}
	return value
}
