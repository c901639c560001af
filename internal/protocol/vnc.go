package protocol

import (
	"io"
	"strings"

	"rtevent"
)

// vnc greets with its version (RFC 6143); the same version is said back to it to learn how it wants to be sure of us. If
// it does not, that is accepted: some servers count who leaves before among those who guess passwords. The desktop is
// not entered.
var vnc = Def{
	Name:   "vnc",
	Claims: []string{"rfb"},
	Ports:  []uint16{5900, 5901, 5902},
	Programs: []Program{
		{"Xtigervnc", "TigerVNC"}, {"Xvnc", ""}, {"x0vncserver", "TigerVNC"}, {"X0tigervnc", "TigerVNC"},
		{"Xtightvnc", "TightVNC"}, {"tvnserver", "TightVNC"}, {"x11vnc", "x11vnc"}, {"winvnc", "UltraVNC"},
		{"vncserver-x11-core", "RealVNC"}, {"wayvnc", "wayvnc"}, {"vino-server", "Vino"}, {"krfb", "Krfb"},
		{"gnome-remote-desktop-daemon", "GNOME Remote Desktop"},
	},
	Greets: true,
	Talk: func(rw io.ReadWriter, heard string) string {
		heard = hear(rw, heard, func(heard string) bool { return len(heard) >= len("RFB 003.008\n") })
		if version, rest, ok := cutRFB(heard); !ok || rest != "" || !strings.HasPrefix(version, "3.8") && version != "3.7" {
			return heard // one of another version decides by itself
		}
		heard = ask(rw, heard, heard, func(answer string) bool {
			return answer != "" && len(answer) > int(answer[0])
		})
		if _, kinds, ok := cutRFB(heard); ok && strings.HasPrefix(heard, "RFB 003.008\n") && len(kinds) > 1 && strings.Contains(kinds[1:], vncNone) {
			return ask(rw, heard, vncNone, func(answer string) bool { return len(answer) >= 4 })
		}
		return heard
	},
	Read: readVNC,
}

const vncNone = "\x01" // the security type

func readVNC(reply string) (rtevent.Finding, bool) {
	version, rest, ok := cutRFB(reply)
	if !ok {
		return nothing()
	}
	f := strong("vnc", "RFB greeting", reply)
	switch {
	case version == "3.889":
		f.Product = "Apple Remote Desktop"
	case version[0] == '4' || version[0] == '5' || version[0] == '6':
		f.Product = "RealVNC"
	}
	c := cursor{rest: rest}
	kinds := c.counted(1)
	f.Details = details("protocol", version, "auth", vncAuth(kinds))
	return f, true
}

// cutRFB takes the greeting off what was heard: "RFB 003.008\n" is 3.8.
func cutRFB(heard string) (version, rest string, ok bool) {
	line, rest, ok := cutLine(heard)
	if !ok || len(line) != len("RFB 003.008") || !strings.HasPrefix(line, "RFB 00") || line[7] != '.' {
		return "", "", false
	}
	major, _ := number(line[4:7])
	minor, okay := number(line[8:])
	return dotted(major, minor), rest, okay && major >= 3 && major <= 6
}

// vncAuth names the security types that a server offers (the registry of RFC 6143, section 8.1.2).
func vncAuth(kinds string) string {
	var names []string
	for i := range len(kinds) {
		if name := vncKinds[kinds[i]]; name != "" {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

var vncKinds = map[byte]string{
	1: "none", 2: "password", 5: "RA2", 6: "RA2ne", 16: "Tight", 17: "Ultra", 18: "TLS", 19: "VeNCrypt", 20: "SASL",
	22: "xvp", 30: "Apple", 33: "Apple", 35: "Apple", 129: "RA2-256", 130: "RA2ne-256",
}
