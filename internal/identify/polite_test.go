package identify_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"

	"rtevent"
	"rtevent/internal/identify"
)

// TestPoliteness holds who is left alone and why, and who is not.
func TestPoliteness(t *testing.T) {
	seen := func(exe string, cmdline ...string) rtevent.Owner {
		return rtevent.Owner{PID: 7, Exe: exe, Cmdline: cmdline}
	}
	unseen := rtevent.Owner{Unseen: "needs CAP_SYS_PTRACE"}
	socket := rtevent.Owner{PID: 1, Exe: "/usr/lib/systemd/systemd", Activates: "cups.service"}
	for name, c := range map[string]struct {
		port    uint16
		udp     bool
		client  bool
		holders []rtevent.Owner
		why     string // part of it; "": is asked
	}{
		"somebody":                     {port: 40000},
		"socket unit":                  {port: 631, holders: []rtevent.Owner{socket}, why: "start cups.service"},
		"socket unit that runs":        {port: 631, holders: []rtevent.Owner{socket, seen("/usr/sbin/cupsd")}},
		"inetd":                        {port: 23, holders: []rtevent.Owner{{PID: 5, Exe: "/usr/sbin/inetd", Activates: "in.telnetd"}}, why: "start in.telnetd"},
		"client's own":                 {port: 50123, udp: true, client: true, why: "client"},
		"printer, from outside":        {port: 9100, why: "print"},
		"printer, owner unseen":        {port: 9100, holders: []rtevent.Owner{unseen}, why: "print"},
		"printer's port, exporter":     {port: 9100, holders: []rtevent.Owner{seen("/usr/bin/prometheus-node-exporter")}},
		"printer's port, nginx":        {port: 9101, holders: []rtevent.Owner{seen("/usr/sbin/nginx")}},
		"printer's port, print server": {port: 9100, holders: []rtevent.Owner{seen("/usr/sbin/p910nd")}, why: "print"},
		"printer's port over udp":      {port: 9100, udp: true},
		"print queue":                  {port: 515, why: "queue"},
		"gdbserver on any port":        {port: 40000, holders: []rtevent.Owner{seen("/usr/bin/gdbserver")}, why: "debugger"},
		"java under a debugger":        {port: 20077, holders: []rtevent.Owner{seen("/usr/bin/java", "java", "-agentlib:jdwp=transport=dt_socket,server=y,address=127.0.0.1:20077", "Main")}, why: "debugger"},
		"its other port":               {port: 20078, holders: []rtevent.Owner{seen("/usr/bin/java", "java", "-agentlib:jdwp=transport=dt_socket,server=y,address=127.0.0.1:20077", "Main")}},
		"part of the port's number":    {port: 2007, holders: []rtevent.Owner{seen("/usr/bin/java", "java", "-agentlib:jdwp=address=20077", "Main")}},
		"debugpy":                      {port: 40001, holders: []rtevent.Owner{seen("/usr/bin/python3.11", "python3", "-m", "debugpy", "--listen", "40001", "app.py")}, why: "debugger"},
		"java's debug port":            {port: 5005, holders: []rtevent.Owner{seen("/usr/bin/java")}, why: "debugger"},
		"java's debug port, node":      {port: 5005, holders: []rtevent.Owner{seen("/usr/bin/node")}},
		"modbus":                       {port: 502, why: "machines"},
		"modbus, owner unseen":         {port: 502, holders: []rtevent.Owner{unseen}, why: "machines"},
		"modbus's port, sshd":          {port: 502, holders: []rtevent.Owner{seen("/usr/sbin/sshd")}},
		"modbus's port, stunnel":       {port: 502, holders: []rtevent.Owner{seen("/usr/bin/stunnel4")}, why: "machines"},
		"bacnet":                       {port: 47808, udp: true, why: "machines"},
		"range of industrial ports":    {port: 34963, why: "machines"},
		"beside it":                    {port: 34965},
	} {
		t.Run(name, func(t *testing.T) {
			dialled := false
			target := identify.Target{
				Listener: rtevent.Listener{
					Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: c.port,
					LikelyClient: c.client, Holders: c.holders,
				},
				Dial: func(context.Context, string) (net.Conn, error) { dialled = true; return nil, errors.New("nobody") },
			}
			if c.udp {
				target.Listener.Transport = rtevent.UDP
			}
			f := identify.New(identify.Options{}).Ask(t.Context(), target)
			if dialled != (c.why == "") || !strings.Contains(f.NotAsked, c.why) || (f.NotAsked != "") != (c.why != "") {
				t.Errorf("asked: %v, reason: %q, want %q", dialled, f.NotAsked, c.why)
			}
			dialled, target.Insist = false, true
			if f := identify.New(identify.Options{}).Ask(t.Context(), target); !dialled || f.NotAsked != "" {
				t.Errorf("who insists was not asked: %q", f.NotAsked)
			}
		})
	}
}

