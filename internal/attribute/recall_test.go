package attribute

import (
	"crypto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRememberAndRecall(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache", "digests")
	settledFile := fileID{dev: 1, ino: 2, size: 3, modified: time.Unix(4, 5).UTC(), changed: time.Unix(6, 7).UTC()}
	freshFile := settledFile
	freshFile.changed = time.Now()

	a := New("")
	for _, id := range []fileID{settledFile, freshFile} {
		if _, err := a.digests.sum(t.Context(), strings.NewReader("content"), id, crypto.MD5); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Remember(path); err != nil {
		t.Fatal(err)
	}
	b := New("")
	if err := b.Recall(path); err != nil {
		t.Fatal(err)
	}
	if len(b.digests.known) != 1 {
		t.Errorf("recalled %d digests, want only the one of the settled file", len(b.digests.known))
	}
	want, _ := a.digests.sum(t.Context(), nil, settledFile, crypto.MD5)
	got, err := b.digests.sum(t.Context(), strings.NewReader("other content: must not be read"), settledFile, crypto.MD5)
	if err != nil || got != want {
		t.Errorf("got %x, %v, want %x", got, err, want)
	}
	changed := settledFile
	changed.changed = time.Unix(6, 8).UTC()
	if got, _ := b.digests.sum(t.Context(), strings.NewReader("altered"), changed, crypto.MD5); got == want {
		t.Error("a file that changed has the digest of its former state")
	}
}

func TestRecallRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "digests")
	if err := New("").Recall(path); err != nil {
		t.Errorf("a missing file: %v", err)
	}
	damaged := recallHead + "1 2 3\nx\n1 2 3 4 5 2 abcd\n" + strings.Repeat("9", 1<<16)
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	a := New("")
	if err := a.Recall(path); err != nil || len(a.digests.known) != 0 {
		t.Errorf("a damaged file gave %d digests, %v", len(a.digests.known), err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := New("").Recall(path); err == nil {
		t.Error("took the word of a file that anybody may write")
	}
}
