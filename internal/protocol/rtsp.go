package protocol

import (
	"strings"

	"rtevent"
)

// rtsp is asked for its options (RFC 2326, section 10.1).
var rtsp = Def{
	Name:         "rtsp",
	Claims:       []string{"rtsp-alt"},
	SecureClaims: []string{"rtsps"},
	Ports:        []uint16{554, 8554},
	SecurePorts:  []uint16{322, 8322},
	Programs: []Program{
		{"mediamtx", "MediaMTX"}, {"rtsp-simple-server", "rtsp-simple-server"}, {"live555MediaServer", "LIVE555"},
		{"go2rtc", "go2rtc"},
	},
	Hello: "OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: rtevent\r\n\r\n",
	Read: func(reply string) (rtevent.Finding, bool) {
		if http, ok := cutHead(reply); ok && scolding(http) == "rtsp" {
			f := weak("rtsp", "a server of RTSP scolds HTTP", reply)
			f.Product = "GStreamer RTSP Server"
			return f, true
		}
		status, head, ok := cutLine(reply)
		code, words := strings.CutPrefix(status, "RTSP/1.0 ")
		head, _, ended := strings.Cut(head, "\r\n\r\n")
		if !ok || !words || !ended || len(code) < 4 || !allOf(code[:3], isDigit) || code[3] != ' ' {
			return nothing()
		}
		f := strong("rtsp", "status of RTSP/1.0 and header fields", reply)
		f.Product, f.Version = rtspServer(sipField(head, "Server"))
		f.Details = details("status", code[:3], "methods", sipField(head, "Public"))
		return f, true
	},
}

// rtspServer reads "GStreamer RTSP server", "gortsplib", "Hipcam RealServer/V1.0", "VLC/3.0.18".
func rtspServer(says string) (product, version string) {
	switch says {
	case "GStreamer RTSP server":
		return "GStreamer RTSP Server", ""
	case "gortsplib":
		return "", "" // the library of MediaMTX and others
	}
	product, version = nameVersion(says, " /")
	version, _, _ = strings.Cut(version, " ")
	return text(product), text(version)
}
