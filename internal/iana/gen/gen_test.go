package main

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rtevent/internal/iana"
)

// text has the form of the registry of 2008; the persons in it are the registry's, their addresses are not.
const text = `
PORT NUMBERS
rt-event        3706/tcp   Real-Time Event Port
rt-event        3706/udp   Real-Time Event Port
rt-event-s      3707/tcp   Real-Time Event Secure Port
rt-event-s      3707/udp   Real-Time Event Secure Port
#                          Terry Gin <someone&example.com> February 2003
adobeserver-5   3705/tcp   Adobe Server 5
#                          Previous Contact: Frank Soetebeer <f&example.com> January 2003
#                          Current Contact: Bernd Paradies <b&example.com> 14 January 2008
mailbox         2004/tcp
invokator       2006/tcp
raid-cs         2015/tcp   raid
#                          Ian Wilson <i&example.com> November 2004
#                2016/tcp   Unassigned
lonely          2017/tcp   Lonely
#                2018/tcp   Unassigned
#                          Not Hers <n&example.com>
phone           2019/tcp   Phone
#                          Martine Marchand 16 1 46 59 24 84
                2020/tcp   Reserved
plain           2021/tcp   Plain
#                          Wes Doonan
#                          (Need contact info)
`

func TestBlocks(t *testing.T) {
	row := func(port int, transports, name string) iana.Row {
		return iana.Row{First: port, Last: port, Transports: transports, Name: name}
	}
	rows := []iana.Row{row(3706, "t", "rt-event"), row(3706, "u", "rt-event"), row(3706, "s", "rt-event"), row(3707, "t", "rt-event-s"),
		row(3705, "t", "adobeserver-5"), row(2004, "t", "mailbox"), row(2015, "t", "raid-cs"), row(2017, "t", "lonely"),
		row(2019, "t", "phone"), row(2020, "t", ""), row(2021, "t", "plain"), row(3706, "t", "other")}
	rows[3].Assignee = "Somebody Else"
	attribute(rows, readBlocks(text))
	var got []string
	for _, r := range rows {
		got = append(got, r.Block+"|"+r.Assignee+"|"+r.Registered)
	}
	want := []string{"3706-3707|Terry Gin|2003-02", "3706-3707|Terry Gin|2003-02", "||", "|Somebody Else|",
		"3705|Bernd Paradies|2008-01-14",
		"||", // of no kind with the last of its block
		"2004-2015|Ian Wilson|2004-11", "||", "||", "||", "2021|Wes Doonan|", "||"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMerge(t *testing.T) {
	row := func(port int, transports, name, description string) iana.Row {
		return iana.Row{First: port, Last: port, Transports: transports, Name: name, Description: description}
	}
	older := []iana.Row{row(1, "tu", "tcpmux", "old words"), row(2, "t", "compressnet", "gone"), row(3, "t", "a", "A"), row(3, "t", "b", "B"),
		row(4, "t", "", "Reserved"), row(5, "t", "", "Reserved"), row(465, "t", "urd", "stays"), row(iana.NoPort, "t", "airplay", ""),
		row(6400, "tu", "boe-cms", "no transport"), row(8, "t", "before", "replaced"), row(24, "t", "", "any private mail system")}
	newer := map[string]named{"1/tcp": {"tcpmux", "new words"}, "1/udp": {"tcpmux", "old words"}, "2/tcp": {"", "Reserved"}, "3/tcp": {"b", "B"},
		"4/tcp": {"", "Unassigned"}, "5/tcp": {"five", "Five"}, "465/tcp": {"submissions", "S"}, "8/tcp": {"after", "R"},
		"9/sctp": {"discard", "Discard"}, "24/tcp": {"", "any private mail system"}, "bad": {"bad", ""}}
	state := func(r iana.Row, s iana.State) iana.Row { r.State = s; return r }
	want := []iana.Row{row(1, "t", "tcpmux", "new words"), row(1, "u", "tcpmux", "old words"), state(row(2, "t", "compressnet", "gone"), iana.Gone),
		row(3, "t", "a", "A"), row(3, "t", "b", "B"), row(465, "t", "urd", "stays"), row(iana.NoPort, "t", "airplay", ""),
		row(6400, "t", "boe-cms", "no transport"), row(6400, "u", "boe-cms", "no transport"), state(row(8, "t", "before", "replaced"), iana.Gone),
		row(24, "t", "", "any private mail system"),
		row(2, "t", "", "Reserved"), state(row(465, "t", "submissions", "S"), iana.New), state(row(5, "t", "five", "Five"), iana.New),
		state(row(8, "t", "after", "R"), iana.New), state(row(9, "s", "discard", "Discard"), iana.New)}
	if diff := cmp.Diff(want, merge(older, newer)); diff != "" {
		t.Error(diff)
	}
}

// TestSame makes the table again where its sources are at hand: the same sources give the same bytes.
func TestSame(t *testing.T) {
	got, err := generate("../../../.cache/iana")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are not here: go generate ./internal/iana fetches them")
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../data/registry.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("data/registry.tsv differs from what its sources give: run go generate ./internal/iana")
	}
}
