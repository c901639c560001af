package protocol

import (
	"path"
	"strings"

	"rtevent"
)

// redis answers in its own alphabet (RESP), even when it refuses us. The hello holds nothing that it takes for an
// attack by a browser ("POST", "Host:").
var redis = Def{
	Name:  "redis",
	Ports: []uint16{6379, 6380, 26379},
	Programs: []Program{
		{"redis-server", "Redis"}, {"valkey-server", "Valkey"}, {"keydb-server", "KeyDB"}, {"dragonfly", "Dragonfly"},
		{"redis-sentinel", "Redis"}, {"kvrocks", "Apache Kvrocks"}, {"redis-check-rdb", "Redis"},
	},
	Hello:   "*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n",
	Manners: "aawww",
	Read:    readRedis,
}

func readRedis(reply string) (rtevent.Finding, bool) {
	first, rest, ok := cutLine(reply)
	if !ok || first != "+PONG" && !strings.HasPrefix(first, "-") {
		return nothing()
	}
	if info, whole := respBulk(rest); strings.Contains(info, "redis_version:") {
		return redisInfo(info, whole), true
	}
	const tookGet = "-ERR wrong number of arguments for 'get' command"
	switch {
	case both(first, rest, "-NOAUTH "):
		f := strong("redis", "RESP errors: asks for a password", reply)
		f.Details = details("auth", "required")
		return f, true
	case strings.HasPrefix(first, "-DENIED ") && strings.Contains(first, " protected mode "):
		f := strong("redis", "RESP error: protected mode", first)
		f.Product = when(strings.HasPrefix(first, "-DENIED Redis "), "Redis")
		f.Details = details("protected_mode", "yes")
		return f, true
	case both(first, rest, "-NOPERM "):
		return strong("redis", "RESP errors: no permission", reply), true
	case first == "+PONG" && strings.HasPrefix(rest, "-"):
		return strong("redis", "PING answered, INFO refused in RESP", reply), true
	case first == tookGet && strings.HasPrefix(rest, "-ERR unknown command "):
		return strong("redis", "took an HTTP request for commands of its own", reply), true
	case first == "+PONG" && (rest == "" || rest[0] == '$'), first == tookGet && rest == "",
		strings.HasPrefix(first, "-NOAUTH ") && rest == "":
		return weak("redis", "one answer in RESP", reply), true
	}
	return nothing()
}

// both tells whether the answers to PING and INFO begin alike.
func both(first, second, begin string) bool {
	return strings.HasPrefix(first, begin) && strings.HasPrefix(second, begin)
}

// respBulk reads a bulk string of RESP, or as much as there is of one that was cut off.
func respBulk(s string) (bulk string, whole bool) {
	length, rest, ok := cutLine(s)
	if !ok || len(length) < 2 || length[0] != '$' {
		return "", false
	}
	n, ok := number(length[1:])
	if !ok {
		return "", false
	}
	return rest[:min(n, len(rest))], n <= len(rest)
}

// redisInfo names the program from what INFO tells. It needs the whole of it: what makes a Valkey comes after
// redis_version.
func redisInfo(info string, whole bool) rtevent.Finding {
	f := strong("redis", "INFO names redis_version", info)
	if !whole {
		return f
	}
	field := func(name string) string {
		_, value, ok := strings.Cut("\n"+info, "\n"+name+":")
		value, _, ended := cutLine(value)
		if !ok || !ended {
			return ""
		}
		return value
	}
	f.Product, f.Version = "Redis", field("redis_version")
	for _, kin := range redisKin {
		if v := field(kin.field); v != "" {
			f.Product, f.Version = kin.product, strings.TrimPrefix(v, kin.prefix)
			break
		}
	}
	if path.Base(field("executable")) == "keydb-server" {
		f.Product = "KeyDB"
	}
	f.Version = text(f.Version)
	f.Details = details("mode", field("redis_mode"), "os", field("os"))
	return f
}

// redisKin are the programs that speak for redis_version's clients and give their own version beside it.
var redisKin = []struct{ field, product, prefix string }{
	{"valkey_version", "Valkey", ""},
	{"dragonfly_version", "Dragonfly", "df-v"},
	{"kvrocks_version", "Apache Kvrocks", ""},
	{"garnet_version", "Garnet", ""},
}
