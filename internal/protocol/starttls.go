// STARTTLS: how a client asks to go on inside TLS, by protocol (RFC 2595, 3207, 4217, 4511, 5804, 6120).

package protocol

import (
	"io"
	"strings"
)

// StartTLS is how a client of a protocol goes on inside TLS on the connection on which it has begun without.
type StartTLS struct {
	// Offered tells from all that was heard whether the server does that; nil where only asking tells.
	Offered func(heard string) bool

	// Words ask for it.
	Words string

	// Granted tells from the answer whether the handshake may begin, and Answered whether that is all of the answer. They
	// are nil where the handshake begins without one.
	Granted, Answered func(answer string) bool

	// First says that the client goes inside before it says anything that matters: once it has heard the greeting, or
	// the answer to Def.Hello, which asked for that. Inside it begins with Hello and carries on with Talk.
	First bool
	Hello string
	Talk  func(rw io.ReadWriter, heard string) string
}

// coded is the StartTLS of a protocol of coded replies.
func coded(feature, words, granted string) *StartTLS {
	return &StartTLS{
		Offered: func(heard string) bool {
			for heard != "" {
				reply, rest, ok := cutCoded(heard)
				if !ok {
					return false
				}
				if reply.names(feature) {
					return true
				}
				heard = rest
			}
			return false
		},
		Words: words,
		Granted: func(answer string) bool {
			reply, rest, ok := cutCoded(answer)
			return ok && reply.code == granted && rest == ""
		},
		Answered: hasCoded,
	}
}

var imapStartTLS = &StartTLS{
	Offered:  func(heard string) bool { return hasWord(imapCapabilities(heard), "STARTTLS") },
	Words:    "s STARTTLS\r\n",
	Granted:  func(answer string) bool { return strings.HasPrefix(answer, "s OK") },
	Answered: tagged("s"),
}

var pop3StartTLS = &StartTLS{
	Offered:  func(heard string) bool { return strings.Contains(heard, "\nSTLS\r\n") },
	Words:    "STLS\r\n",
	Granted:  func(answer string) bool { return strings.HasPrefix(answer, "+OK") },
	Answered: hasLine,
}

var sieveStartTLS = &StartTLS{
	Offered:  func(heard string) bool { return strings.Contains(heard, "\n\"STARTTLS\"") },
	Words:    "STARTTLS\r\n",
	Granted:  func(answer string) bool { return strings.HasPrefix(answer, "OK") },
	Answered: hasLine,
}

var xmppStartTLS = &StartTLS{
	Offered:  func(heard string) bool { return strings.Contains(heard, "<starttls ") },
	Words:    "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
	Granted:  func(answer string) bool { return strings.HasPrefix(strings.TrimLeft(answer, " \r\n"), "<proceed ") },
	Answered: func(answer string) bool { return strings.HasSuffix(answer, ">") },
}

// ldapStartTLS is an extended request of that name.
var ldapStartTLS = &StartTLS{
	Words: ber(berSequence, ber(berInteger, "\x02"), ber(0x77, ber(0x80, "1.3.6.1.4.1.1466.20037"))),
	Granted: func(answer string) bool {
		const extended = 0x78
		c := cursor{rest: answer}
		message := cursor{rest: c.berOf(berSequence)}
		id := berNumber(message.berOf(berInteger))
		op, body := message.ber()
		result := cursor{rest: body}
		code := result.berOf(berEnum)
		return !c.spent && !message.spent && !result.spent && id == 2 && op == extended && code == "\x00"
	},
	Answered: func(answer string) bool {
		c := cursor{rest: answer}
		c.berOf(berSequence)
		return !c.spent
	},
}
