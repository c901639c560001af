// This file reads the copies of 2015 and of 2026.

package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"rtevent/internal/iana"
)

// fields are the columns of the official CSV and the names that the 2015 copy has for them.
var fields = [][2]string{
	{"Service Name", "ServiceName"}, {"Port Number", "PortNumber"}, {"Transport Protocol", "TransportProtocol"},
	{"Description", "Description"}, {"Assignee", "Assignee"}, {"Contact", "Contact"},
	{"Registration Date", "RegistrationDate"}, {"Modification Date", "ModificationDate"}, {"Reference", "Reference"},
	{"Known Unauthorized Uses", "KnownUnauthorizedUses"}, {"Assignment Notes", "AssignmentNotes"},
}

// readOlder reads the 2015 copy by way of the official form, so that both are understood by one reader.
func readOlder(path string) ([]iana.Row, error) {
	var records []map[string]string
	if err := readJSON(path, &records); err != nil {
		return nil, err
	}
	var form strings.Builder
	w := csv.NewWriter(&form)
	line := make([]string, len(fields))
	for i, f := range fields {
		line[i] = f[0]
	}
	w.Write(line) // a strings.Builder takes everything
	for _, record := range records {
		for i, f := range fields {
			line[i] = record[f[1]]
		}
		w.Write(line)
	}
	w.Flush()
	rows, err := iana.ReadCSV(strings.NewReader(form.String()))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return mend(rows), nil
}

// mend corrects the one row in which the registry had put a person, wrongly encoded, into the place of the reference.
func mend(rows []iana.Row) []iana.Row {
	for i, r := range rows {
		if r.Name == "xadmin" && r.First == 9105 {
			rows[i].Assignee, rows[i].Contact, rows[i].Registered, rows[i].Reference = "Ariën Huisken", "Ariën Huisken", "2009-06-15", ""
		}
	}
	return rows
}

// named is what the 2026 copy knows of a port: the last of its names, and the description.
type named struct{ name, description string }

// readNewer reads the 2026 copy. Its keys are "3706/tcp".
func readNewer(path string) (map[string]named, error) {
	var pairs map[string][2]string
	if err := readJSON(path, &pairs); err != nil {
		return nil, err
	}
	newer := make(map[string]named, len(pairs))
	for key, pair := range pairs {
		newer[key] = named{pair[0], pair[1]}
	}
	return newer, nil
}

func readJSON(path string, into any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
