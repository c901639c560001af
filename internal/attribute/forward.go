package attribute

import (
	"io/fs"
	"net"
	"strconv"
	"strings"

	"rtevent"
)

// forwardsTo tells where a forwarder sends what it takes on an endpoint, as far as its command line says, or for stunnel
// the file that it names. Forwarders that are told otherwise (rootlessport, slirp4netns, haproxy) are not known by this.
func forwardsTo(files fs.FS, e endpoint, p *process) string {
	if len(p.args) < 2 {
		return ""
	}
	args := p.args[1:]
	switch toolName(p) {
	case "docker-proxy":
		return joined(option(args, "-container-ip"), option(args, "-container-port"))
	case "systemd-socket-proxyd":
		rest, _ := flags{value: "c", long: []string{"--connections-max", "--exit-idle-time"}}.skip(args)
		return first(rest)
	case "ssh", "autossh":
		return sshForward(e, args)
	case "kubectl", "oc":
		return kubectlForward(e, args)
	case "socat":
		return socatForward(args)
	case "stunnel", "stunnel4":
		return stunnelForward(files, e, args, p)
	case "pasta", "passt":
		return pastaForward(e, args)
	}
	return ""
}

// option is the value of an option, given as the next argument or after "=".
func option(args []string, name string) string {
	for i, a := range args {
		if a == name && i+1 < len(args) {
			return args[i+1]
		}
		if value, ok := strings.CutPrefix(a, name+"="); ok {
			return value
		}
	}
	return ""
}

// portText is the port as command lines have it.
func portText(e endpoint) string { return strconv.Itoa(int(e.port)) }

func joined(host, port string) string {
	if host == "" || port == "" {
		return ""
	}
	return net.JoinHostPort(host, port)
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// sshForward reads -L [ADDRESS:]PORT:HOST:PORT and -D [ADDRESS:]PORT; both go by way of the host that ssh is logged in
// to. What -R opens is at the other end, held by its sshd.
func sshForward(e endpoint, args []string) string {
	const valued = "BbcDEeFIiJLlmOopQRSWw"
	var target, via string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if !strings.HasPrefix(a, "-") || a == "-" {
			via = a
			break
		}
		at := strings.IndexAny(a[1:], valued) + 1
		if at == 0 {
			continue
		}
		value := a[at+1:]
		if value == "" && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch a[at] {
		case 'L':
			if to, ok := sshTarget(e, value); ok {
				target = to
			}
		case 'D':
			if e.hasPort(value) {
				target = "wherever it is asked (SOCKS)"
			}
		}
	}
	if target == "" || via == "" {
		return target
	}
	return target + " by way of " + via
}

// sshTarget splits the value of -L and tells whether it is for an endpoint.
func sshTarget(e endpoint, value string) (string, bool) {
	parts := splitAddress(value)
	if len(parts) < 3 || parts[len(parts)-3] != portText(e) {
		return "", false
	}
	return net.JoinHostPort(strings.Trim(parts[len(parts)-2], "[]"), parts[len(parts)-1]), true
}

// splitAddress splits at colons that are not within brackets.
func splitAddress(s string) []string {
	depth := 0
	var parts []string
	begin := 0
	for i, c := range []byte(s) {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		case ':':
			if depth == 0 {
				parts = append(parts, s[begin:i])
				begin = i + 1
			}
		}
	}
	return append(parts, s[begin:])
}

// hasPort tells whether an address as people write it ends in the port of an endpoint.
func (e endpoint) hasPort(written string) bool {
	parts := splitAddress(written)
	return parts[len(parts)-1] == portText(e)
}

// kubectlForward reads "port-forward RESOURCE [LOCAL:]REMOTE...".
func kubectlForward(e endpoint, args []string) string {
	_, args = cutAt(args, "port-forward")
	rest := positional(args, []string{"-n", "--namespace", "--context", "--address", "--kubeconfig", "--cluster", "--user", "-s"})
	if len(rest) < 2 {
		return ""
	}
	for _, ports := range rest[1:] {
		local, remote, both := strings.Cut(ports, ":")
		if !both {
			remote = local
		}
		if local == portText(e) || both && local == "" {
			return rest[0] + ":" + remote
		}
	}
	return ""
}

