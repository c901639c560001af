package protocol

import (
	"fmt"

	"rtevent"
)

// asfRMCP carries IPMI. Controllers of boards are asked, as ipmitool begins, how one may log in (IPMI 2.0, section 22.13).
var asfRMCP = Def{
	Name:     "asf-rmcp",
	Ports:    []uint16{623},
	Programs: []Program{{"ipmi_sim", "OpenIPMI simulator"}, {"vbmcd", "VirtualBMC"}},
	Datagram: rmcpIPMI + "\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "\x09" + "\x20\x18\xc8" + "\x81\x00\x38\x8e\x04\xb5",
	Read: func(reply string) (rtevent.Finding, bool) {
		const answered, command = 0x1c, 0x38 // application, response; get channel authentication capabilities
		c := cursor{rest: reply}
		head := c.take(len(rmcpIPMI))
		c.take(9) // no authentication, and no session
		message := c.counted(1)
		if head != rmcpIPMI || c.spent || len(message) < 16 || sum8(message[:3]) != 0 || sum8(message[3:]) != 0 ||
			message[1] != answered || message[5] != command {
			return nothing()
		}
		f := strong("asf-rmcp", "IPMI response with its checksums", reply)
		if f.Details = details("ipmi", "1.5"); message[8]&0x80 != 0 && message[10]&0x02 != 0 {
			f.Details = details("ipmi", "2.0")
		}
		if maker := int(message[11]) | int(message[12])<<8 | int(message[13])<<16; maker != 0 {
			f.Details["manufacturer"] = fmt.Sprint(maker)
		}
		return f, true
	},
}

const rmcpIPMI = "\x06\x00\xff\x07"

// sum8 adds bytes; with their checksum they make 0.
func sum8(s string) (sum byte) {
	for i := range len(s) {
		sum += s[i]
	}
	return sum
}
