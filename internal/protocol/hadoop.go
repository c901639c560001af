package protocol

import (
	"rtevent"
)

// hadoop is the port on which Hadoop's daemons call each other. It is only read: whoever asks it in HTTP is told so, and
// its own clients call nothing that says more.
var hadoop = Def{
	Name:  "hadoop-ipc",
	Ports: []uint16{8020, 8032, 9820},
	Read: func(reply string) (rtevent.Finding, bool) {
		head, ok := cutHead(reply)
		if !ok || scolding(head) != "hadoop-ipc" {
			return nothing()
		}
		f := strong("hadoop-ipc", "a Hadoop daemon scolds HTTP", head.body)
		f.Product = "Apache Hadoop"
		return f, true
	},
}