func cutAt(args []string, word string) (before, after []string) {
	for i, a := range args {
		if a == word {
			return args[:i], args[i+1:]
		}
	}
	return args, nil
}

// positional lists the arguments that are neither options nor the values of those that take the next argument.
func positional(args, valued []string) []string {
	var rest []string
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			rest = append(rest, args[i])
			continue
		}
		for _, v := range valued {
			if args[i] == v {
				i++
				break
			}
		}
	}
	return rest
}

// socatForward reads two addresses, "TCP-LISTEN:PORT,options" and "TCP:HOST:PORT,options".
func socatForward(args []string) string {
	for _, a := range socatAddresses(args) {
		kind, rest, _ := strings.Cut(a, ":")
		switch kind = strings.ToUpper(kind); {
		case strings.Contains(kind, "LISTEN"):
		case strings.HasPrefix(kind, "TCP"), strings.HasPrefix(kind, "UDP"), strings.HasPrefix(kind, "OPENSSL"), strings.HasPrefix(kind, "SCTP"):
			return rest
		case strings.HasPrefix(kind, "UNIX"):
			return "unix:" + rest
		}
	}
	return ""
}

// socatCommand is what socat runs for those who connect.
func socatCommand(args []string) string {
	if len(args) == 0 {
		return ""
	}
	for _, a := range socatAddresses(args[1:]) {
		kind, rest, _ := strings.Cut(a, ":")
		if k := strings.ToUpper(kind); k == "EXEC" || k == "SYSTEM" || k == "SHELL" {
			return rest
		}
	}
	return ""
}

// socatAddresses lists the two addresses without their options.
func socatAddresses(args []string) []string {
	list := positional(args, []string{"-b", "-t", "-T", "-l", "-L", "-W"})
	for i := range list {
		list[i], _, _ = strings.Cut(list[i], ",")
	}
	return list
}

// pastaForward reads -t and -u [ADDRESS/]PORTS[:PORTS], where ports lead into the namespace that pasta serves.
func pastaForward(e endpoint, args []string) string {
	letter, long := "-t", "--tcp-ports"
	if e.transport == rtevent.UDP {
		letter, long = "-u", "--udp-ports"
	}
	for i, a := range args {
		if a != letter && a != long || i+1 == len(args) {
			continue
		}
		spec := args[i+1][strings.LastIndexByte(args[i+1], '/')+1:]
		for _, ports := range strings.Split(spec, ",") {
			outside, inside, mapped := strings.Cut(ports, ":")
			if !mapped {
				inside = outside
			}
			if outside == portText(e) {
				return "port " + inside + " of its namespace"
			}
		}
	}
	return ""
}

// stunnelForward reads the services of stunnel's configuration, each in a section with what it accepts on and where it
// connects to.
func stunnelForward(files fs.FS, e endpoint, args []string, p *process) string {
	config := "/etc/stunnel/stunnel.conf"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		config = locate(p, args[0])
	}
	b, _ := readFile(files, config, maxText)
	var section, accept string
	for _, s := range parseUnit(b) {
		if s.section != section {
			section, accept = s.section, ""
		}
		switch s.key {
		case "accept":
			accept = s.value
		case "connect":
			if e.matches(accept) || e.address.IsUnspecified() && e.hasPort(accept) {
				return s.value
			}
		}
	}
	return ""
}

// activatedCommand is what systemd-socket-activate runs: what follows its own options.
func activatedCommand(args []string) []string {
	f := flags{value: "lE", long: []string{"--listen", "--setenv", "--fdname"}}
	command, _ := f.skip(args[min(1, len(args)):])
	return command
}
