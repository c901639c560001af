package protocol

import (
	"io"

	"rtevent"
)

// iperf3 tells by numbers what it waits for: after our cookie for the parameters of a test, after those for its streams. There
// we end the test, as a client does that was interrupted.
var iperf3 = Def{
	Name:     "iperf3",
	Ports:    []uint16{5201},
	Programs: []Program{{"iperf3", "iperf3"}},
	Hello:    "rteventrteventrteventrteventrteventr\x00",
	Talk: func(rw io.ReadWriter, heard string) string {
		if heard != iperfWantsParameters {
			return heard
		}
		const test = `{"tcp":true,"omit":0,"time":1,"num":0,"blockcount":0,"parallel":1,"len":131072,"client_version":"3.12"}`
		return ask(rw, heard, "\x00\x00\x00"+string([]byte{byte(len(test))})+test, func(answer string) bool { return answer != "" })
	},
	Bye:     "\x0c", // CLIENT_TERMINATE
	Single:  true,
	Manners: "a.a.x",
	Read: func(reply string) (rtevent.Finding, bool) {
		var f rtevent.Finding
		switch reply {
		case iperfWantsParameters:
			f = weak("iperf3", "waits for the parameters of a test", reply)
		case iperfWantsParameters + iperfWantsStreams:
			f = strong("iperf3", "waits for parameters, then for streams", reply)
		case iperfIsBusy:
			return weak("iperf3", "serves another test", reply), true
		default:
			return nothing()
		}
		f.Product = "iperf3"
		return f, true
	},
}

const (
	iperfWantsParameters = "\x09" // PARAM_EXCHANGE
	iperfWantsStreams    = "\x0a" // CREATE_STREAMS
	iperfIsBusy          = "\xff" // ACCESS_DENIED, before it hangs up
)
