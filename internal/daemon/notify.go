package daemon

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// notifier tells systemd that the daemon is ready, alive, and stopping; see sd_notify(3).
type notifier struct {
	socket string
	every  time.Duration // how often it wants to hear that the daemon lives; 0: never
}

func newNotifier() notifier {
	n := notifier{socket: os.Getenv("NOTIFY_SOCKET")}
	if us, err := strconv.Atoi(os.Getenv("WATCHDOG_USEC")); err == nil && us > 0 {
		n.every = time.Duration(us) * time.Microsecond / 2
	}
	return n
}

func (n notifier) run(ctx context.Context) error {
	n.say("READY=1")
	defer n.say("STOPPING=1")
	var alive <-chan time.Time
	if n.every > 0 {
		t := time.NewTicker(n.every)
		defer t.Stop()
		alive = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-alive:
			n.say("WATCHDOG=1")
		}
	}
}

// say is not answered; where nobody listens, nothing is lost.
func (n notifier) say(what string) {
	if n.socket == "" {
		return
	}
	conn, err := net.Dial("unixgram", n.socket)
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(what))
}
