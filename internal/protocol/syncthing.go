package protocol

import (
	"strings"

	"rtevent"
)

// syncthing speaks its Block Exchange Protocol inside TLS, and greets only who has a certificate
// (https://docs.syncthing.net/specs/bep-v1.html). Whoever greets back shows up as a new device there: it is read, and
// never asked.
var syncthing = Def{
	Name:        "syncthing",
	SecurePorts: []uint16{22000},
	Programs:    []Program{{"syncthing", "Syncthing"}},
	Greets:      true,
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		magic := c.take(4)
		hello, ok := readProto(c.counted(2))
		client := hello.get(2).bytes
		if c.spent || magic != "\x2e\xa7\xd9\x0b" || !ok || client == "" {
			return nothing()
		}
		f := strong("syncthing", "Hello of BEP", reply)
		f.Product = text(client)
		if client == "syncthing" {
			f.Product = "Syncthing"
		}
		if version, ok := strings.CutPrefix(hello.get(3).bytes, "v"); ok {
			version, _, _ = strings.Cut(version, "-ds") // what Debian adds
			f.Version = text(version)
		}
		f.Details = details("device", hello.get(1).bytes)
		return f, true
	},
}
