package protocol

import (
	"strings"

	"golang.org/x/net/http2/hpack"

	"rtevent"
)

// grpc is asked for its health, as by anything that balances load over it, in HTTP/2 without asking for that first
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Who has no such service says so in a grpc-status.
var grpc = Def{
	Name:  "grpc",
	Ports: []uint16{50051, 4317},
	Hello: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" +
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + // SETTINGS
		"\x00\x00\x55\x01\x04\x00\x00\x00\x01" + grpcHead + // HEADERS of stream 1
		"\x00\x00\x05\x00\x01\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00", // DATA: an empty message
	Read: func(reply string) (rtevent.Finding, bool) {
		says, product := readGRPC(reply)
		if says == "" {
			return nothing()
		}
		f := strong("grpc", says, reply)
		f.Product = product
		return f, true
	},
}

// grpcHead is the head of the request, by the static table of HPACK (RFC 7541, appendix A).
const grpcHead = "\x83\x86" + // :method POST, :scheme http
	"\x04\x1c/grpc.health.v1.Health/Check" + "\x01\x09localhost" +
	"\x0f\x10\x10application/grpc" + "\x00\x02te\x08trailers" + "\x0f\x2b\x07rtevent"

// readGRPC tells gRPC by the head of its answer, or by a setting that its C core sends to whoever connects.
func readGRPC(reply string) (says, product string) {
	const headers, settings = 1, 4
	if !beginsHTTP2(reply) {
		return "", ""
	}
	decoder := hpack.NewDecoder(4096, nil)
	decoder.SetMaxStringLength(4096)
	var fields []hpack.HeaderField
	for c := (cursor{rest: reply}); c.more(); {
		length := c.big(3)
		kind, flags, stream := c.u8(), c.u8(), c.big(4)
		frame := c.take(length)
		switch {
		case c.spent:
		case kind == settings && grpcSetting(frame):
			says, product = "SETTINGS of gRPC's C core", "gRPC"
		case kind == headers && stream == 1 && flags&^5 == 0: // END_STREAM and END_HEADERS: no padding, no priority
			more, err := decoder.DecodeFull([]byte(frame))
			if err != nil {
				return says, product
			}
			fields = append(fields, more...)
		}
	}
	for _, field := range fields {
		if field.Name == "content-type" && strings.HasPrefix(field.Value, "application/grpc") {
			return "answers in gRPC over HTTP/2", product
		}
	}
	return says, product
}

// grpcSetting finds GRPC_ALLOW_TRUE_BINARY_METADATA among the settings.
func grpcSetting(frame string) bool {
	for c := (cursor{rest: frame}); c.more(); {
		if id, value := c.big(2), c.big(4); id == 0xfe03 && value <= 1 {
			return true
		}
	}
	return false
}
