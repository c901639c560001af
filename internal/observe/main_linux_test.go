package observe

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// TestMain lets the test binary play other parts, each in a process of its own.
func TestMain(m *testing.M) {
	name := os.Getenv("OBSERVE_PART")
	if name == "" {
		os.Exit(m.Run())
	}
	if err := parts[name](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// printLook looks as the environment says and prints the Snapshot.
func printLook() error {
	s, err := Look(context.Background(), Options{Tier: os.Getenv("OBSERVE_TIER"), Root: os.Getenv("OBSERVE_ROOT")})
	if err != nil {
		return err
	}
	defer s.Close()
	return json.NewEncoder(os.Stdout).Encode(s)
}
