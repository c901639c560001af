// Package cli is what the user types: one file per command. It prints; the other packages know.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"rtevent/internal/words"
)

// The exit codes, the same for every command.
const (
	exitFine       = 0 // nothing to worry about
	exitScrutiny   = 1 // something deserves scrutiny
	exitNothing    = 2 // nothing there
	exitPermission = 3 // not permitted
	exitBadInput   = 4 // the command line or a file given to it is wrong
	exitInternal   = 5 // something broke
)

// Main runs one command line and returns its exit code. All errors are printed here and nowhere else.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(withNmapFlags(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := mistyped(root.ExecuteContext(ctx))
	if err == nil {
		return exitFine
	}
	code := exitCode(err)
	if text := complaint(ctx, err); text != "" {
		fmt.Fprintf(stderr, "rtevent: error: %s\n", text)
	}
	if hint := hintOf(err); hint != "" {
		fmt.Fprintf(stderr, "rtevent: hint: %s\n", hint)
	}
	return code
}

// mistyped turns cobra's error about flags that do not go together, which passes by its own hook for errors of flags,
// into the mistake that it is.
func mistyped(err error) error {
	if err != nil && strings.HasPrefix(err.Error(), "if any flags in the group") {
		return badInput("see `rtevent --help`", "%s", err)
	}
	return err
}

// complaint is an error in words.
func complaint(ctx context.Context, err error) string {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return "interrupted before there was anything to tell"
	}
	return words.Printable(err.Error())
}

// exitCode is the one place where an error becomes a number.
func exitCode(err error) int {
	var outcome outcome
	var input *inputError
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		return int(refused.outcome)
	case errors.As(err, &outcome):
		return int(outcome)
	case errors.As(err, &input):
		return exitBadInput
	case errors.Is(err, fs.ErrPermission):
		return exitPermission
	default:
		return exitInternal
	}
}

// outcome is the end of a command that worked and found something: the exit code tells it, no message does.
type outcome int

func (o outcome) Error() string { return "" }

// inputError is a mistake of whoever typed the command.
type inputError struct {
	what string
	hint string
}

func (e *inputError) Error() string { return e.what }

func badInput(hint, format string, args ...any) error {
	return &inputError{what: fmt.Sprintf(format, args...), hint: hint}
}

func hintOf(err error) string {
	var input *inputError
	var refused *refusal
	var other *hinted
	switch {
	case errors.As(err, &input):
		return input.hint
	case errors.As(err, &refused):
		return refused.hint
	case errors.As(err, &other):
		return other.hint
	case errors.Is(err, fs.ErrPermission):
		return "run it as root, or give it the capabilities that the message names"
	case errors.Is(err, errors.ErrUnsupported):
		return "on this system rtevent cannot list listeners yet; `rtevent registry` works everywhere"
	default:
		return ""
	}
}

// newRoot lists every command. Without one, rtevent looks at this host.
func newRoot() *cobra.Command {
	root := newLook()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.DisableAutoGenTag = true // the same definitions make the same manual page on any day
	root.Version = version()
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return badInput("see `"+c.CommandPath()+" --help`", "%s", err)
	})
	root.AddCommand(
		newProbe(),
		newWatch(),
		newServe(),
		newSub(),
		newPub(),
		newCert(),
		newToken(),
		newCheck(),
		newStatus(),
		newRegistry(),
		newRecord(),
		newConform(),
		newMan(),
	)
	return root
}

// version is that of this build: a release, a commit, or "(devel)".
func version() string {
	if build, ok := debug.ReadBuildInfo(); ok {
		return build.Main.Version
	}
	return "unknown"
}

// noColour follows https://no-color.org: any non-empty value counts.
func noColour() bool {
	return os.Getenv("NO_COLOR") != "" || strings.EqualFold(os.Getenv("TERM"), "dumb")
}
