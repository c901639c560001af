package attribute

import (
	"bufio"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// maxRecall bounds the file of remembered digests: some 30,000 of them.
const maxRecall = 4 << 20

// recallHead is its first line; another one is another form.
const recallHead = "rtevent digests 1\n"

// Recall takes over the digests that Remember wrote to a file. A digest counts only for the very same state of a file:
// device, inode, size, and the times of its last modification and change, of which the kernel sets the latter and nobody
// can set it back. So who can forge an entry can as well forge the package's own list of digests. A missing file is none
// to recall; one that others may write is refused.
func (a *Attributor) Recall(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recall digests: %w", err)
	}
	defer f.Close()
	if err := ownFile(f); err != nil {
		return fmt.Errorf("recall digests from %s: %w", path, err)
	}
	lines := bufio.NewReader(io.LimitReader(f, maxRecall))
	if head, err := lines.ReadString('\n'); err != nil || head != recallHead {
		return nil // of another version: it will be written anew
	}
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil
		}
		if key, sum, ok := parseDigest(line); ok {
			a.digests.entry(key).sum = sum
		}
	}
}

// Remember writes the digests that are known to a file, for the next Recall. It replaces the file as a whole.
func (a *Attributor) Remember(path string) error {
	var b strings.Builder
	b.WriteString(recallHead)
	for _, line := range a.digests.lines(time.Now()) {
		b.WriteString(line)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("remember digests: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".digests-*")
	if err != nil {
		return fmt.Errorf("remember digests: %w", err)
	}
	_, err = f.WriteString(b.String())
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("remember digests: %w", err)
	}
	return nil
}

// settled is how long ago a file must have changed last for its state to be told from a later one by its times.
const settled = 2 * time.Second

// lines are the known digests of files whose state is settled.
func (c *digestCache) lines(now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := make([]string, 0, len(c.known))
	for k, d := range c.known {
		select {
		case d.taken <- struct{}{}: // nobody computes it just now
			if d.sum != "" && now.Sub(k.id.changed) > settled {
				lines = append(lines, formatDigest(k, d.sum))
			}
			<-d.taken
		default:
		}
	}
	return lines
}

func formatDigest(k digestKey, sum string) string {
	return fmt.Sprintf("%d %d %d %d %d %d %x\n", k.id.dev, k.id.ino, k.id.size,
		k.id.modified.UnixNano(), k.id.changed.UnixNano(), k.algorithm, sum)
}

func parseDigest(line string) (k digestKey, sum string, ok bool) {
	var modified, changed int64
	var algorithm uint
	n, err := fmt.Sscanf(line, "%d %d %d %d %d %d %x\n", &k.id.dev, &k.id.ino, &k.id.size, &modified, &changed, &algorithm, &sum)
	k.id.modified, k.id.changed = time.Unix(0, modified).UTC(), time.Unix(0, changed).UTC()
	k.algorithm = crypto.Hash(algorithm)
	return k, sum, err == nil && n == 7 && k.algorithm.Available() && len(sum) == k.algorithm.Size()
}
