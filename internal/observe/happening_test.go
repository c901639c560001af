package observe

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// event makes a record as bpf/events.c sends it.
func event(kind happeningKind, cookie uint64, port uint16, exe string) []byte {
	b := make([]byte, happeningSize, happeningSize+len(exe))
	little := binary.LittleEndian
	little.PutUint64(b[0:], 5e9)
	little.PutUint64(b[8:], cookie)
	little.PutUint64(b[16:], 77)
	little.PutUint64(b[32:], 4e9)
	little.PutUint32(b[48:], 4026531833)
	little.PutUint32(b[52:], 812)
	little.PutUint32(b[56:], 33)
	little.PutUint16(b[64:], port)
	little.PutUint16(b[66:], uint16(len(exe)))
	b[68], b[69] = byte(kind), familyIPv4
	copy(b[80:], []byte{127, 0, 0, 1})
	copy(b[96:], "web")
	return append(b, exe...)
}

func TestParseHappening(t *testing.T) {
	crowd := &people{}
	raw := event(tcpOpened, 9, 80, "nginx\x00sbin\x00usr\x00")
	h, ok := parseHappening(raw, crowd)
	if !ok {
		t.Fatal("not understood")
	}
	s := h.socket()
	s.room = &room{}
	got := merge([]socket{s}, time.Unix(0, 0))[0]
	want := rtevent.Listener{
		Transport: rtevent.TCP, Address: netip.MustParseAddr("127.0.0.1"), Port: 80, Scope: rtevent.Loopback,
		Holders: []rtevent.Owner{{PID: 812, Name: "web", Exe: "/usr/sbin/nginx", UID: new(uint32(33)), Started: time.Unix(4, 0).UTC()}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if again, _ := parseHappening(raw, crowd); again.process != h.process {
		t.Error("one process is kept twice")
	}
	if other, _ := parseHappening(event(tcpOpened, 9, 80, "sh\x00bin\x00"), crowd); other.process == h.process || other.process.exe != "/bin/sh" {
		t.Error("another program of the same process is taken for the first")
	}
	little := binary.LittleEndian
	little.PutUint64(raw[32:], 6e9)
	if reused, _ := parseHappening(raw, crowd); reused.process == h.process || reused.process.started != 6e9 {
		t.Error("another process with the same number is taken for the first")
	}
	for _, bad := range [][]byte{nil, raw[:happeningSize-1], event(0, 9, 80, ""), event(socketDestroyed, 9, 80, ""), event(tcpOpened, 0, 80, "")} {
		if h, ok := parseHappening(bad, crowd); ok {
			t.Errorf("%x is taken for %+v", bad, h)
		}
	}
}

func TestReadExe(t *testing.T) {
	for _, c := range []struct {
		raw                      string
		flags                    byte
		exe                      string
		deleted, inMemory, isCut bool
	}{
		{"nginx\x00sbin\x00usr\x00", 0, "/usr/sbin/nginx", false, false, false},
		{"a (deleted)\x00tmp\x00", 0, "/tmp/a (deleted)", false, false, false},
		{"a\x00tmp\x00", exeDeleted, "/tmp/a", true, false, false},
		{"memfd:x\x00", exeNameless | exeDeleted, "/memfd:x", false, true, false},
		{"a\x00b\x00", exeCut, "", false, false, true},
		{"", 0, "", false, false, false},
	} {
		p := process{raw: c.raw}
		p.readExe(c.flags)
		if p.exe != c.exe || p.exeDeleted != c.deleted || p.exeInMemory != c.inMemory || p.exeCut != c.isCut {
			t.Errorf("%q %d: %+v", c.raw, c.flags, p)
		}
	}
}

func TestPeopleAreBounded(t *testing.T) {
	crowd := &people{}
	for i := range 3 * mostPeople {
		raw := event(tcpOpened, 9, 80, "")
		binary.LittleEndian.PutUint32(raw[52:], uint32(i))
		crowd.meet(raw)
	}
	if len(crowd.met) > mostPeople {
		t.Errorf("%d are remembered", len(crowd.met))
	}
}

func FuzzParseHappening(f *testing.F) {
	f.Add(event(tcpOpened, 9, 80, "nginx\x00sbin\x00usr\x00"))
	f.Add(event(udpClosed, 1, 53, ""))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseHappening(b, &people{})
		if !ok {
			return
		}
		s := h.socket()
		s.room = &room{}
		merge([]socket{s}, time.Unix(0, 0))
	})
}

func FuzzParseGoodbyes(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) { parseGoodbyes(b, func(uint64, uint16) {}) })
}

