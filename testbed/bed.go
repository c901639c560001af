// Package testbed brings up real daemons and odd servers for tests and benchmarks, and knows what is true of each. The
// work is done by the scripts up and down of this folder, which serve a person at a terminal as well.
package testbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// span is how many ports from its base a bed may use.
const span = 120

// Truth is what is true of one listener of a bed.
type Truth struct {
	Name      string            `json:"name"`
	Daemon    string            `json:"daemon"`
	Transport rtevent.Transport `json:"transport"`
	Port      uint16            `json:"port"`
	Protocol  string            `json:"protocol"` // "unknown" for programs that speak none
	Product   string            `json:"product"`
	Version   string            `json:"version"` // upstream, as the package has it; empty for our own programs
	TLS       bool              `json:"tls"`
	PID       int               `json:"pid"`
	Owner     string            `json:"owner"`
	Exe       string            `json:"exe"`
	Package   string            `json:"package"` // that owns Exe; empty for our own programs
}

// HandsOver tells a listener that the helpers of its daemon take over from each other: who holds it changes in its life.
func (t Truth) HandsOver() bool { return t.Daemon == "dovecot" }

// Bed is a set of running daemons.
type Bed struct {
	Dir    string // each daemon has a directory of its own in here, with its logs
	Truths []Truth
}

// Up starts the named daemons, all when none is named, below dir and on the ports above base. Whatever came up is in the
// Bed even when there is an error. It installs nothing: where packages are missing, or the system is not Debian with root,
// the error wraps errors.ErrUnsupported and says what would do.
func Up(ctx context.Context, dir string, base int, names ...string) (*Bed, error) {
	return up(ctx, nil, dir, base, names...)
}

// up is Up by way of a command that runs another one, such as one that enters a namespace.
func up(ctx context.Context, by []string, dir string, base int, names ...string) (*Bed, error) {
	cmd, err := script(ctx, by, "up", dir)
	if err != nil {
		return nil, err
	}
	cmd.Env = append(os.Environ(), "INSTALL=no", "BASE="+strconv.Itoa(base), "ONLY="+strings.Join(names, " "))
	out, runErr := cmd.CombinedOutput()
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() == 3 {
		return nil, fmt.Errorf("%w: %s", errors.ErrUnsupported, bytes.TrimSpace(out))
	}
	bed := &Bed{Dir: dir}
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &bed.Truths)
	}
	if runErr != nil {
		err = fmt.Errorf("testbed/up: %w: %s", runErr, bytes.TrimSpace(out))
	}
	return bed, err
}

// Down ends every process that Up started.
func (b *Bed) Down() error {
	cmd, err := script(context.Background(), nil, "down", b.Dir)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("testbed/down: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// Truth finds a listener by its name.
func (b *Bed) Truth(name string) (Truth, error) {
	for _, t := range b.Truths {
		if t.Name == name {
			return t, nil
		}
	}
	return Truth{}, fmt.Errorf("%s is not in the test bed", name)
}

// FreeBase finds a base with no port in use above it, away from the one that `testbed/up` takes by itself and from the ports
// that the kernel gives to clients.
func FreeBase() (int, error) {
	for base := 21000; base < 32000; base += 1000 {
		if free(base) {
			return base, nil
		}
	}
	return 0, errors.New("no stretch of ports between 21000 and 32000 is free")
}

func free(base int) bool {
	for port := base + 1; port <= base+span; port++ {
		ln, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			return false
		}
		ln.Close()
	}
	return true
}

func script(ctx context.Context, by []string, name, dir string) (*exec.Cmd, error) {
	root, err := moduleRoot()
	if err != nil {
		return nil, err
	}
	command := append(slices.Clone(by), filepath.Join(root, "testbed", name), dir)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = root
	return cmd, nil
}

// moduleRoot is the directory of go.mod, at or above the working directory.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
