package conform

import (
	"bytes"
	"testing"
)

// FuzzHeard gives everything that reads what the other side says whatever it may say: nothing may panic or hang.
func FuzzHeard(f *testing.F) {
	for _, seed := range []string{
		`{"rt":"ok","at":"k3f9q2.1042"}` + "\n", "event: ok\nid: k3f9q2.1\ndata: {\"rt\":\"ok\"}\n\n", "data: [\n\n", "\xff\xfe\r\n\r\n", `{"rt":"ping","n":1}`,
		`{"specversion":"1.0","cursor":"a.1","topic":7}` + "\n", "id\nevent\ndata\n\n", `{"a":[{"b":null}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, next := range []func() ([]byte, error){lineReader(bytes.NewReader(said)), eventReader(bytes.NewReader(said))} {
			w, on := newWatch("fuzz"), newStream(nil, nil, func() {})
			for n := 0; ; n++ {
				line, err := next()
				if err != nil {
					break
				}
				if n > len(said) {
					t.Fatal("more lines than octets")
				}
				w.line(1, on, line)
				isMark(line, true)
				ofTheProtocol(line)
				_ = names{"run": "x"}.matchLine(`{"rt":"${:in ok}","at":"${at:cursor}","a":[{"b":"${:absent}"}],"n":"${n:int}","t":"${run}"}`, line)
			}
		}
	})
}
