package attribute

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"rtevent"
)

// FuzzProcess feeds every reader of what a process tells of itself.
func FuzzProcess(f *testing.F) {
	f.Add("4123 (sshd) S 1 4123 4123 0 -1 4194560 820 0 0 0 1 0 0 0 20 0 1 0 98765 1", "0::/system.slice/docker-"+id+".scope\n", "python3\x00-m\x00http.server\x00")
	f.Add("1 (a) b) R", "4:x:/lxc/\n", "java\x00-cp\x00/a/*:b.jar\x00--module=\x00Main")
	f.Add("", "::", "node\x00-e\x00")
	f.Add("", "", "docker-proxy\x00-container-ip\x00::1\x00-container-port\x0080")
	f.Add("", "", "ssh\x00-fL[\x00-L]:1:2:3\x00h")
	files := textFiles(map[string]string{"a/x.jar": "PK", "srv/package.json": "{", "etc/inetd.conf": "a b tcp\n:\n", "etc/services": "a 1/tcp"})
	exes := []string{"python3.11", "node", "java", "ruby", "perl", "php", "lua", "beam.smp", "dotnet", "sh", "ssh", "socat", "kubectl", "docker-proxy", "pasta", "inetd", "systemd-socket-activate", "stunnel"}
	f.Fuzz(func(t *testing.T, stat, cgroup, cmdline string) {
		parseStat([]byte(stat))
		parseUID([]byte(stat))
		insideUID([]byte(stat), 5)
		parsePasswd([]byte(stat))
		unitOf(cgroup)
		containerOf(cgroup, nil)
		containerOfMounts(cgroup)
		args := parseArgs([]byte(cmdline))
		kept, _ := cutArgs(args, 10)
		if total := len(strings.Join(kept, "\x00")); total > 10 {
			t.Errorf("%d bytes kept of 10", total)
		}
		for _, exe := range exes {
			p := &process{pid: 1, args: args, cwd: "/srv", exe: executable{path: "/usr/bin/" + exe}, system: &system{files: files}}
			o := rtevent.Owner{Exe: p.exe.path, Program: programOf(p)}
			bound(&o)
			if o.Program != nil && len(o.Program.Name) > maxName {
				t.Errorf("a name of %d bytes", len(o.Program.Name))
			}
			activates(files, at("tcp 127.0.0.1:80"), p)
			forwardsTo(files, at("tcp 127.0.0.1:80"), p)
		}
	})
}

// FuzzFiles feeds every reader of a file that a process's own tree may hold.
func FuzzFiles(f *testing.F) {
	f.Add([]byte("Package: a\nStatus: install ok installed\nVersion: 1\n\n"))
	f.Add([]byte("P:a\nV:1\nF:bin\nR:x\nZ:Q1AAAA\n"))
	f.Add([]byte("[Socket]\nListenStream=22\n[project]\nname=\"x\"\n"))
	f.Add([]byte("127.0.0.1:23 stream tcp nowait root /usr/sbin/tcpd in.telnetd\nservice x\n{\nport=23\n}\n"))
	f.Add([]byte(`{"name":"x","version":"1","annotations":{}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		parseStatus(b)
		md5For(b, "/bin/x")
		parseApk(b, map[string]string{"/bin/x": "/bin/x"})
		parseUnit(b)
		e := at("tcp 127.0.0.1:23")
		parseInetd(string(b), e, nil)
		parseXinetd(string(b), e, nil)
		e.matches(string(b))
		readManifest(b)
		readPyproject(b)
		readGoMod(b)
		storePackage("nix", string(b))
		Upstream(rtevent.Package{Manager: "dpkg", Version: string(b)})
		if s := cutText(string(b), 7); len(s) > 7 || utf8.Valid(b) && !utf8.ValidString(s) {
			t.Errorf("%q cut to %q", b, s)
		}
		files := fstest.MapFS{"x.jar": {Data: b}, "var/lib/dpkg/diversions": {Data: b}}
		jarManifest(files, "/x.jar")
		dpkgWanted(files, []string{"/bin/x"})
	})
}

// FuzzRpm feeds the readers of rpm's databases, with the log of the SQLite one too. Inputs are long: fuzz it with
// -fuzzminimizetime 1x, or the time goes into shortening them.
func FuzzRpm(f *testing.F) {
	bdb := recorded(f, "rpm-Packages.gz")
	f.Add(recorded(f, "rpmdb.sqlite.gz")[:3*4096], recorded(f, "rpmdb.sqlite-wal.gz")[:3*4096])
	f.Add(bdb[:4*4096], []byte{})
	f.Add(ndb(f, bdb)[:5000], []byte{})
	for h := range rpmBDB(strings.NewReader(string(bdb)), int64(len(bdb))) {
		f.Add(h[:min(len(h), 3000)], []byte{})
	}
	wanted := wantRpm(fstest.MapFS{}, []string{"/usr/sbin/hello-agent"})
	f.Fuzz(func(t *testing.T, b, wal []byte) {
		if len(b)+len(wal) > 1<<16 {
			return // long inputs only make the search slow
		}
		wanted.match(b, map[string]owned{})
		for _, name := range []string{"rpmdb.sqlite", "Packages.db", "Packages"} {
			files := fstest.MapFS{"var/lib/rpm/" + name: {Data: b}, "var/lib/rpm/rpmdb.sqlite-wal": {Data: wal}}
			findRpm(context.Background(), files, "/var/lib/rpm/"+name, []string{"/usr/sbin/hello-agent"})
		}
	})
}
