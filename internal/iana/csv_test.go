package iana

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

const heading = "Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,Registration Date," +
	"Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment Notes\n"

// TestReadCSV goes through what makes the official file hard.
func TestReadCSV(t *testing.T) {
	for name, c := range map[string]struct {
		record string
		want   []Row
	}{
		"plain": {"ssh,22,tcp,The Secure Shell,[A_Person],[A_Person_2],2003-02,2015-07-14,[RFC4251],,,\n",
			[]Row{{First: 22, Last: 22, Transports: "t", Name: "ssh", Description: "The Secure Shell", Assignee: "A Person",
				Contact: "A Person", Registered: "2003-02", Modified: "2015-07-14", Reference: "RFC4251"}}},
		"quoted line breaks": {"ocs-cmu,428,udp,\"OCS_CMU\nIANA assigned this well-formed service name as a replacement for \"\"ocs_cmu\"\".\",,,,,,,,\n",
			[]Row{{First: 428, Last: 428, Transports: "u", Name: "ocs-cmu", Description: "OCS_CMU", Notes: "replaces ocs_cmu."}}},
		"alias": {"ocs_cmu,428,udp,OCS_CMU,,,,,,,,\"This entry is an alias to \"\"ocs-cmu\"\".\r\nThis entry is now historic, not usable for use with many\r\ncommon service discovery mechanisms.\"\r\n",
			[]Row{{First: 428, Last: 428, Transports: "u", Name: "ocs_cmu", Description: "OCS_CMU", Notes: "alias of ocs-cmu."}}},
		"duplicate": {"www,80,tcp,,,,,,,,,\"This is a duplicate of the \"\"http\"\" service and should not be used for discovery purposes.\"\n",
			[]Row{{First: 80, Last: 80, Transports: "t", Name: "www", Notes: "duplicate of http."}}},
		"range":                 {"x11,6000-6063,tcp,,,,,,,,on 6003,\n", []Row{{First: 6000, Last: 6063, Transports: "t", Name: "x11", Unauthorized: "on 6003"}}},
		"no transport":          {"boe-cms,6400,,,,,,,,,,\n", []Row{{First: 6400, Last: 6400, Transports: "tu", Name: "boe-cms"}}},
		"no port":               {"argus,,,,,,,,,,,\n", []Row{{First: NoPort, Last: NoPort, Name: "argus"}}},
		"unassigned":            {",4,tcp,Unassigned,,,,,,,,\n", nil},
		"unassigned range":      {",4954-4968,,Unassigned,,,,,,,,\n", nil},
		"unassigned, used":      {",4954-4968,,Unassigned,,,,,,,port 4967,\n", []Row{{First: 4954, Last: 4968, Transports: "tu", Description: "Unassigned", Unauthorized: "port 4967"}}},
		"reserved range":        {",225-241,,Reserved,[Jon_Postel],,,,,,,\n", []Row{{First: 225, Last: 241, Transports: "tu", Description: "Reserved", Assignee: "Jon Postel"}}},
		"taken back":            {",2,tcp,Reserved,,,,,,,,\"De-assigned on 2025-02-13, previously compressnet\"\n", []Row{{First: 2, Last: 2, Transports: "t", Description: "Reserved", Notes: "De-assigned on 2025-02-13, previously compressnet"}}},
		"mail as reference":     {"xadmin,9105,tcp,,,,,,[A Person <person&example.org> 15 June 2009],,,\n", []Row{{First: 9105, Last: 9105, Transports: "t", Name: "xadmin", Reference: "A Person 15 June 2009"}}},
		"several persons":       {"a,9,dccp,,[A_B][C_D],[E],,,[RFC1][RFC2],SC:DISC,,\n", []Row{{First: 9, Last: 9, Transports: "d", Name: "a", Assignee: "A B, C D", Contact: "E", Reference: "RFC1, RFC2"}}},
		"marks of ours":         {"a,9,tcp,,~1-2 B,=,,,,,,\n", []Row{{First: 9, Last: 9, Transports: "t", Name: "a", Assignee: "1-2 B"}}},
		"no reference":          {"a,9,tcp,,,,,,[1][n/a],,,\n", []Row{{First: 9, Last: 9, Transports: "t", Name: "a"}}},
		"control characters":    {"a,9,tcp,\"\x1b[31mred\x00\t&\xff\",,,,,,,,\n", []Row{{First: 9, Last: 9, Transports: "t", Name: "a", Description: "[31mred &\ufffd"}}},
		"short record":          {"a,9,tcp\n", []Row{{First: 9, Last: 9, Transports: "t", Name: "a"}}},
		"capitals, white space": {"a, 9 , TCP ,,,,,,,,,\n", []Row{{First: 9, Last: 9, Transports: "t", Name: "a"}}},
	} {
		got, err := ReadCSV(strings.NewReader(heading + c.record))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadCSVRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "heading",
		"<html>\n":                       "no column",
		"Service Name,Port Number\n":     "no column",
		heading + "a,x,tcp\n":            "line 2: \"x\" is no port",
		heading + "a,70000,tcp\n":        "no port",
		heading + "a,9-3,tcp\n":          "no port",
		heading + "a,1-2-3,tcp\n":        "no port",
		heading + "a,-1,tcp\n":           "no port",
		heading + "a,9,quic\n":           "no transport",
		heading + "a,9,tcp,\"no end\n\n": "quote",
	} {
		if _, err := ReadCSV(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	renamedHeading := strings.Replace(heading, "Unauthorized Use Reported", "Known Unauthorized Uses", 1)
	rows, err := ReadCSV(strings.NewReader("\ufeff" + renamedHeading + "a,9,tcp,,,,,,,,somebody,\n"))
	if err != nil || rows[0].Unauthorized != "somebody" {
		t.Errorf("the older heading: %v, %+v", err, rows)
	}
}

// TestExcerpt holds the embedded table against rows of another copy, of 2014 and in the official form. It knows nothing
// of how the table was made.
func TestExcerpt(t *testing.T) {
	f, err := os.Open("testdata/official-2014-excerpt.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := ReadCSV(f)
	if err != nil {
		t.Fatal(err)
	}
	changed := map[string]string{
		"Apple Remote Desktop (Net Assistant)": "renamed net-assistant",
		"dbsa-lm":                              "replaced by tibet-server on 2015-06-16",
		"radsec":                               "handed to the IESG by RFC 7360",
	}
	compared := 0
	for _, row := range rows {
		for _, x := range transports {
			if row.First == NoPort || row.Name == "" || !row.on(x) {
				continue
			}
			compared++
			claims := Embedded().Claims(x, uint16(row.Last))
			i := slices.IndexFunc(claims, func(c rtevent.Claim) bool { return c.Name == row.Name })
			if changed[row.Name] != "" {
				continue
			}
			if i < 0 {
				t.Errorf("%s/%s: %s is missing", row.ports(), x, row.Name)
				continue
			}
			c := claims[i]
			if row.Assignee != "" && c.Assignee != row.Assignee || row.Registered != "" && c.Registered != row.Registered {
				t.Errorf("%s %s/%s: %q in %q here, %q in %q there", row.Name, row.ports(), x, c.Assignee, c.Registered, row.Assignee, row.Registered)
			}
		}
	}
	if compared < 80 {
		t.Errorf("only %d rows compared", compared)
	}
}

// FuzzReadCSV holds that whatever is read can be written and found again.
func FuzzReadCSV(f *testing.F) {
	f.Add(heading + "ssh,22,tcp,The \"\"Shell\"\",[A_B],[A_B_2],2003-02,,[RFC1][2],,,alias\n")
	f.Add(heading + "a,6000-6063,tcp,\"x\ny\",[A_B],,2003-02,,[RFC1],,,\n,1,,Reserved\nb,,udp,,\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := ReadCSV(strings.NewReader(text))
		if err != nil {
			return
		}
		once := Encode(Header{Names: "2026-01-01"}, rows)
		read, err := openTable(once)
		if err != nil {
			t.Fatal(err)
		}
		if again := Encode(read.Header, slices.Collect(read.all())); again != once {
			t.Errorf("not the same twice: %s", cmp.Diff(once, again))
		}
		for _, r := range rows {
			if r.First != NoPort && !slices.ContainsFunc(slices.Collect(read.at(uint16(r.Last))), func(x Row) bool { return x.Name == r.Name }) {
				t.Errorf("%s %q is not found again", r.ports(), r.Name)
			}
		}
	})
}

// FuzzTable asks a damaged table: it may answer anything, but it must answer.
func FuzzTable(f *testing.F) {
	f.Add(title+"\n# names\t2026-01-01\n6000-6063\ttu\tx11\n1\ttu\ta\tb\t~1-2 c\t=\t2003\n9\tu\td\n\tt\te\n", uint16(1))
	f.Add(title+"\n\t\t\n-\t-\n9\tt\ta\n3\n\n\n", uint16(9))
	f.Fuzz(func(t *testing.T, text string, port uint16) {
		read, err := openTable(text)
		if err != nil {
			return
		}
		r := &Registry{table: read}
		if len(r.Claims(rtevent.TCP, port)) == 0 {
			t.Error("no claim")
		}
		r.Practice(rtevent.UDP, port)
		r.Search("a")
	})
}
