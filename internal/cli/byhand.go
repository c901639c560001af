package cli

import (
	"fmt"

	"rtevent"
)

// how tells how to check a port with the tools that a system comes with.
type how struct {
	Linux   string `json:"linux"`
	MacOS   string `json:"macos"`
	Windows string `json:"windows"`
	Outside string `json:"outside"`
}

func howTo(p portRange) how {
	if p.transport == rtevent.UDP {
		return how{
			Linux:   fmt.Sprintf("ss -lunp 'sport = :%d'", p.first),
			MacOS:   fmt.Sprintf("sudo lsof -nP -iUDP:%d", p.first),
			Windows: fmt.Sprintf("Get-Process -Id (Get-NetUDPEndpoint -LocalPort %d).OwningProcess", p.first),
			Outside: fmt.Sprintf("nmap -sU -sV -p %d HOST", p.first),
		}
	}
	h := how{
		Linux:   fmt.Sprintf("ss -ltnp 'sport = :%d'", p.first),
		MacOS:   fmt.Sprintf("sudo lsof -nP -iTCP:%d -sTCP:LISTEN", p.first),
		Windows: fmt.Sprintf("Get-Process -Id (Get-NetTCPConnection -State Listen -LocalPort %d).OwningProcess", p.first),
		Outside: fmt.Sprintf("nmap -sV -p %d HOST", p.first),
	}
	if p.transport == "" {
		h.Linux = fmt.Sprintf("ss -tulnp 'sport = :%d'", p.first)
		h.MacOS = fmt.Sprintf("sudo lsof -nP -i:%d", p.first)
	}
	return h
}
