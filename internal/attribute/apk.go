package attribute

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"io/fs"
	"path"
	"strings"

	"rtevent"
)

// findApk reads the database of Alpine: a line for each fact, its kind in the first letter, a paragraph for each
// package.
func findApk(_ context.Context, files fs.FS, database string, paths []string) (map[string]owned, error) {
	b, err := readFile(files, database, maxDatabase)
	if err != nil {
		return nil, err
	}
	wanted := map[string]string{}
	links := mergedDirs(files)
	for _, p := range paths {
		for _, name := range aliases(links, p) {
			wanted[name] = p
		}
	}
	return parseApk(b, wanted), nil
}

// parseApk finds files, given by the paths the database may have for them, with their packages.
func parseApk(b []byte, wanted map[string]string) map[string]owned {
	found := map[string]owned{}
	var pkg rtevent.Package
	var dir, file string
	for line := range bytes.Lines(b) {
		kind, value, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), ":")
		switch kind {
		case "": // between packages
			pkg, dir, file = rtevent.Package{}, "", ""
		case "P":
			pkg.Manager, pkg.Name = "apk", value
		case "V":
			pkg.Version = value
		case "F":
			dir, file = value, ""
		case "R":
			file = wanted[path.Join("/", dir, value)]
			if file != "" {
				found[file] = owned{pkg: pkg}
			}
		case "Z":
			if file != "" {
				found[file] = owned{pkg: pkg, digest: apkDigest(value)}
			}
		}
	}
	return found
}

// apkDigest reads "Q1" and a SHA-1, or "Q2" and a SHA-256, in base64.
func apkDigest(s string) digest {
	algorithm := crypto.SHA1
	text, ok := strings.CutPrefix(s, "Q1")
	if !ok {
		algorithm = crypto.SHA256
		text, ok = strings.CutPrefix(s, "Q2")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(raw) != algorithm.Size() {
		return digest{}
	}
	return digest{algorithm, string(raw)}
}
