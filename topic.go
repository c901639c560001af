package rtevent

import (
	"fmt"
	"strconv"
	"strings"
)

// The bounds of a topic.
const (
	TopicBytes  = 255
	TopicTokens = 16
)

// Topic files everything about this Listener: "listener.web1.tcp.3706.127_0_0_1". What makes it unique beyond host,
// transport and port follows: the address, then the network namespace if it is not rtevent's own ("ns-4026532281"),
// then the device if it is bound to one ("dev-eth0").
func (l Listener) Topic() string {
	tokens := []string{"listener", TopicToken(l.Host), string(l.Transport), strconv.Itoa(int(l.Port)), TopicToken(l.Address.String())}
	if l.Namespace != "" {
		tokens = append(tokens, "ns-"+strconv.FormatUint(l.NetNS, 10))
	}
	if l.Device != "" {
		tokens = append(tokens, "dev-"+TopicToken(l.Device))
	}
	return strings.Join(tokens, ".")
}

// TopicToken writes any text as one token, and different texts as different tokens: letters, digits, "-" and ":" stay,
// a dot becomes "_", everything else "=" and two hexadecimal digits a byte; empty text becomes "=".
func TopicToken(s string) string {
	if s == "" {
		return "="
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c == '.':
			b.WriteByte('_')
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == ':':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

// CheckTopic says why a text is no topic: at most TopicBytes bytes and TopicTokens tokens, none empty, of visible ASCII
// without "*" and ">".
func CheckTopic(s string) error { return checkTopic(s, false) }

// CheckFilter says why a text is no filter of topics: a topic in which a token may be "*", for any one token, and the last
// may be ">", for one or more.
func CheckFilter(s string) error { return checkTopic(s, true) }

func checkTopic(s string, wild bool) error {
	if s == "" || len(s) > TopicBytes {
		return fmt.Errorf("topic of %d bytes: want 1 to %d", len(s), TopicBytes)
	}
	tokens := strings.Split(s, ".")
	if len(tokens) > TopicTokens {
		return fmt.Errorf("topic of %d tokens: want %d at most", len(tokens), TopicTokens)
	}
	for i, token := range tokens {
		if wild && (token == "*" || token == ">" && i == len(tokens)-1) {
			continue
		}
		if token == "" {
			return fmt.Errorf("topic %q: token %d is empty", s, i+1)
		}
		for _, c := range []byte(token) {
			if c <= ' ' || c >= 0x7f || c == '*' || c == '>' || c == '"' || c == '\\' {
				return fmt.Errorf("topic %q: %q has no place in token %d", s, c, i+1)
			}
		}
	}
	return nil
}

// MatchTopic tells whether a filter takes a topic; both are taken to be valid. It allocates nothing.
func MatchTopic(filter, topic string) bool {
	for {
		want, moreWanted, _ := strings.Cut(filter, ".")
		have, moreHave, _ := strings.Cut(topic, ".")
		switch {
		case want == ">":
			return topic != ""
		case want != "*" && want != have:
			return false
		case moreWanted == "" || moreHave == "":
			return moreWanted == moreHave
		}
		filter, topic = moreWanted, moreHave
	}
}