// TestFirstQuestion holds what the owner and the port point to, by the first way that a silent peer is asked.
func TestFirstQuestion(t *testing.T) {
	for name, c := range map[string]struct {
		owner rtevent.Owner
		port  uint16
		first string
	}{
		"nobody":                                 {first: "wait"},
		"port":                                   {port: 6379, first: "wait"},
		"executable":                             {owner: rtevent.Owner{Exe: "/usr/bin/redis-server"}, first: "redis"},
		"executable, versioned":                  {owner: rtevent.Owner{Exe: "/opt/postgres-15.2"}, first: "postgresql"},
		"on windows":                             {owner: rtevent.Owner{Exe: `C:\Program Files\nginx\nginx.exe`}, first: "http"},
		"name, where the executable has another": {owner: rtevent.Owner{Exe: "/usr/bin/redis-check-rdb", Name: "redis-server"}, first: "redis"},
		"title":                                  {owner: rtevent.Owner{Exe: "/opt/widgetd", Cmdline: []string{"nginx: master process /opt/widgetd"}}, first: "http"},
		"package":                                {owner: rtevent.Owner{Exe: "/opt/widgetd", Package: &rtevent.Package{Name: "mosquitto"}}, first: "mqtt"},
		"unit":                                   {owner: rtevent.Owner{Exe: "/opt/widgetd", Unit: "postgresql@15-main.service"}, first: "postgresql"},
		"container":                              {owner: rtevent.Owner{Exe: "/opt/widgetd", Container: &rtevent.Container{Name: "redis"}}, first: "redis"},
		"program":                                {owner: rtevent.Owner{Exe: "/opt/widgetd", Program: &rtevent.Program{Kind: "go", Name: "github.com/caddyserver/caddy"}}, first: "http"},
		"executable before unit":                 {owner: rtevent.Owner{Exe: "/usr/sbin/nginx", Unit: "redis.service"}, first: "http"},
		"of two, the port's":                     {owner: rtevent.Owner{Exe: "/usr/sbin/dovecot"}, port: 995, first: "tls"},
		"port with tls":                          {port: 443, first: "tls"},
		"forwarder":                              {owner: rtevent.Owner{Exe: "/usr/sbin/nginx", ForwardsTo: "10.0.0.2:80"}, first: "wait"},
		"stunnel":                                {owner: rtevent.Owner{Exe: "/usr/bin/stunnel4", Package: &rtevent.Package{Name: "redis"}}, first: "wait"},
		"interpreter":                            {owner: rtevent.Owner{Exe: "/usr/bin/python3.11"}, first: "wait"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := piped(t, silent)
				target.Listener.Holders = []rtevent.Owner{c.owner}
				if c.port != 0 {
					target.Listener.Port = c.port
				}
				f := identify.New(identify.Options{}).Ask(t.Context(), target)
				if len(f.Tried) == 0 || f.Tried[0] != c.first {
					t.Errorf("tried %v, want %s first", f.Tried, c.first)
				}
				if c.port == 6379 && (len(f.Tried) < 2 || f.Tried[1] != "redis") {
					t.Errorf("tried %v: the port orders the rest", f.Tried)
				}
				if f.Connections > 6 {
					t.Errorf("%d connections to a silent peer: %v", f.Connections, f.Tried)
				}
			})
		})
	}
}
