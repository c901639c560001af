package protocol

import (
	"rtevent"
)

// elasticsearch is the port on which its nodes, and OpenSearch's, speak to each other. It is only read: what clients ask
// in HTTP, they are told not to ask here.
var elasticsearch = Def{
	Name:  "elasticsearch-transport",
	Ports: []uint16{9300},
	Read: func(reply string) (rtevent.Finding, bool) {
		if reply != "This is not an HTTP port" && reply != "This is not a HTTP port" {
			return nothing()
		}
		return weak("elasticsearch-transport", "scolds HTTP in words of its own", reply), true
	},
}
