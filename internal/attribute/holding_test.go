package attribute

import (
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"rtevent"
)

// at makes an endpoint out of "tcp 127.0.0.1:22".
func at(s string) endpoint {
	transport, rest, _ := strings.Cut(s, " ")
	a := netip.MustParseAddrPort(rest)
	return endpoint{rtevent.Transport(transport), a.Addr().Unmap(), a.Port()}
}

func TestMatches(t *testing.T) {
	tests := []struct {
		written, endpoint string
		want              bool
	}{
		{"22", "tcp [::]:22", true},
		{"22", "tcp 0.0.0.0:22", true},
		{"22", "tcp 127.0.0.1:22", false},
		{"*:22", "tcp 0.0.0.0:22", true},
		{"127.0.0.1:22", "tcp 127.0.0.1:22", true},
		{"127.0.0.1:22", "tcp [::ffff:127.0.0.1]:22", true},
		{"[::1]:22", "tcp [::1]:22", true},
		{"[fe80::1%eth0]:22", "tcp [fe80::1]:22", true},
		{"localhost:22", "tcp 127.0.0.1:22", true},
		{"0.0.0.0:22", "tcp [::]:22", false},
		{"127.0.0.1:23", "tcp 127.0.0.1:22", false},
		{"/run/x.sock", "tcp [::]:22", false},
		{"", "tcp [::]:22", false},
		{"65558", "tcp [::]:22", false},
	}
	for _, tt := range tests {
		if got := at(tt.endpoint).matches(tt.written); got != tt.want {
			t.Errorf("%q for %s: got %v", tt.written, tt.endpoint, got)
		}
	}
}

func TestActivatedUnit(t *testing.T) {
	files := textFiles(map[string]string{
		// ssh.socket and rpcbind.socket as Debian 12 has them.
		"usr/lib/systemd/system/ssh.socket":                       "[Unit]\nDescription=OpenBSD Secure Shell server socket\nBefore=sockets.target ssh.service\n\n[Socket]\nListenStream=22\nAccept=no\n\n[Install]\nWantedBy=sockets.target\n",
		"usr/lib/systemd/system/rpcbind.socket":                   "[Unit]\nDescription=RPCbind Server Activation Socket\n\n[Socket]\nListenStream=/run/rpcbind.sock\n\n# RPC netconfig can't handle ipv6/ipv4 dual sockets\nBindIPv6Only=ipv6-only\nListenStream=0.0.0.0:111\nListenDatagram=0.0.0.0:111\nListenStream=[::]:111\nListenDatagram=[::]:111\n",
		"etc/systemd/system/ssh.socket.d/port.conf":               "[Socket]\nListenStream=\nListenStream=2222\n",
		"run/systemd/generator/ssh.socket.d/then.conf":            "[Socket]\nListenStream = \\\n  127.0.0.1:2223\n",
		"lib/systemd/system/echo.socket":                          "[Socket]\nListenStream=7\nAccept=yes\n",
		"lib/systemd/system/time.socket":                          "[Socket]\nListenDatagram=37\nService=timed.service\n",
		"lib/systemd/system/masked.socket":                        "[Socket]\nListenStream=99\n",
		"etc/systemd/system/masked.socket":                        "-> /dev/null",
		"usr/lib/systemd/system/web@.socket":                      "[Socket]\nListenStream=127.0.0.1:%i\nService=%p-run@%i.service\n",
		"etc/systemd/system/sockets.target.wants/web@8080.socket": "-> /usr/lib/systemd/system/web@.socket",
		"lib/systemd/system/a.socket":                             "[Socket]\nListenStream=500\n",
		"lib/systemd/system/b.socket":                             "[Socket]\nListenStream=500\n",
		"etc/systemd/system/sockets.target.wants/b.socket":        "-> /lib/systemd/system/b.socket",
	})
	for where, want := range map[string]string{
		"tcp [::]:22": "", "tcp [::]:2222": "ssh.service", "tcp 0.0.0.0:2222": "ssh.service", "udp [::]:2222": "", "tcp 127.0.0.1:2223": "ssh.service",
		"tcp 0.0.0.0:111": "rpcbind.service", "udp [::]:111": "rpcbind.service", "tcp [::]:7": "echo@.service", "udp [::]:37": "timed.service",
		"tcp [::]:99": "", "tcp 127.0.0.1:8080": "web-run@8080.service", "tcp 127.0.0.1:8081": "", "tcp [::]:500": "b.service",
	} {
		if got := activatedUnit(files, systemUnits, at(where)); got != want {
			t.Errorf("%s: got %q, want %q", where, got, want)
		}
	}
}

