// This file tells how to check a port by hand.

package words

import (
	"fmt"

	"rtevent"
)

// How tells how to check a port with the tools that a system comes with.
type How struct {
	Linux   string `json:"linux"`
	MacOS   string `json:"macos"`
	Windows string `json:"windows"`
	Outside string `json:"outside"`
}

// HowTo gives the commands for a port; without a transport they cover both.
func HowTo(t rtevent.Transport, port uint16) How {
	if t == rtevent.UDP {
		return How{
			Linux:   fmt.Sprintf("ss -lunp 'sport = :%d'", port),
			MacOS:   fmt.Sprintf("sudo lsof -nP -iUDP:%d", port),
			Windows: fmt.Sprintf("Get-Process -Id (Get-NetUDPEndpoint -LocalPort %d).OwningProcess", port),
			Outside: fmt.Sprintf("nmap -sU -sV -p %d HOST", port),
		}
	}
	h := How{
		Linux:   fmt.Sprintf("ss -ltnp 'sport = :%d'", port),
		MacOS:   fmt.Sprintf("sudo lsof -nP -iTCP:%d -sTCP:LISTEN", port),
		Windows: fmt.Sprintf("Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort %d).OwningProcess", port),
		Outside: fmt.Sprintf("nmap -sV -p %d HOST", port),
	}
	if t == "" {
		h.Linux = fmt.Sprintf("ss -tulnp 'sport = :%d'", port)
		h.MacOS = fmt.Sprintf("sudo lsof -nP -i:%d", port)
	}
	return h
}
