package journal

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// engineLog carries the engine's own log to ours. What the engine notices of damage is in there and nowhere else.
type engineLog struct{ log *slog.Logger }

func (l engineLog) say(level slog.Level, format string, v []any) {
	l.log.Log(context.Background(), level, strings.TrimSpace(fmt.Sprintf(format, v...)), "part", "engine")
}

// The engine's notices are what it does all day: they are of interest to whoever debugs.
func (l engineLog) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l engineLog) Warnf(format string, v ...any)   { l.say(slog.LevelWarn, format, v) }
func (l engineLog) Errorf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l engineLog) Fatalf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l engineLog) Debugf(format string, v ...any)  {}
func (l engineLog) Tracef(format string, v ...any)  {}
