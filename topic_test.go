package rtevent_test

import (
	"net/netip"
	"strings"
	"testing"

	"rtevent"
)

func TestListenerTopic(t *testing.T) {
	for want, l := range map[string]rtevent.Listener{
		"listener.web1.tcp.3706.127_0_0_1":            {Host: "web1", Transport: "tcp", Port: 3706, Address: netip.MustParseAddr("127.0.0.1")},
		"listener.a_example=5F.udp.53.::.ns-7":        {Host: "a.example_", Transport: "udp", Port: 53, Address: netip.IPv6Unspecified(), NetNS: 7, Namespace: "/run/netns/blue"},
		"listener.=.tcp.1.fe80::1=25eth0.dev-e_10=40": {Transport: "tcp", Port: 1, Address: netip.MustParseAddr("fe80::1%eth0"), NetNS: 7, Device: "e.10@"},
	} {
		if got := l.Topic(); got != want {
			t.Errorf("got %s, want %s", got, want)
		} else if err := rtevent.CheckTopic(got); err != nil {
			t.Error(err)
		}
	}
}

func TestMatchTopic(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{
		{">", "a", true}, {">", "a.b", true}, {"a.>", "a", false}, {"a.>", "a.b", true}, {"a.>", "a.b.c", true},
		{"*", "a", true}, {"*", "a.b", false}, {"a.*.c", "a.b.c", true}, {"a.*.c", "a.b.d", false},
		{"a", "a", true}, {"a", "ab", false}, {"a.b", "a", false}, {"a", "a.b", false}, {"a.*", "a", false},
		{"listener.*.tcp.3706.>", "listener.web1.tcp.3706.127_0_0_1", true},
	} {
		if got := rtevent.MatchTopic(c.filter, c.topic); got != c.want {
			t.Errorf("MatchTopic(%q, %q) is %v", c.filter, c.topic, got)
		}
	}
}

func TestCheckTopic(t *testing.T) {
	for _, bad := range []string{"", ".", "a.", ".a", "a..b", "a b", "a\x00", "é", "a.*", "a.>", `a"`, strings.Repeat("a", 256), strings.Repeat("a.", 16) + "a"} {
		if rtevent.CheckTopic(bad) == nil {
			t.Errorf("%q is taken for a topic", bad)
		}
	}
	for _, bad := range []string{">.a", "a*", "a.>b", ""} {
		if rtevent.CheckFilter(bad) == nil {
			t.Errorf("%q is taken for a filter", bad)
		}
	}
	for _, good := range []string{">", "*", "a.*.>", "a.b"} {
		if err := rtevent.CheckFilter(good); err != nil {
			t.Error(err)
		}
	}
}

func TestCursor(t *testing.T) {
	c, err := rtevent.ParseCursor("k3f9q2.1042")
	if err != nil || c.String() != "k3f9q2.1042" || c.Seq != 1042 {
		t.Errorf("got %+v, %v", c, err)
	}
	for _, bad := range []string{"", ".", "k3f9q2", "k3f9q2.", "k3f9q2.01", "k3f9q2.-1", "K3F9Q2.1", "abc.1", "k3f9q2.18446744073709551616", "k3f9q2.1.1"} {
		if _, err := rtevent.ParseCursor(bad); err == nil {
			t.Errorf("%q is taken for a cursor", bad)
		}
	}
}
