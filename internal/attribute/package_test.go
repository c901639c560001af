package attribute

import (
	"context"
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// textFiles makes files out of names and texts; a text that begins with "-> " is a symbolic link.
func textFiles(texts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		if len(text) > 3 && text[:3] == "-> " {
			files[name] = &fstest.MapFile{Data: []byte(text[3:]), Mode: 0o777 | fs.ModeSymlink}
		}
	}
	return files
}

const (
	emptyMD5 = "d41d8cd98f00b204e9800998ecf8427e"
	otherMD5 = "0cc175b9c0f1b6a831c399e269772661"
)

func TestDpkg(t *testing.T) {
	files := textFiles(map[string]string{
		"bin":  "-> usr/bin",
		"sbin": "-> usr/sbin",
		"var/lib/dpkg/status": `Package: iproute2
Status: install ok installed
Architecture: amd64
Multi-Arch: foreign
Version: 6.1.0-3
Description: networking
 Version: 0

Package: libfoo
Status: install ok installed
Architecture: i386
Multi-Arch: same
Version: 1.0

Package: libfoo
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Version: 1.0

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 9

Package: dash
Status: install ok installed
Version: 0.5

Package: gone
Status: install ok installed
Version: 8

Package: kernel-tools
Status: install ok half-configured
Version: 6.1

Package: kernel-tools-next
Status: install ok installed
Version: 7.0
`,
		"var/lib/dpkg/updates/0000":                   "Package: fresh\nStatus: install ok half-configured\nVersion: 0.9\n",
		"var/lib/dpkg/updates/0001":                   "Package: fresh\nStatus: install ok installed\nVersion: 1.0\n\nPackage: gone\nStatus: deinstall ok not-installed\n",
		"var/lib/dpkg/updates/tmp.i":                  "Package: dash\nStatus: install ok installed\nVersion: 99\n",
		"var/lib/dpkg/info/fresh.list":                "/usr/bin/fresh\n",
		"var/lib/dpkg/info/gone.list":                 "/usr/bin/gone\n",
		"var/lib/dpkg/diversions":                     "/usr/bin/perf\n/usr/bin/perf.old\nkernel-tools-next\n/bin/local\n/bin/local.orig\n:\n",
		"var/lib/dpkg/info/iproute2.list":             "/.\n/bin\n/bin/ss\n/usr/bin/rtstat\n",
		"var/lib/dpkg/info/iproute2.md5sums":          emptyMD5 + "  bin/ss\n" + otherMD5 + "  usr/bin/rtstat\n",
		"var/lib/dpkg/info/libfoo:amd64.list":         "/usr/lib/x86_64/foo\n",
		"var/lib/dpkg/info/libfoo:i386.list":          "/usr/lib/i386/foo\n",
		"var/lib/dpkg/info/removed.list":              "/usr/bin/removed\n",
		"var/lib/dpkg/info/dash.list":                 "/bin/local\n",
		"var/lib/dpkg/info/kernel-tools.list":         "/usr/bin/perf\n",
		"var/lib/dpkg/info/kernel-tools.md5sums":      "nonsense\n" + emptyMD5 + "  usr/bin/perf\n",
		"var/lib/dpkg/info/kernel-tools-next.list":    "/usr/bin/perf\n",
		"var/lib/dpkg/info/kernel-tools-next.md5sums": otherMD5 + "  usr/bin/perf\n",
	})
	own := func(name, version, sum string) owned {
		o := owned{pkg: rtevent.Package{Manager: "dpkg", Name: name, Version: version}}
		if raw, _ := hex.DecodeString(sum); len(raw) > 0 {
			o.digest = digest{crypto.MD5, string(raw)}
		}
		return o
	}
	want := map[string]owned{
		"/usr/bin/ss":         own("iproute2", "6.1.0-3", emptyMD5), // listed as /bin/ss
		"/usr/bin/rtstat":     own("iproute2", "6.1.0-3", otherMD5),
		"/usr/bin/fresh":      own("fresh", "1.0", ""), // only in dpkg's journal
		"/usr/lib/i386/foo":   own("libfoo", "1.0", ""),
		"/usr/bin/perf":       own("kernel-tools-next", "7.0", otherMD5), // the diverting package's
		"/usr/bin/perf.old":   own("kernel-tools", "6.1", emptyMD5),      // diverted away
		"/usr/bin/local.orig": own("dash", "0.5", ""),                    // diverted by the administrator
	}
	paths := []string{"/usr/bin/removed", "/usr/bin/gone", "/usr/local/bin/x", "/usr/bin/local"}
	for p := range want {
		paths = append(paths, p)
	}
	got, err := findOwners(context.Background(), files, paths)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(owned{}, digest{})); diff != "" {
		t.Error(diff)
	}
}

