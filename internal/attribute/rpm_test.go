package attribute

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"encoding/binary"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// recorded reads a file of testdata, unpacked where it is packed.
//
// The databases were made by rpm 4.18 from three packages built for it: hello-agent 2:1.4.2-3, many-files 2.0-1 with
// 400 files, and third 3.1-1.el9, whose installation is still in the write-ahead log. Packages is the first two as
// db5.3_load writes them from rpm's own headers; rpm reads it (backend bdb_ro).
func recorded(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) != ".gz" {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

func sha256Digest(s string) digest {
	raw, _ := hex.DecodeString(s)
	return digest{crypto.SHA256, string(raw)}
}

func TestRpm(t *testing.T) {
	hello := rtevent.Package{Manager: "rpm", Name: "hello-agent", Version: "2:1.4.2-3"}
	many := rtevent.Package{Manager: "rpm", Name: "many-files", Version: "2.0-1"}
	// The digests are those of the installed files.
	both := map[string]owned{
		"/usr/sbin/hello-agent":     {hello, sha256Digest("360f4f8ed6fe1ab1ceb7e48c714510bd07a222d170f1bd92c803915d3447dd91")},
		"/usr/lib/hello/agent":      {hello, sha256Digest("a325dcacb80b202a014b420b93fc19061900018f8ce216d0a0cb00d610ec7f97")},
		"/opt/many/bin/agent":       {many, sha256Digest("7994c7881558bd72c4dfe4fedb9780b955f67b98a0fd675629e1da888bc0d783")},
		"/usr/share/many/7/file-47": {many, sha256Digest("e3667f7d8c030260bf49046f955ec9bebdb9a4cb8a66b812fd498ded5431a821")},
		"/var/lib/many/state":       {many, digest{}}, // owned, but not delivered
	}
	three := map[string]owned{"/usr/sbin/third": {
		rtevent.Package{Manager: "rpm", Name: "third", Version: "3.1-1.el9"}, sha256Digest("e11d30e7a21f6335fb749e009ff875d448a0fad998ba82a7057ebe1faf8e6c05")}}
	for p, o := range both {
		three[p] = o
	}
	sqlite, wal, bdb := recorded(t, "rpmdb.sqlite.gz"), recorded(t, "rpmdb.sqlite-wal.gz"), recorded(t, "rpm-Packages.gz")
	tests := []struct {
		name  string
		files fstest.MapFS
		want  map[string]owned
	}{
		{"sqlite", fstest.MapFS{"var/lib/rpm/rpmdb.sqlite": {Data: sqlite}, "var/lib/rpm/rpmdb.sqlite-wal": {}}, both},
		{"sqlite with a log", fstest.MapFS{"usr/lib/sysimage/rpm/rpmdb.sqlite": {Data: sqlite}, "usr/lib/sysimage/rpm/rpmdb.sqlite-wal": {Data: wal}}, three},
		{"berkeley db", fstest.MapFS{"var/lib/rpm/Packages": {Data: bdb}}, both},
		{"ndb", fstest.MapFS{"usr/lib/sysimage/rpm/Packages.db": {Data: ndb(t, bdb)}}, both},
	}
	for _, tt := range tests {
		paths := []string{"/usr/sbin/agent", "/nowhere", "/usr/share/many/8/file-47"}
		for p := range three {
			paths = append(paths, p)
		}
		got, err := findOwners(context.Background(), tt.files, paths)
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(owned{}, digest{})); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.name, err, diff)
		}
	}
}

// ndb writes the headers of another database as rpm's ndb does, for want of an rpm here that can: the head and a page
// of slots, then the blobs.
func ndb(t testing.TB, packages []byte) []byte {
	le := binary.LittleEndian
	file := make([]byte, 4096)
	copy(file, "RpmP")
	le.PutUint32(file[12:], 1)
	slot := 32
	for h, err := range rpmBDB(bytes.NewReader(packages), int64(len(packages))) {
		if err != nil {
			t.Fatal(err)
		}
		blob := append([]byte("BlbS"), make([]byte, 12)...)
		le.PutUint32(blob[12:], uint32(len(h)))
		blob = append(blob, h...)
		blob = append(blob, make([]byte, 12)...) // checksum, length and the end mark
		blob = append(blob, make([]byte, (16-len(blob)%16)%16)...)
		copy(file[slot:], "Slot")
		le.PutUint32(file[slot+4:], uint32(slot))
		le.PutUint32(file[slot+8:], uint32(len(file)/16))
		le.PutUint32(file[slot+12:], uint32(len(blob)/16))
		file = append(file, blob...)
		slot += 16
	}
	for ; slot < 4096; slot += 16 {
		copy(file[slot:], "Slot")
	}
	return file
}

// TestRpmDamaged cuts each database short and flips bytes in it: an error or another answer, but never a crash and
// always an end.
func TestRpmDamaged(t *testing.T) {
	bdb := recorded(t, "rpm-Packages.gz")
	for name, whole := range map[string][]byte{
		"var/lib/rpm/rpmdb.sqlite": recorded(t, "rpmdb.sqlite.gz"), "var/lib/rpm/Packages": bdb, "var/lib/rpm/Packages.db": ndb(t, bdb),
	} {
		for cut := 0; cut < len(whole); cut += len(whole)/50 + 1 {
			ask(whole[:cut], name)
			flipped := bytes.Clone(whole)
			for i := cut; i < min(cut+40, len(flipped)); i++ {
				flipped[i] ^= 0xff
			}
			ask(flipped, name)
		}
	}
}

func ask(database []byte, name string) {
	files := fstest.MapFS{name: {Data: database}}
	findOwners(context.Background(), files, []string{"/usr/sbin/hello-agent", "/opt/many/bin/agent"})
}
