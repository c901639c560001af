package protocol

import (
	"strings"

	"rtevent"
)

// ganglia dumps all it knows in XML on whoever connects; its version comes after a description of the form.
var ganglia = Def{
	Name:     "ganglia",
	Ports:    []uint16{8649, 8651},
	Programs: []Program{{"gmond", "Ganglia gmond"}, {"gmetad", "Ganglia gmetad"}},
	Greets:   true,
	Read: func(reply string) (rtevent.Finding, bool) {
		_, after, ok := strings.Cut(reply[:min(len(reply), 200)], "<!DOCTYPE GANGLIA_XML [")
		if !ok || !strings.HasPrefix(reply, "<?xml ") || !strings.Contains(after, "<!ELEMENT GANGLIA_XML") {
			return nothing()
		}
		f := strong("ganglia", "XML of the form GANGLIA_XML", reply)
		_, root, _ := strings.Cut(reply, "<GANGLIA_XML VERSION=\"")
		version, root, _ := strings.Cut(root, "\" SOURCE=\"")
		source, _, ended := strings.Cut(root, "\"")
		if ended && isVersion(version) {
			f.Product, f.Version = text("Ganglia "+source), version
		}
		return f, true
	},
}
