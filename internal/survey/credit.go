package survey

import (
	"cmp"
	"path"

	"rtevent"
	"rtevent/internal/attribute"
	"rtevent/internal/identify"
	"rtevent/internal/protocol"
)

// libraries are the products that a server may give as its name although they are what it is made of. Whoever holds the
// socket knows better.
var libraries = map[string]bool{
	"Go net/http": true, "Cowboy": true, "Node.js": true, "Werkzeug": true, "Jetty": true, "Mongrel": true, "libmicrohttpd": true,
	"aiohttp": true, "Tornado": true, "Uvicorn": true, "gRPC": true, "HTTP::Daemon": true, "Twisted Web": true, "WEBrick": true,
}

// credit adds to a finding what the wire hid and the owner tells: the product of a known program, and the version from
// its package or build. The protocol is never the owner's to tell, a go-between's name tells nothing of what answers,
// and what is credited is marked.
func credit(f *rtevent.Finding, holders []rtevent.Owner) {
	def := protocol.Lookup(f.Protocol)
	if def == nil {
		return
	}
	for _, o := range holders {
		if o.Unseen != "" || identify.GoesBetween(o) {
			continue
		}
		product := ownProduct(def, o)
		if product != "" && (f.Product == "" || libraries[f.Product] && product != f.Product) {
			f.Product, f.Version, f.ProductFrom = product, "", "owner"
		}
		if f.Version == "" && f.Product != "" && f.Product == cmp.Or(product, f.Product) {
			f.Version, f.VersionFrom = ownVersion(*f, o, product != "")
		}
		if f.Version != "" {
			return
		}
	}
}

// ownProduct is the product of the program that a holder runs, by names that it cannot choose freely: as the protocol
// knows it, else as any protocol does, since one program speaks several.
func ownProduct(def *protocol.Def, o rtevent.Owner) string {
	names := []string{path.Base(o.Exe)}
	if p := o.Program; p != nil {
		names = []string{path.Base(p.Name), path.Base(p.Path), names[0]}
	}
	for _, d := range append([]*protocol.Def{def}, protocol.All...) {
		for _, name := range names {
			if product := d.Product(name); product != "" {
				return product
			}
		}
	}
	return ""
}

// ownVersion is the version of what a holder runs. Its package or module counts only if the program is known to be the
// product; the language's version, if the product is the language's own server.
func ownVersion(f rtevent.Finding, o rtevent.Owner, known bool) (version, from string) {
	p := o.Program
	switch {
	case p != nil && p.Kind == "go" && f.Product == "Go net/http":
		return p.Runtime, "build"
	case !known:
		return "", ""
	case p != nil && p.Package != nil:
		return attribute.Upstream(*p.Package), "package"
	case o.Package != nil:
		return attribute.Upstream(*o.Package), "package"
	case p != nil && p.Version != "":
		return p.Version, "build"
	default:
		return "", ""
	}
}
