package cli

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// terminal is a real one: tmux, which shows what a person would see.
type terminal struct {
	t      *testing.T
	socket string
}

// openTerminal runs a command line of rtevent in a terminal of 80 x 24.
func openTerminal(t *testing.T, environment, commandLine string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if os.Getenv("TESTBED") == "required" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	program, err := exec.LookPath("rtevent") // this very test, as testscript has put it there
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t, filepath.Join(t.TempDir(), "tmux")}
	t.Cleanup(func() { term.tmux("kill-server") })
	// What the program leaves on the screen and its exit code stay to be seen.
	term.must("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
		fmt.Sprintf("env TERM=screen-256color %s %s %s; echo ended with $?; sleep 60", environment, program, commandLine))
	return term
}

func (term *terminal) tmux(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-S", term.socket}, args...)...).CombinedOutput()
	return string(out), err
}

func (term *terminal) must(args ...string) string {
	term.t.Helper()
	out, err := term.tmux(args...)
	if err != nil {
		term.t.Fatalf("tmux %v: %v: %s", args, err, out)
	}
	return out
}

// shows waits until the screen holds a text, and returns the screen.
func (term *terminal) shows(text string, more ...string) string {
	term.t.Helper()
	screen := ""
	for range 300 {
		screen = term.must(append([]string{"capture-pane", "-p"}, more...)...)
		if strings.Contains(screen, text) {
			return screen
		}
		time.Sleep(100 * time.Millisecond)
	}
	term.t.Fatalf("the terminal does not show %q:\n%s", text, screen)
	return ""
}

func (term *terminal) keys(keys ...string) { term.must(append([]string{"send-keys"}, keys...)...) }

// unused is an address where nobody listens.
func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// TestWatchInTerminal uses the view as a person would: it shows what opens, searches, tells details, follows the size of
// the terminal down to the tiniest, and leaves the screen as it was.
func TestWatchInTerminal(t *testing.T) {
	address := unused(t)
	port := address[strings.Index(address, ":")+1:] + "/tcp"
	term := openTerminal(t, "", "watch 1,"+port)
	term.shows("0 listeners")
	l := listen(t, address)
	term.shows("opened " + port)

	term.keys("/", strings.TrimSuffix(port, "/tcp"), "Enter")
	term.shows("> " + port)
	term.keys("Enter")
	term.shows("held by")
	colours := term.shows("DETAILS", "-e")
	if !strings.Contains(colours, "\x1b[7m") && !strings.Contains(colours, "\x1b[0;7m") {
		t.Errorf("the chosen line does not stand out: %q", colours)
	}
	for _, size := range [][2]string{{"200", "50"}, {"20", "5"}, {"2", "2"}, {"80", "24"}} {
		term.must("resize-window", "-x", size[0], "-y", size[1])
		time.Sleep(200 * time.Millisecond)
	}
	term.shows("> " + port)
	l.Close()
	term.keys("Escape")
	term.shows("closed " + port)
	term.keys("q")
	if screen := term.shows("ended with 0"); strings.Contains(screen, "EVENTS") {
		t.Errorf("the screen is not left as it was:\n%s", screen)
	}
}

// TestWatchWithoutColour holds NO_COLOR in a terminal: there is none, and the marks say the same.
func TestWatchWithoutColour(t *testing.T) {
	term := openTerminal(t, "NO_COLOR=1", "watch")
	screen := term.shows("> ", "-e")
	for _, colour := range []string{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[38;"} {
		if strings.Contains(screen, colour) {
			t.Errorf("there is colour: %q", screen)
			break
		}
	}
	term.keys("q")
	term.shows("ended with 0")
}

// TestWatchPlainInTerminal prints lines on a terminal, in columns that fit.
func TestWatchPlainInTerminal(t *testing.T) {
	address := unused(t)
	port := address[strings.Index(address, ":")+1:] + "/tcp"
	term := openTerminal(t, "", "watch --plain --new-only --port "+port)
	term.shows("watching by")
	listen(t, address)
	screen := term.shows("opened      " + port)
	if !strings.Contains(screen, "TIME     EVENT       PORT") {
		t.Errorf("no heads:\n%s", screen)
	}
	term.keys("C-c")
	term.shows("ended with 0")
}
