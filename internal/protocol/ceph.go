package protocol

import (
	"strings"

	"rtevent"
)

// ceph daemons greet with a banner and what they can, in version 2 of their messenger, or with their address and ours in
// version 1 (https://docs.ceph.com/en/latest/dev/msgr2/).
var ceph = Def{
	Name:  "ceph",
	Ports: []uint16{3300, 6789, 6800, 6801},
	Programs: []Program{
		{"ceph-mon", "Ceph"}, {"ceph-osd", "Ceph"}, {"ceph-mgr", "Ceph"}, {"ceph-mds", "Ceph"},
	},
	Greets: true,
	Read: func(reply string) (rtevent.Finding, bool) {
		const features, address = 16, 136
		if banner, ok := strings.CutPrefix(reply, "ceph v2\n"); ok {
			if c := (cursor{rest: banner}); c.little(2) == features && len(c.take(features)) == features {
				return cephFound("2", reply), true
			}
		}
		if addresses, ok := strings.CutPrefix(reply, "ceph v027\x00\x00\x00\x00"); ok && len(addresses) >= 2*address-4 {
			return cephFound("1", reply), true
		}
		return nothing()
	},
}

func cephFound(version, reply string) rtevent.Finding {
	f := strong("ceph", "banner of Ceph's messenger", reply)
	f.Product = "Ceph"
	f.Details = details("protocol", version)
	return f
}
