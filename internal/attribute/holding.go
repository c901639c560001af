package attribute

import (
	"io/fs"
	"net/netip"
	"path"
	"strconv"
	"strings"

	"rtevent"
)

// endpoint is what a socket takes traffic on.
type endpoint struct {
	transport rtevent.Transport
	address   netip.Addr
	port      uint16
}

// holding adds what a process does with one of the sockets that it holds: whom it starts when somebody connects, or
// where it sends what it takes.
func holding(host fs.FS, l rtevent.Listener, o *rtevent.Owner, p *process) {
	if p == nil || o.Unseen != "" {
		return
	}
	e := endpoint{l.Transport, l.Address.Unmap(), l.Port}
	files := host
	if p.system != nil {
		files = p.system.files
	}
	o.Activates = cutText(activates(files, e, p), maxName)
	o.ForwardsTo = cutText(forwardsTo(files, e, p), maxName)
}

// activates names what an activator starts for an endpoint; empty when the process is none.
func activates(files fs.FS, e endpoint, p *process) string {
	switch name := toolName(p); name {
	case "systemd", "init":
		if p.pid == 1 {
			return activatedUnit(files, systemUnits, e)
		}
		if name == "systemd" && len(p.args) > 1 && p.args[1] == "--user" {
			return activatedUnit(files, userUnits(files, p.inside), e)
		}
	case "systemd-socket-activate":
		return strings.Join(activatedCommand(p.args), " ")
	case "inetd", "inetutils-inetd":
		return inetdProgram(files, e, p)
	case "xinetd":
		return xinetdProgram(files, e)
	case "socat":
		return socatCommand(p.args)
	}
	return ""
}

// toolName is what a process runs, by its executable; by its short name, which may lie, only where that is unknown.
func toolName(p *process) string {
	if p.exe.path != "" {
		return path.Base(p.exe.path)
	}
	return p.stat.name
}

// matches tells whether an address as people write it in configurations means an endpoint: a port, or address and
// port, in brackets for IPv6. A port alone, or "*" before it, means all addresses.
func (e endpoint) matches(written string) bool {
	host, port := "", written
	if i := strings.LastIndexByte(written, ':'); i >= 0 {
		host, port = written[:i], written[i+1:]
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || uint16(n) != e.port {
		return false
	}
	host, _, _ = strings.Cut(strings.Trim(host, "[]"), "%") // a scope may follow the address
	if host == "" || host == "*" {
		return e.address.IsUnspecified()
	}
	if host == "localhost" {
		return e.address.IsLoopback()
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == e.address
}
