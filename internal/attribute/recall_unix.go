//go:build unix

package attribute

import (
	"errors"
	"os"
	"syscall"
)

// ownFile refuses a file that anybody else could have written.
func ownFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return errors.New("others may write it")
	}
	return nil
}