func TestActivates(t *testing.T) {
	files := textFiles(map[string]string{
		"lib/systemd/system/ssh.socket":              "[Socket]\nListenStream=22\n",
		"home/bob/.config/systemd/user/notes.socket": "[Socket]\nListenStream=127.0.0.1:9000\n",
		"etc/passwd":   "root:x:0:0::/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n",
		"etc/services": "telnet\t23/tcp\nftp 21/tcp\ndaytime 13/tcp\ntftp 69/udp alias # x\n",
		"etc/inetd.conf": "#:INTERNAL\ndaytime stream tcp nowait root internal\nftp stream tcp nowait root /usr/sbin/tcpd /usr/sbin/in.ftpd -l\n" +
			"192.0.2.1:\nalias dgram udp wait nobody /usr/sbin/in.tftpd in.tftpd\n",
		"etc/inetd.d/own": "8023 stream tcp6 nowait root /usr/sbin/other other\n",
		"srv/conf":        "127.0.0.1:20069 stream tcp nowait root /usr/sbin/telnetd telnetd\n",
		"etc/xinetd.d/git": "service git\n{\n\tdisable = no\n\tsocket_type = stream\n\tport = 9418\n\tserver = /usr/lib/git-daemon\n}\n" +
			"service off {\n disable = yes\n port = 9419\n server = /x\n}\nservice daytime\n{\n type = INTERNAL\n bind = 127.0.0.1\n}\n",
	})
	tests := []struct {
		name, exe string
		pid       int
		args      []string
		endpoint  string
		want      string
	}{
		{"systemd", "/usr/lib/systemd/systemd", 1, []string{"/sbin/init"}, "tcp [::]:22", "ssh.service"},
		{"systemd of a user", "/usr/lib/systemd/systemd", 700, []string{"/lib/systemd/systemd", "--user"}, "tcp 127.0.0.1:9000", "notes.service"},
		{"systemd's helper", "/usr/lib/systemd/systemd", 701, []string{"(sd-pam)"}, "tcp 127.0.0.1:9000", ""},
		{"inetd, internal", "/usr/sbin/inetd", 9, []string{"inetd"}, "tcp 0.0.0.0:13", ""},
		{"inetd, wrapped", "/usr/sbin/inetd", 9, []string{"inetd", "-i"}, "tcp 0.0.0.0:21", "/usr/sbin/in.ftpd"},
		{"inetd, udp by alias and address", "/usr/sbin/inetd", 9, []string{"inetd"}, "udp 192.0.2.1:69", "/usr/sbin/in.tftpd"},
		{"inetd, other address", "/usr/sbin/inetd", 9, []string{"inetd"}, "udp 192.0.2.2:69", ""},
		{"inetd, second file", "/usr/sbin/inetd", 9, []string{"inetd"}, "tcp [::]:8023", "/usr/sbin/other"},
		{"inetd, own file", "/usr/sbin/inetd", 9, []string{"/usr/sbin/inetd", "-i", "-a", "x", "conf"}, "tcp 127.0.0.1:20069", "/usr/sbin/telnetd"},
		{"xinetd", "/usr/sbin/xinetd", 9, []string{"xinetd"}, "tcp 0.0.0.0:9418", "/usr/lib/git-daemon"},
		{"xinetd, disabled", "/usr/sbin/xinetd", 9, []string{"xinetd"}, "tcp 0.0.0.0:9419", ""},
		{"xinetd, internal", "/usr/sbin/xinetd", 9, []string{"xinetd"}, "tcp 127.0.0.1:13", ""},
		{"systemd-socket-activate", "/usr/bin/systemd-socket-activate", 9, []string{"systemd-socket-activate", "-l", "8000", "--inetd", "-E", "A=b", "/bin/cat", "-u"}, "tcp [::]:8000", "/bin/cat -u"},
		{"socat", "/usr/bin/socat1", 9, []string{"socat1"}, "tcp [::]:80", ""},
		{"socat runs", "/usr/bin/socat", 9, []string{"socat", "-d", "TCP-LISTEN:80,fork", "EXEC:/bin/cat -u,pty"}, "tcp [::]:80", "/bin/cat -u"},
		{"nothing", "/usr/sbin/nginx", 9, []string{"nginx"}, "tcp [::]:22", ""},
	}
	for _, tt := range tests {
		p := &process{pid: tt.pid, inside: 1000, args: tt.args, cwd: "/srv", exe: executable{path: tt.exe}}
		if got := activates(files, at(tt.endpoint), p); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestForwardsTo(t *testing.T) {
	var files fs.FS = textFiles(map[string]string{
		"srv/stunnel.conf": "pid =\n[redis]\naccept = 127.0.0.1:20015\nconnect = 127.0.0.1:20012\n[other]\nconnect=10.0.0.1:1\naccept=443\n[https]\naccept=443\nconnect=10.0.0.1:80\n",
	})
	tests := []struct {
		exe      string
		args     string
		endpoint string
		want     string
	}{
		{"docker-proxy", "-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80", "tcp 0.0.0.0:8080", "172.17.0.2:80"},
		{"docker-proxy", "-proto tcp -host-ip :: -host-port 8080 -container-ip fd00::2 -container-port 80 -use-listen-fd", "tcp [::]:8080", "[fd00::2]:80"},
		{"docker-proxy", "", "tcp [::]:8080", ""},
		{"ssh", "-N -fL 5432:db:5432 -L [::1]:8080:[fd00::1]:80 -p 2222 bob@bastion", "tcp 127.0.0.1:5432", "db:5432 by way of bob@bastion"},
		{"ssh", "-N -fL 5432:db:5432 -L [::1]:8080:[fd00::1]:80 -p 2222 bob@bastion", "tcp [::1]:8080", "[fd00::1]:80 by way of bob@bastion"},
		{"ssh", "-N -fL 5432:db:5432 -p 2222 bob@bastion", "tcp 127.0.0.1:2222", ""},
		{"ssh", "-D1080 bastion", "tcp 127.0.0.1:1080", "wherever it is asked (SOCKS) by way of bastion"},
		{"ssh", "-R 80:localhost:80 bastion", "tcp 127.0.0.1:80", ""},
		{"kubectl", "--context prod -n shop port-forward svc/web 8080:80 9090", "tcp 127.0.0.1:8080", "svc/web:80"},
		{"kubectl", "port-forward --address 0.0.0.0 svc/web 8080:80 9090", "tcp 0.0.0.0:9090", "svc/web:9090"},
		{"kubectl", "proxy --port 8001", "tcp 127.0.0.1:8001", ""},
		{"socat", "-d -d TCP4-LISTEN:80,fork,reuseaddr TCP:10.0.0.2:8080,nodelay", "tcp 0.0.0.0:80", "10.0.0.2:8080"},
		{"socat", "UDP-LISTEN:53 UNIX-CONNECT:/run/x", "udp 0.0.0.0:53", "unix:/run/x"},
		{"socat", "TCP-LISTEN:80 EXEC:cat", "tcp 0.0.0.0:80", ""},
		{"systemd-socket-proxyd", "--exit-idle-time=5 127.0.0.1:80", "tcp 0.0.0.0:80", "127.0.0.1:80"},
		{"pasta", "-t 127.0.0.1/8080:80,9000 -u none", "tcp 127.0.0.1:8080", "port 80 of its namespace"},
		{"pasta", "-t 127.0.0.1/8080:80,9000 -u 53", "udp 127.0.0.1:53", "port 53 of its namespace"},
		{"stunnel4", "/srv/stunnel.conf", "tcp 127.0.0.1:20015", "127.0.0.1:20012"},
		{"stunnel4", "stunnel.conf", "tcp 0.0.0.0:443", "10.0.0.1:80"},
		{"nginx", "-g x", "tcp 0.0.0.0:443", ""},
	}
	for _, tt := range tests {
		p := &process{args: append([]string{tt.exe}, strings.Fields(tt.args)...), cwd: "/srv", exe: executable{path: "/usr/bin/" + tt.exe}}
		if got := forwardsTo(files, at(tt.endpoint), p); got != tt.want {
			t.Errorf("%s %s for %s: got %q, want %q", tt.exe, tt.args, tt.endpoint, got, tt.want)
		}
	}
}
