// A copy of the engine's own configuration of our streams. When a power cut or a bad disk spoils the engine's, it takes
// the whole stream for gone, although its blocks are all there.

package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// configFiles are those of one stream that the engine needs to know it.
var configFiles = []string{"meta.inf", "meta.sum"}

// keepConfig copies what the engine has.
func keepConfig(o Options) error {
	return eachConfig(o, func(original, kept string) error {
		b, err := os.ReadFile(original)
		if err != nil {
			return err
		}
		if old, ok := readKept(kept); ok && bytes.Equal(old, b) {
			return nil
		}
		return writeSynced(kept, append(digest(b), b...))
	})
}

// restoreConfig gives back to the engine what it lacks, before it starts.
func restoreConfig(o Options) error {
	return eachConfig(o, func(original, kept string) error {
		b, ok := readKept(kept)
		if !ok {
			return nil
		}
		if _, err := os.Stat(filepath.Dir(original)); errors.Is(err, fs.ErrNotExist) {
			return nil // the stream is gone altogether
		}
		if have, err := os.ReadFile(original); err == nil && bytes.Equal(have, b) {
			return nil
		}
		o.Log.Warn("the engine's configuration is damaged or unfinished: restored", "file", original)
		return writeSynced(original, b)
	})
}

func eachConfig(o Options, do func(original, kept string) error) error {
	for _, stream := range []string{logStream, stateStream} {
		for _, file := range configFiles {
			if err := do(filepath.Join(streamDir(o.Dir, stream), file), filepath.Join(o.Dir, stream+"."+file)); err != nil {
				return fmt.Errorf("copy of the configuration of %s: %w", stream, err)
			}
		}
	}
	return nil
}

// readKept reads a copy, unless that is damaged itself.
func readKept(file string) ([]byte, bool) {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < 2*sha256.Size+1 {
		return nil, false
	}
	head, body := b[:2*sha256.Size+1], b[2*sha256.Size+1:]
	return body, bytes.Equal(head, digest(body))
}

// digest is the first line of a copy.
func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(hex.AppendEncode(nil, sum[:]), '\n')
}
