package protocol

import (
	"strings"

	"rtevent"
)

// bittorrent peers say nothing to whoever asks for no torrent of theirs. Their distributed hash table answers a ping, on
// the UDP port of the same number (BEP 5); some add which program they are.
var bittorrent = Def{
	Name:  "bittorrent",
	Ports: []uint16{6881, 51413},
	Programs: []Program{
		{"transmission-daemon", "Transmission"}, {"transmission-gtk", "Transmission"}, {"qbittorrent-nox", "qBittorrent"},
		{"qbittorrent", "qBittorrent"}, {"rtorrent", "rTorrent"}, {"deluged", "Deluge"},
	},
	Datagram: "d1:ad2:id20:rtevent-rtevent-rteve1:q4:ping1:t2:rt1:y1:qe",
	Read: func(reply string) (rtevent.Finding, bool) {
		if strings.HasPrefix(reply, "\x13BitTorrent protocol") && len(reply) >= 68 {
			return strong("bittorrent", "handshake of a peer", reply), true
		}
		answer, rest, ok := readBencode(reply)
		if !ok || rest != "" || answer["t"] != "rt" || answer["y"] != "r" && answer["y"] != "e" {
			return nothing()
		}
		if says, _, ok := readBencode(answer["r"]); answer["y"] == "r" && (!ok || len(says["id"]) != 20) {
			return nothing()
		}
		f := strong("bittorrent", "answers a ping of the distributed hash table", reply)
		if v := answer["v"]; len(v) >= 2 {
			f.Product = bittorrentNames[v[:2]]
		}
		return f, true
	},
}

// bittorrentNames are the programs, or the libraries, by the two letters with which they begin their versions (BEP 20).
var bittorrentNames = map[string]string{
	"A2": "aria2", "LT": "libtorrent", "lt": "libTorrent", "UT": "µTorrent", "TR": "Transmission",
}

// readBencode reads a dictionary: its texts, and its dictionaries as they are.
func readBencode(s string) (dictionary map[string]string, rest string, ok bool) {
	if !strings.HasPrefix(s, "d") {
		return nil, "", false
	}
	dictionary = map[string]string{}
	for s = s[1:]; s != "" && s[0] != 'e'; {
		name, after, ok := bencodeText(s)
		if !ok {
			return nil, "", false
		}
		value, after, ok := bencodeValue(after, 0)
		if !ok {
			return nil, "", false
		}
		dictionary[name], s = value, after
	}
	if s == "" {
		return nil, "", false
	}
	return dictionary, s[1:], true
}

// bencodeText reads a text after its length in decimal and a colon.
func bencodeText(s string) (text, rest string, ok bool) {
	digits, rest, _ := strings.Cut(s, ":")
	n, ok := number(digits)
	if !ok || n > len(rest) {
		return "", "", false
	}
	return rest[:n], rest[n:], true
}

// bencodeValue reads a text, or a number, a list or a dictionary as it is. They may lie in each other only so deep.
func bencodeValue(s string, depth int) (value, rest string, ok bool) {
	switch {
	case s == "" || depth > 8:
		return "", "", false
	case isDigit(s[0]):
		return bencodeText(s)
	case s[0] == 'i':
		end := strings.IndexByte(s, 'e')
		return s[:max(end, 0)], s[end+1:], end > 0
	case s[0] != 'l' && s[0] != 'd':
		return "", "", false
	}
	for rest = s[1:]; rest != "" && rest[0] != 'e'; {
		if _, rest, ok = bencodeValue(rest, depth+1); !ok {
			return "", "", false
		}
	}
	if rest == "" {
		return "", "", false
	}
	return s[:len(s)-len(rest)+1], rest[1:], true
}