func TestDistroless(t *testing.T) {
	files := textFiles(map[string]string{
		"var/lib/dpkg/status.d/nginx":         "Package: nginx\nVersion: 1.22.1-9\n",
		"var/lib/dpkg/status.d/nginx.md5sums": emptyMD5 + "  usr/sbin/nginx\n",
	})
	got, err := findOwners(context.Background(), files, []string{"/usr/sbin/nginx", "/app"})
	want := map[string]owned{"/usr/sbin/nginx": {rtevent.Package{Manager: "dpkg", Name: "nginx", Version: "1.22.1-9"}, md5Digest(emptyMD5)}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(owned{}, digest{})); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func md5Digest(s string) digest {
	raw, _ := hex.DecodeString(s)
	return digest{crypto.MD5, string(raw)}
}

// TestApk reads an excerpt of the database of Alpine 3.14.1.
func TestApk(t *testing.T) {
	files := fstest.MapFS{"lib/apk/db/installed": {Data: recorded(t, "apk-installed")}}
	got, err := findOwners(context.Background(), files, []string{"/bin/busybox", "/sbin/apk", "/lib/ld-musl-armhf.so.1", "/bin/apk", "/tmp"})
	sha1 := func(s string) digest {
		raw, _ := base64.StdEncoding.DecodeString(s)
		return digest{crypto.SHA1, string(raw)}
	}
	want := map[string]owned{
		"/bin/busybox":            {rtevent.Package{Manager: "apk", Name: "busybox", Version: "1.33.1-r3"}, sha1("+ddy2ckI38UVCqDGhhaRXHp3lf0=")},
		"/sbin/apk":               {rtevent.Package{Manager: "apk", Name: "apk-tools", Version: "2.12.6-r0"}, sha1("H391DXsJ5blxBR5JZKhpkCBu8mU=")},
		"/lib/ld-musl-armhf.so.1": {rtevent.Package{Manager: "apk", Name: "musl", Version: "1.2.2-r3"}, sha1("OR21cpf2INrOZXtXeMnWdqhkld4=")},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(owned{}, digest{})); diff != "" || err != nil {
		t.Error(err, diff)
	}
}

func TestOwnerByPath(t *testing.T) {
	files := textFiles(map[string]string{
		"snap/lxd/24322/meta/snap.yaml": "name: lxd\nversion: '5.0.2-838e1b2'\nsummary: x\n",
		".flatpak-info":                 "[Application]\nname=org.syncthing.Syncthing\nruntime=x\n",
	})
	tests := map[string]*rtevent.Package{
		"/snap/lxd/24322/bin/lxd":                                        {Manager: "snap", Name: "lxd", Version: "5.0.2-838e1b2"},
		"/snap/other/1/bin/x":                                            {Manager: "snap", Name: "other"},
		"/app/bin/syncthing":                                             {Manager: "flatpak", Name: "org.syncthing.Syncthing"},
		"/nix/store/abc-nginx-1.24.0/bin/n":                              {Manager: "nix", Name: "nginx", Version: "1.24.0"},
		"/nix/store/abc-my-tool/bin/t":                                   {Manager: "nix", Name: "my-tool"},
		"/gnu/store/abc-openssh-9.3p1/b/s":                               {Manager: "guix", Name: "openssh", Version: "9.3p1"},
		"/home/linuxbrew/.linuxbrew/Cellar/redis/7.2.4/bin/redis-server": {Manager: "brew", Name: "redis", Version: "7.2.4"},
		"/usr/sbin/nginx":                                                nil,
		"/snap/x":                                                        nil,
		"/nix/store/x":                                                   nil,
		"/":                                                              nil,
		"":                                                               nil,
	}
	for file, want := range tests {
		if diff := cmp.Diff(want, ownerByPath(files, file)); diff != "" {
			t.Errorf("%s\n%s", file, diff)
		}
	}
}

// TestOwnerCache asks twice, and again when the database has changed.
func TestOwnerCache(t *testing.T) {
	files := textFiles(map[string]string{
		"var/lib/dpkg/status":          "Package: a\nStatus: install ok installed\nVersion: 1\n",
		"var/lib/dpkg/info/a.list":     "/usr/bin/a\n",
		"var/lib/dpkg/info/next.list":  "/usr/bin/a\n",
		"var/lib/dpkg/info/other.list": "/usr/bin/other\n",
	})
	s := &system{id: fileID{ino: 1}, files: files}
	var c ownerCache
	ask := func(want string) {
		t.Helper()
		got, err := c.find(context.Background(), s, []string{"/usr/bin/a", "/usr/bin/nobody"})
		name := "nobody"
		if got["/usr/bin/a"] != nil {
			name = got["/usr/bin/a"].pkg.Name
		}
		if err != nil || name != want || got["/usr/bin/nobody"] != nil {
			t.Errorf("got %s, %v; want %s", name, err, want)
		}
	}
	ask("a")
	delete(files, "var/lib/dpkg/info/a.list") // is not read again
	ask("a")
	files["var/lib/dpkg/status"] = &fstest.MapFile{Data: []byte("Package: next\nStatus: install ok installed\nVersion: 2.0\n")}
	ask("next")
	delete(files, "var/lib/dpkg/status")
	if _, err := c.find(context.Background(), s, []string{"/usr/bin/a"}); err != errNoDatabase {
		t.Errorf("without a database: %v", err)
	}
}

func TestUpstream(t *testing.T) {
	tests := []struct{ manager, version, want string }{
		{"dpkg", "5:7.0.15-1~deb12u6", "7.0.15"},
		{"dpkg", "1:9.2p1-2+deb12u7", "9.2p1"},
		{"dpkg", "2:4.17.12+dfsg-0+deb12u2", "4.17.12"},
		{"dpkg", "1:10.11.19-0+deb12u1", "10.11.19"},
		{"dpkg", "3.0.3-13+b2", "3.0.3"},
		{"dpkg", "5.2+20150808-1.4", "5.2+20150808"},
		{"dpkg", "17.0.15+6-1~deb12u1", "17.0.15"},
		{"dpkg", "1:2.39.5-0+deb12u2", "2.39.5"},
		{"dpkg", "10.1.60-1~deb12u1", "10.1.60"},
		{"dpkg", "8.2.36-1~deb12u1", "8.2.36"},
		{"dpkg", "1.24.0-2ubuntu7.1", "1.24.0"},
		{"dpkg", "2.4.2+really2.4.1-1", "2.4.1"},
		{"dpkg", "20.20.2-1nodesource1", "20.20.2"},
		{"dpkg", "6.0-2-3", "6.0-2"},
		{"dpkg", "1.0", "1.0"},
		{"rpm", "2:1.4.2-3.el9", "1.4.2"},
		{"rpm", "8.7p1-38.el9_4.4", "8.7p1"},
		{"apk", "9.6_p1-r0", "9.6p1"},
		{"apk", "1.26.2-r10", "1.26.2"},
		{"snap", "5.0.2-838e1b2", "5.0.2-838e1b2"},
		{"dpkg", "", ""},
	}
	for _, tt := range tests {
		if got := Upstream(rtevent.Package{Manager: tt.manager, Version: tt.version}); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.manager, tt.version, got, tt.want)
		}
	}
}
