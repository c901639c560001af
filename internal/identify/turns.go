// Turns: how many ports are asked at once, over all and of one process.

package identify

import (
	"context"
	"sync"

	"rtevent"
)

// portsOfOne is how many ports of one process are asked at once: a daemon with twenty ports is not to meet twenty
// strangers in the same millisecond.
const portsOfOne = 2

// turns bounds what is asked at once. A port that has its turn needs no other, so nobody waits in a circle.
type turns struct {
	ports chan struct{}

	mu        sync.Mutex
	processes map[int]*process
}

// process is one that has ports under way or waiting.
type process struct {
	ports chan struct{}
	users int
}

func newTurns(ports int) *turns {
	return &turns{ports: make(chan struct{}, ports), processes: map[int]*process{}}
}

// take waits for a turn to ask a port of the process pid (0: not known) and returns how to give it back.
func (t *turns) take(ctx context.Context, pid int) (leave func(), err error) {
	leaveProcess, err := t.takeOf(ctx, pid)
	if err != nil {
		return nil, err
	}
	if err := acquire(ctx, t.ports); err != nil {
		leaveProcess()
		return nil, err
	}
	return func() {
		<-t.ports
		leaveProcess()
	}, nil
}

func (t *turns) takeOf(ctx context.Context, pid int) (leave func(), err error) {
	if pid == 0 {
		return func() {}, nil
	}
	t.mu.Lock()
	p := t.processes[pid]
	if p == nil {
		p = &process{ports: make(chan struct{}, portsOfOne)}
		t.processes[pid] = p
	}
	p.users++
	t.mu.Unlock()

	err = acquire(ctx, p.ports)
	if err != nil {
		t.drop(pid, p)
		return nil, err
	}
	return func() {
		<-p.ports
		t.drop(pid, p)
	}, nil
}

// drop forgets a process when the last of its ports is done.
func (t *turns) drop(pid int, p *process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.users--; p.users == 0 {
		delete(t.processes, pid)
	}
}

func acquire(ctx context.Context, slots chan<- struct{}) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// holder is the process that stands for all who hold a listener: of a family that shares a socket, the eldest.
func holder(l rtevent.Listener) int {
	pid := 0
	for _, h := range l.Holders {
		if h.PID != 0 && (pid == 0 || h.PID < pid) {
			pid = h.PID
		}
	}
	return pid
}
