package protocol

import (
	"strings"

	"rtevent"
)

// hddtemp tells the temperatures of disks to whoever connects: device, model, temperature and unit of each, with a
// separator around all of them.
var hddtemp = Def{
	Name:     "hddtemp",
	Ports:    []uint16{7634},
	Programs: []Program{{"hddtemp", "hddtemp"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		fields := strings.Split(reply, "|")
		if len(fields) < 6 || len(fields)%5 != 1 || fields[len(fields)-1] != "" {
			return nothing()
		}
		for disk := fields; len(disk) > 1; disk = disk[5:] {
			unit := disk[4]
			if disk[0] != "" || !strings.HasPrefix(disk[1], "/dev/") || unit != "C" && unit != "F" && unit != "*" {
				return nothing()
			}
		}
		f := strong("hddtemp", "disks and their temperatures", reply)
		f.Product = "hddtemp"
		return f, true
	},
}
