package testbed_test

import (
	"os/exec"
	"strings"
	"testing"

	"rtevent/testbed"
)

// TestServeIsRtEvent holds the daemon against the specification, by the command that holds any server, and has rtevent
// name it from outside.
func TestServeIsRtEvent(t *testing.T) {
	v := startVictim(t)
	defer v.end(t)
	held, err := testbed.Run(exec.CommandContext(t.Context(), rteventPath, "conform", "-v", v.addr))
	if err != nil {
		t.Fatal(err)
	}
	if held.Code != 0 {
		t.Errorf("rtevent conform: exit code %d\n%s%s", held.Code, held.Stdout, held.Stderr)
	}
	t.Log(held.Stdout[strings.LastIndex(strings.TrimSpace(held.Stdout), "\n")+1:])
	named, err := testbed.Run(exec.CommandContext(t.Context(), rteventPath, "probe", "--json", v.addr))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"protocol":"rt-event"`, `"product":"rtevent"`, `"confidence":"strong"`} {
		if !strings.Contains(named.Stdout, want) {
			t.Errorf("rtevent probe does not say %s: %s%s", want, named.Stdout, named.Stderr)
		}
	}
}