func TestBacklog(t *testing.T) {
	const most = 3 * chunk
	b := newBacklog(most)
	for i := range most + 5 {
		b.push(happening{cookie: uint64(i)})
	}
	<-b.filled
	if n := b.overflowed(); n != 5 {
		t.Errorf("%d overflowed", n)
	}
	next := uint64(0)
	for batch := b.take(); batch != nil; batch = b.take() {
		for _, h := range batch {
			if h.cookie != next {
				t.Fatalf("%d comes before %d", h.cookie, next)
			}
			next++
		}
	}
	if next != most || b.count != 0 {
		t.Errorf("took %d, %d are left", next, b.count)
	}
	b.push(happening{})
	if b.take() == nil || b.overflowed() != 5 {
		t.Error("a backlog that was full takes no more")
	}
}

// TestConfirmer checks what becomes of openings that are not certain, and that none overtakes another.
func TestConfirmer(t *testing.T) {
	const ms = uint64(time.Millisecond)
	sights := map[uint64]sighting{
		1: {there: true, hashed: true, state: stateListen, port: 81},               // no port yet when it was told
		4: {there: true, state: stateListen, port: 84},                             // in the middle of listen()
		5: {there: true, state: 1, port: 85},                                       // UDP, connected by now
		6: {there: true, asked: true, state: stateUnconnected, port: 86},           // UDP server
		7: {there: true, state: stateUnconnected, port: 87},                        // UDP, port chosen by the kernel
		8: {there: true, hashed: true, state: stateListen, port: 88, v6only: true}, // after one that waits
		9: {there: true, hashed: true, state: stateListen, port: 89, asked: true},  // the same
	}
	c := newConfirmer(func(h *happening) (sighting, bool) { return sights[h.cookie], true })
	c.add([]happening{
		{at: 10 * ms, kind: tcpOpened, cookie: 1},
		{at: 10 * ms, kind: tcpOpened, cookie: 2},
		{at: 10 * ms, kind: tcpClosed, cookie: 2, port: 82},
		{at: 10 * ms, kind: tcpOpened, cookie: 3, port: 83},
		{at: 10 * ms, kind: tcpRefused, cookie: 3, port: 83},
		{at: 10 * ms, kind: udpOpened, cookie: 5, port: 85},
		{at: 10 * ms, kind: udpOpened, cookie: 6, port: 86},
		{at: 10 * ms, kind: udpOpened, cookie: 7, port: 87},
		{at: 10 * ms, kind: udpConnected, cookie: 6},
		{at: 10 * ms, kind: tcpOpened, cookie: 4, port: 84},
		{at: 10 * ms, kind: tcpOpened, cookie: 8},
		{at: 10 * ms, kind: tcpOpened, cookie: 9},
	})
	var got []string
	take := func(now uint64) (wait time.Duration) {
		for {
			h, ok, wait := c.next(now)
			if !ok {
				return wait
			}
			got = append(got, fmt.Sprint(h.kind, " ", h.cookie, " ", h.port))
		}
	}
	if wait := take(10 * ms); wait != lookAgain {
		t.Errorf("waits %v for a UDP port that may have been asked for", wait)
	}
	if wait := take(11 * ms); wait != lookAgain {
		t.Errorf("waits %v for a listen() in the middle", wait)
	}
	before := slices.Clone(got)
	sights[4] = sighting{there: true, hashed: true, state: stateListen, port: 84}
	if wait := take(12 * ms); wait != 0 {
		t.Errorf("waits %v for nothing", wait)
	}
	want := []string{"1 1 81", "1 2 82", "2 2 82", "3 3 83", "4 6 86", "4 7 87"}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(want, "1 4 84", "1 8 88", "1 9 89"), got); diff != "" {
		t.Error(diff)
	}
	if len(c.ends) != 0 {
		t.Errorf("ends are left over: %v", c.ends)
	}
}

// TestConfirmerGivesUp checks that a socket which never becomes certain holds nothing up for long.
func TestConfirmerGivesUp(t *testing.T) {
	c := newConfirmer(func(*happening) (sighting, bool) { return sighting{}, true })
	c.add([]happening{{kind: tcpOpened, cookie: 1, port: 80}, {kind: tcpClosed, cookie: 2}})
	if _, ok, wait := c.next(0); ok || wait == 0 {
		t.Error("it is certain at once")
	}
	h, ok, _ := c.next(uint64(tooLong))
	if !ok || h.cookie != 1 {
		t.Errorf("%+v, %v", h, ok)
	}
	refused := newConfirmer(func(*happening) (sighting, bool) { return sighting{there: true, state: stateUnconnected}, true })
	refused.add([]happening{{kind: udpOpened, cookie: 1, port: 80}})
	if h, ok, wait := refused.next(uint64(tooLong)); ok || wait != 0 {
		t.Errorf("a bind() that was refused is told: %+v", h)
	}
	blind := newConfirmer(func(*happening) (sighting, bool) { return sighting{}, false })
	blind.add([]happening{{kind: tcpOpened, cookie: 1, port: 80}})
	if _, ok, wait := blind.next(0); ok || wait != inTheMiddle {
		t.Errorf("where nothing can be looked at, it waits %v", wait)
	}
	if _, ok, _ := blind.next(uint64(inTheMiddle)); !ok {
		t.Error("and then still waits")
	}
}
