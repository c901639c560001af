package packaging

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fieldsShown are the fields that tshark is to print, a line a packet.
var fieldsShown = []string{"rtevent.word", "rtevent.type", "rtevent.source", "rtevent.id", "rtevent.topic", "rtevent.cursor", "rtevent.code", "rtevent.bad"}

func tsharkFields() []string {
	args := []string{"-n", "-X", "lua_script:wireshark/rtevent.lua", "-T", "fields", "-E", "separator=;", "-E", "occurrence=a"}
	for _, f := range fieldsShown {
		args = append(args, "-e", f)
	}
	return args
}

// TestWireshark has tshark take apart a conversation with our server: while it is held, and again from the recording. The
// event that is published comes in three segments.
func TestWireshark(t *testing.T) {
	tshark := tool(t, "tshark")
	read(t, "wireshark/rtevent.lua")
	host, port := serve(t, false)
	pcap := filepath.Join(t.TempDir(), "rtevent.pcapng")
	live := capture(t, tshark, append(tsharkFields(), "-l", "-i", "lo", "-f", "tcp port "+port, "-w", pcap, "-P", "-a", "duration:60"))
	talk(t, net.JoinHostPort(host, port))
	want := []string{
		"ready;;;;;;;",
		"error;;;;;;404;",
		";com.example.door;//lab;7;doors.lab;;;",
		"ack;;//lab;7;;;;",
		"sub;;;;;;;",
		"bye",
	}
	seen := live(func(out string) bool { return strings.Count(out, "bye") >= 2 })
	recorded := mustRun(t, tshark, append(tsharkFields(), "-r", pcap)...)
	for from, out := range map[string]string{"live": seen, "recorded": recorded} {
		if strings.Contains(out, "Lua Error") {
			t.Errorf("%s: the dissector fails:\n%s", from, out)
		}
		for _, line := range want {
			if !strings.Contains(out, line) {
				t.Errorf("%s: no packet is %q in\n%s", from, line, out)
			}
		}
	}
	verbs := mustRun(t, tshark, "-n", "-X", "lua_script:wireshark/rtevent.lua", "-r", pcap, "-Y", `rtevent.word == "ack"`, "-T", "fields", "-e", "rtevent.at", "-e", "_ws.col.Protocol")
	if !strings.Contains(verbs, ".1\tRT-EVENT") {
		t.Errorf("by the filter for ack comes %q", verbs)
	}
}

// talk holds a conversation in which everything has a packet of its own.
func talk(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	lines := bufio.NewReader(c)
	for _, step := range []struct {
		say   []string
		await string
	}{
		{[]string{`{"rt":"weather"}` + "\n"}, `"code":404`},
		{[]string{`{"specversion":"1.0","type":"com.exam`, `ple.door","source":"//lab","id":"7","topic":"doors.lab","da`, `ta":{"a":["}\""]}}` + "\n"}, `"ack"`},
		{[]string{`{"rt":"sub","topics":["doors.>"],"from":"oldest"}` + "\n"}, `"live"`},
		{[]string{"\r\n", `{"rt":"bye"}` + "\n"}, `"bye"`},
	} {
		for _, piece := range step.say {
			if _, err := io.WriteString(c, piece); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond) // so that each piece is a segment
		}
		for line := ""; !strings.Contains(line, step.await); {
			if line, err = lines.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// capture starts tshark, waits until it captures, and returns a function that waits for its output and ends it.
func capture(t *testing.T, tshark string, args []string) func(enough func(string) bool) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tshark, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	complaints, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	said := ""
	for words := bufio.NewScanner(complaints); !strings.Contains(said, "Capture started"); {
		if !words.Scan() {
			if strings.Contains(said, "permission") {
				t.Skip("this user may not capture: " + said)
			}
			t.Fatalf("tshark does not capture: %s", said)
		}
		said += words.Text() + "\n"
	}
	go io.Copy(io.Discard, complaints) // ends with tshark
	lines := make(chan string)
	go func() { // ends with tshark
		defer close(lines)
		for text := bufio.NewScanner(out); text.Scan(); {
			lines <- text.Text() + "\n"
		}
	}()
	return func(enough func(string) bool) string {
		all := ""
		for timeout := time.After(20 * time.Second); !enough(all); {
			select {
			case line, ok := <-lines:
				if all += line; !ok {
					return all
				}
			case <-timeout:
				return all
			}
		}
		return all
	}
}

// TestWiresharkOnGarbage gives the dissector what is no rt-event: it says so, and does not fail.
func TestWiresharkOnGarbage(t *testing.T) {
	tshark := tool(t, "tshark")
	text2pcap := tool(t, "text2pcap")
	read(t, "wireshark/rtevent.lua")
	garbage := []string{
		`{"rt"`, `{"rt":}`, `{"rt":"`, `{`, `}`, `[]`, `{"rt":"x","rt`, `{"code":99999999999999999999999,"rt":"x"}`, "\xff\xfe\x00", `{"a":"\u12"}`,
		`{"rt":"\ud800"}`, `{"seq":"text","rt":7,"id":7}`, strings.Repeat(`{"a":`, 3000), strings.Repeat(`[`, 3000), `{"id":"\\"`,
		`{"rt":"ok" "at":"x"}`, `{"rt":"ok","line":"x","word":"y","data":"z"}`,
	}
	dump := ""
	for _, line := range garbage {
		dump += hexDump(line+"\n"+`{"rt":"ping","seq":1234567890123456789}`+"\n") + "\n"
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "dump"), []byte(dump))
	mustRun(t, text2pcap, "-q", "-T", "40000,3706", filepath.Join(dir, "dump"), filepath.Join(dir, "pcap"))
	out := mustRun(t, tshark, "-n", "-X", "lua_script:wireshark/rtevent.lua", "-r", filepath.Join(dir, "pcap"), "-V")
	if strings.Contains(out, "Lua Error") {
		t.Errorf("the dissector fails:\n%s", out)
	}
	if pings := strings.Count(out, "seq: 1234567890123456789"); pings != len(garbage) {
		t.Errorf("after %d lines of garbage %d pings are seen:\n%s", len(garbage), pings, out)
	}
}

// hexDump writes bytes as text2pcap reads them.
func hexDump(s string) string {
	var b strings.Builder
	b.WriteString("000000")
	for _, c := range []byte(s) {
		b.WriteString(" ")
		b.WriteString(string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
	}
	b.WriteString("\n")
	return b.String()
}
