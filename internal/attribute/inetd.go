package attribute

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// inetdProgram finds what inetd starts for an endpoint, in the configuration that it was given or else its usual one.
func inetdProgram(files fs.FS, e endpoint, p *process) string {
	configs := []string{"/etc/inetd.conf"}
	names, _ := readNames(files, "/etc/inetd.d")
	for _, name := range names {
		configs = append(configs, path.Join("/etc/inetd.d", name))
	}
	f := flags{value: "aqRsR"}
	if given, _ := f.skip(p.args[min(1, len(p.args)):]); len(given) > 0 {
		configs = []string{locate(p, given[0])}
	}
	ports := servicePorts(files, e.transport)
	for _, config := range configs {
		b, _ := readFile(files, config, maxText)
		if program := parseInetd(string(b), e, ports); program != "" {
			return program
		}
	}
	return ""
}

// parseInetd reads lines of: service, type of socket, protocol, wait or nowait, user, program, arguments. The service
// is a name or a port, with an address before it or on a line of its own.
func parseInetd(config string, e endpoint, ports map[string]string) string {
	everywhere := ""
	for line := range strings.Lines(config) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
			continue
		case len(f) == 1:
			everywhere = strings.TrimSuffix(f[0], ":")
			continue
		case len(f) < 6 || !strings.HasPrefix(f[2], string(e.transport)):
			continue
		}
		host, service := everywhere, f[0]
		if i := strings.LastIndexByte(service, ':'); i >= 0 {
			host, service = service[:i], service[i+1:]
		}
		if port, ok := ports[service]; ok {
			service = port
		}
		if !inetdHost(host, e) || service != strconv.Itoa(int(e.port)) {
			continue
		}
		return inetdStarted(f[5:])
	}
	return ""
}

// inetdHost tells whether an address of inetd's, of which several may be listed, is an endpoint's.
func inetdHost(hosts string, e endpoint) bool {
	port := ":" + strconv.Itoa(int(e.port))
	return slices.ContainsFunc(strings.Split(hosts, ","), func(host string) bool { return e.matches(host + port) })
}

// inetdStarted is the program in the last fields of a line: none where inetd answers itself. A wrapper that checks who
// asks is passed over.
func inetdStarted(command []string) string {
	switch {
	case command[0] == "internal":
		return ""
	case path.Base(command[0]) == "tcpd" && len(command) > 1:
		return command[1]
	default:
		return command[0]
	}
}

// servicePorts maps the names of services to their ports, by the system's own list.
func servicePorts(files fs.FS, transport rtevent.Transport) map[string]string {
	ports := map[string]string{}
	b, _ := readFile(files, "/etc/services", 4*maxText)
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		if port, ok := strings.CutSuffix(f[1], "/"+string(transport)); ok {
			for _, name := range append(f[:1:1], f[2:]...) {
				ports[name] = port
			}
		}
	}
	return ports
}

// xinetdProgram finds what xinetd starts for an endpoint.
func xinetdProgram(files fs.FS, e endpoint) string {
	configs := []string{"/etc/xinetd.conf"}
	names, _ := readNames(files, "/etc/xinetd.d")
	for _, name := range names {
		configs = append(configs, path.Join("/etc/xinetd.d", name))
	}
	ports := servicePorts(files, e.transport)
	for _, config := range configs {
		b, _ := readFile(files, config, maxText)
		if program := parseXinetd(string(b), e, ports); program != "" {
			return program
		}
	}
	return ""
}

// parseXinetd reads blocks of: service NAME { key = value }.
func parseXinetd(config string, e endpoint, ports map[string]string) string {
	var service map[string]string
	for line := range strings.Lines(config) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "service "); ok {
			name = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(name), "{"))
			service = map[string]string{"name": name, "port": ports[name]}
			continue
		}
		if line == "}" && service != nil {
			if program := xinetdStarted(service, e); program != "" {
				return program
			}
			service = nil
		}
		if key, value, ok := strings.Cut(line, "="); ok && service != nil {
			service[strings.TrimRight(strings.TrimSpace(key), "+-")] = strings.TrimSpace(value)
		}
	}
	return ""
}

func xinetdStarted(service map[string]string, e endpoint) string {
	transport := rtevent.TCP
	if service["protocol"] == "udp" || service["socket_type"] == "dgram" {
		transport = rtevent.UDP
	}
	host := service["bind"] + service["interface"] // two words for one thing
	if service["disable"] == "yes" || transport != e.transport || !e.matches(host+":"+service["port"]) {
		return ""
	}
	if strings.Contains(service["type"], "INTERNAL") {
		return "" // xinetd answers itself
	}
	return service["server"]
}
