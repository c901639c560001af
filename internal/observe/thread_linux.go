// Enters network namespaces on threads that die afterwards, so that no other goroutine ever runs in the wrong one.

package observe

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// onThread calls f on a thread of its own and waits. The thread dies with f, so f may take it into another network
// namespace: no other goroutine will ever run there.
func onThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			f()
			return // still locked: the runtime ends the thread
		}
		// The first thread stands for the whole process in /proc, and it cannot end: leave it where it is. While
		// it is locked, another goroutine gets another thread.
		defer runtime.UnlockOSThread()
		onThread(f)
	}()
	<-done
}

// enter takes the calling thread into a network namespace. Only a function on a thread of its own may do that.
func enter(key *os.File) error {
	raw, err := key.SyscallConn()
	if err != nil {
		return fmt.Errorf("enter %s: %w", key.Name(), err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Setns(int(fd), unix.CLONE_NEWNET) }); err != nil {
		return fmt.Errorf("enter %s: %w", key.Name(), err)
	}
	if failed != nil {
		return fmt.Errorf("enter %s: %w", key.Name(), failed)
	}
	return nil
}
