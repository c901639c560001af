package protocol

import (
	"encoding/json"
	"strings"

	"rtevent"
)

// minecraft is asked for its status, as the list of servers in the game asks (https://minecraft.wiki/w/Java_Edition_protocol).
var minecraft = Def{
	Name:  "minecraft",
	Ports: []uint16{25565},
	Hello: "\x13\x00" + "\xff\xff\xff\xff\x0f" + "\x09localhost" + "\x63\xdd" + "\x01" + // handshake: any version, where, and why
		"\x01\x00", // status
	Read: func(reply string) (rtevent.Finding, bool) {
		outer := cursor{rest: reply}
		c := cursor{rest: outer.varCounted()}
		kind, status := c.varint(), c.varCounted()
		var says struct {
			Version struct {
				Name     string `json:"name"`
				Protocol *int   `json:"protocol"`
			} `json:"version"`
		}
		if outer.spent || c.spent || c.rest != "" || kind != 0 ||
			json.Unmarshal([]byte(status), &says) != nil || says.Version.Protocol == nil {
			return nothing()
		}
		f := strong("minecraft", "status with a version", reply)
		f.Product, f.Version = minecraftServer(says.Version.Name)
		f.Details = details("version_name", says.Version.Name)
		return f, true
	},
}

// minecraftServer reads "1.20.1", "Paper 1.20.1", and of proxies "Velocity 1.7.2-1.20", whose own version that is not.
func minecraftServer(name string) (product, version string) {
	product, version, ok := strings.Cut(name, " ")
	if !ok {
		product, version = "Minecraft", name
	}
	if !isVersion(version) {
		version = ""
	}
	return text(product), text(version)
}
