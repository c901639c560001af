package protocol

import (
	"strings"

	"rtevent"
)

// quake3 is asked for its status, as browsers of game servers ask; Quake III and those who descend from it know that.
var quake3 = Def{
	Name:     "quake3",
	Ports:    []uint16{27960, 26000, 28960, 30720},
	Programs: []Program{{"ioq3ded", "ioquake3"}, {"ioquake3", "ioquake3"}, {"q3ded", "Quake III Arena"}},
	Datagram: "\xff\xff\xff\xffgetstatus\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		says, ok := strings.CutPrefix(reply, "\xff\xff\xff\xffstatusResponse\n\\")
		line, _, ended := strings.Cut(says, "\n")
		if !ok || !ended {
			return nothing()
		}
		fields := map[string]string{}
		parts := strings.Split(line, "\\")
		for i := 0; i+1 < len(parts); i += 2 {
			fields[parts[i]] = parts[i+1]
		}
		f := strong("quake3", "statusResponse", reply)
		f.Product, f.Version = quake3Server(fields["version"])
		f.Details = details("name", fields["sv_hostname"], "map", fields["mapname"], "game", fields["gamename"])
		return f, true
	},
}

// quake3Server reads "ioq3 1.36+u20221123 linux-x86_64 ...", "Q3 1.32c linux-i386".
func quake3Server(says string) (product, version string) {
	product, rest, _ := strings.Cut(says, " ")
	version, _, _ = strings.Cut(rest, " ")
	version, _, _ = strings.Cut(version, "+") // what a packager adds
	switch product {
	case "ioq3":
		product = "ioquake3"
	case "Q3":
		product = "Quake III Arena"
	case "ET":
		product = "Wolfenstein: Enemy Territory"
	}
	if version == "" || !isDigit(version[0]) {
		return text(product), ""
	}
	return text(product), text(version)
}
