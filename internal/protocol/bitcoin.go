package protocol

import (
	"strings"

	"rtevent"
)

// bitcoin is sent a version message of its main network, as by a peer that has no blocks and wants none relayed, and
// answers with its own (https://developer.bitcoin.org/reference/p2p_networking.html). Who is on another network says
// nothing to that.
var bitcoin = Def{
	Name:  "bitcoin",
	Ports: []uint16{8333},
	Programs: []Program{
		{"bitcoind", "Bitcoin Core"}, {"bitcoin-qt", "Bitcoin Core"}, {"btcd", "btcd"}, {"litecoind", "Litecoin Core"},
	},
	Hello: "\xf9\xbe\xb4\xd9" + "version\x00\x00\x00\x00\x00" + "\x65\x00\x00\x00" + bitcoinSum +
		"\x7f\x11\x01\x00" + strings.Repeat("\x00", 16) + strings.Repeat("\x00", 52) + // version 70015, services, time, addresses
		"rtevent!" + "\x0f/rtevent:0.1.0/" + "\x00\x00\x00\x00" + "\x00", // nonce, agent, height, no relay
	Read: func(reply string) (rtevent.Finding, bool) {
		c := cursor{rest: reply}
		network, command := bitcoinNetworks[c.take(4)], c.take(12)
		length := c.little(4)
		c.take(4)
		m := cursor{rest: c.take(length)}
		if c.spent || network == "" || command != "version\x00\x00\x00\x00\x00" {
			return nothing()
		}
		m.take(4 + 8 + 8 + 26 + 26)
		nonce, agent := m.take(8), m.varCounted()
		if m.spent || nonce == "rtevent!" {
			return nothing()
		}
		f := strong("bitcoin", "version message", reply)
		f.Product, f.Version = bitcoinAgent(agent)
		f.Details = details("network", network, "agent", agent)
		return f, true
	},
}

const bitcoinSum = "\xe5\x08\xa0\x1a" // the first bytes of the double SHA-256 of what follows

// bitcoinNetworks are the numbers with which messages begin.
var bitcoinNetworks = map[string]string{
	"\xf9\xbe\xb4\xd9": "Bitcoin", "\x0b\x11\x09\x07": "Bitcoin testnet", "\xfa\xbf\xb5\xda": "regression test",
	"\x0a\x03\xcf\x40": "Bitcoin signet", "\x1c\x16\x3f\x28": "Bitcoin testnet 4", "\xfb\xc0\xb6\xdb": "Litecoin",
	"\xc0\xc0\xc0\xc0": "Dogecoin", "\xe3\xe1\xf3\xe8": "Bitcoin Cash",
}

// bitcoinAgent reads the last program of an agent: "/btcwire:0.5.0/btcd:0.22.1/", "/Satoshi:25.0.0(comment)/".
func bitcoinAgent(agent string) (product, version string) {
	agent = strings.TrimSuffix(agent, "/")
	agent = agent[strings.LastIndexByte(agent, '/')+1:]
	product, version, _ = strings.Cut(agent, ":")
	version, _, _ = strings.Cut(version, "(")
	switch product {
	case "Satoshi":
		product = "Bitcoin Core"
	case "LitecoinCore":
		product = "Litecoin Core"
	}
	return text(product), text(version)
}
