package journal

import (
	"bytes"
	"testing"
	"time"
)

func FuzzRecord(f *testing.F) {
	e := event("listener.web1.tcp.22.127_0_0_1", "1")
	f.Add(record{seq: 7, topic: e.Topic, key: keyOf("//a", "b"), stored: time.UnixMilli(1_795_000_000_000), line: e.Line}.append(nil))
	f.Add([]byte("AAAAAAAAAAAAAAAAAAAAAA 0 0 a {}"))
	f.Add([]byte("AAAAAAAAAAAAAAAAAAAAAA -1 00 a.*  {}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRecord(b)
		if err != nil {
			return
		}
		again, err := parseRecord(r.append(nil))
		if err != nil || again.seq != r.seq || again.topic != r.topic || again.key != r.key || !again.stored.Equal(r.stored) || !bytes.Equal(again.line, r.line) {
			t.Errorf("%q is read as %+v, and what that writes as %+v, %v", b, r, again, err)
		}
	})
}

func FuzzAck(f *testing.F) {
	f.Add([]byte(`{"stream":"RTEVENT_LOG", "seq":17}`))
	f.Add([]byte(`{"stream":"RTEVENT_LOG","seq":17,"duplicate":true}`))
	f.Add([]byte(`{"error":{"code":503,"err_code":10077,"description":"no space"},"stream":"RTEVENT_LOG","seq":0}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := parseAck(b)
		if err == nil && a.Error == nil && a.Seq == 0 {
			t.Errorf("%q is taken for an acknowledgement", b)
		}
	})
}

func FuzzEpoch(f *testing.F) {
	f.Add([]byte(`{"epoch":"k3f9q2","clean":true,"newest":1042,"durability":"always"}`))
	f.Add([]byte(`{"epoch":"K3F9Q2"}`))
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := parseEpoch(b)
		if m.Epoch != "" && !validEpoch(m.Epoch) {
			t.Errorf("%q gives the epoch %q", b, m.Epoch)
		}
		if epoch, _ := m.next(m.Newest, false, highMark{}); !validEpoch(epoch) {
			t.Errorf("%q goes on in the epoch %q", b, epoch)
		}
		if m.Newest > 0 {
			if epoch, why := m.next(m.Newest-1, false, highMark{}); epoch == m.Epoch || why == "" {
				t.Errorf("%q: history is lost and the epoch is still %q", b, epoch)
			}
		}
	})
}

// TestEpoch is the table of when an epoch ends.
func TestEpoch(t *testing.T) {
	for _, c := range []struct {
		mark   epochMark
		newest uint64
		cut    bool
		fresh  bool
		high   highMark
	}{
		{epochMark{}, 0, false, true, highMark{}},
		{epochMark{"k3f9q2", true, 7, Always}, 7, false, false, highMark{}},
		{epochMark{"k3f9q2", true, 7, Process}, 7, false, false, highMark{}},
		{epochMark{"k3f9q2", false, 7, Always}, 9, false, false, highMark{}},
		{epochMark{"k3f9q2", false, 7, Interval}, 9, false, true, highMark{}},
		{epochMark{"k3f9q2", false, 7, Process}, 9, false, true, highMark{}},
		{epochMark{"k3f9q2", true, 7, Always}, 6, false, true, highMark{}},
		{epochMark{"k3f9q2", false, 7, Always}, 9, true, true, highMark{}},
		{epochMark{"k3f9q2", false, 7, Always}, 9, true, false, highMark{9, bootID()}},
		{epochMark{"k3f9q2", false, 7, Always}, 9, true, true, highMark{9, "another"}},
		{epochMark{"k3f9q2", false, 7, Always}, 9, false, true, highMark{10, "another"}},
	} {
		epoch, why := c.mark.next(c.newest, c.cut, c.high)
		if fresh := epoch != c.mark.Epoch; fresh != c.fresh || fresh != (why != "") {
			t.Errorf("%+v with the log at %d, cut %v: epoch %s (%s)", c.mark, c.newest, c.cut, epoch, why)
		}
	}
}
