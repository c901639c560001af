package attribute

import (
	"context"
	"crypto"
	_ "crypto/md5" // dpkg's digest
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	"io"
	"sync"
)

// digest is what an algorithm makes of a file. The zero value is none.
type digest struct {
	algorithm crypto.Hash
	sum       string // raw bytes
}

const (
	maxDigests = 4096    // remembered
	maxHashed  = 2 << 30 // bytes of one file that are read for a digest
)

// digestCache computes every digest once, however many ask for it, and few at a time.
type digestCache struct {
	mu    sync.Mutex
	known map[digestKey]*knownDigest
	slots chan struct{}
}

type digestKey struct {
	id        fileID
	algorithm crypto.Hash
}

// knownDigest is taken while it is computed: who wants it too waits for the one who computes.
type knownDigest struct {
	taken chan struct{}
	sum   string
}

func newDigestCache(atOnce int) digestCache {
	return digestCache{known: map[digestKey]*knownDigest{}, slots: make(chan struct{}, atOnce)}
}

// sum computes the digest of a file in this state, or remembers it.
func (c *digestCache) sum(ctx context.Context, f io.Reader, id fileID, algorithm crypto.Hash) (string, error) {
	d := c.entry(digestKey{id, algorithm})
	for _, turn := range []chan struct{}{d.taken, c.slots} {
		select {
		case turn <- struct{}{}:
			defer func() { <-turn }()
		case <-ctx.Done():
			return "", ctx.Err()
		}
		if d.sum != "" {
			return d.sum, nil
		}
	}
	sum, err := hash(ctx, f, algorithm)
	d.sum = sum
	return sum, err
}

func (c *digestCache) entry(key digestKey) *knownDigest {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.known[key]
	if d == nil {
		if len(c.known) >= maxDigests {
			clear(c.known)
		}
		d = &knownDigest{taken: make(chan struct{}, 1)}
		if key.id != (fileID{}) {
			c.known[key] = d
		}
	}
	return d
}

// hash reads a file to its end unless ctx ends before.
func hash(ctx context.Context, f io.Reader, algorithm crypto.Hash) (string, error) {
	h := algorithm.New()
	b := make([]byte, 256<<10)
	for total := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(b)
		h.Write(b[:n])
		total += int64(n)
		switch {
		case err == io.EOF:
			return string(h.Sum(nil)), nil
		case err != nil:
			return "", err
		case total > maxHashed:
			return "", fmt.Errorf("longer than %d bytes", int64(maxHashed))
		}
	}
}
