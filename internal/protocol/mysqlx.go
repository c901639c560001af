package protocol

import (
	"slices"

	"rtevent"
)

// mysqlx is MySQL's X protocol: messages of Protocol Buffers, each after its length and kind
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_mysqlx_protocol.html). It is asked for its capabilities.
var mysqlx = Def{
	Name:     "mysqlx",
	Ports:    []uint16{33060},
	Programs: []Program{{"mysqlrouter", "MySQL Router"}, {"mysqld", "MySQL"}},
	Hello:    "\x01\x00\x00\x00\x01", // CapabilitiesGet
	Bye:      "\x01\x00\x00\x00\x03", // Close
	Read: func(reply string) (rtevent.Finding, bool) {
		const capabilities, notice = 2, 11
		c := cursor{rest: reply}
		kind, body := mysqlxMessage(&c)
		if kind == notice { // newer ones say hello with it
			kind, body = mysqlxMessage(&c)
		}
		names := mysqlxNames(body)
		if c.spent || kind != capabilities || !slices.Contains(names, "authentication.mechanisms") {
			return nothing()
		}
		f := strong("mysqlx", "capabilities of the X protocol", reply)
		f.Product = when(slices.Contains(names, "node_type"), "MySQL")
		return f, true
	},
}

// mysqlxMessage reads a message: its kind and what follows that.
func mysqlxMessage(c *cursor) (kind byte, body string) {
	length := c.little(4)
	kind = c.u8()
	return kind, c.take(length - 1)
}

// mysqlxNames reads the names in a list of capabilities.
func mysqlxNames(body string) []string {
	list, ok := readProto(body)
	if !ok {
		return nil
	}
	var names []string
	for _, item := range list {
		capability, ok := readProto(item.bytes)
		if item.number != 1 || !ok {
			return nil
		}
		names = append(names, capability.get(1).bytes)
	}
	return names
}
