package cli

import (
	"io"

	"rtevent/internal/words"
)

// printJSON writes one object as a line.
func printJSON(out io.Writer, v any) error {
	line, err := words.JSON(v)
	if err != nil {
		return err
	}
	_, err = out.Write(line)
	return err
}
