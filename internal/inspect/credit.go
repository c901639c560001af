package inspect

import (
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
		product, by := ownProduct(def, o)
		if product != "" && (f.Product == "" || libraries[f.Product] && product != f.Product) {
			f.Product, f.Version, f.ProductFrom = product, "", "owner"
		}
		switch {
		case f.Version != "":
			return
		case product != "" && f.Product == product:
			f.Version, f.VersionFrom = by.version()
		case f.Product == "Go net/http" && o.Program != nil && o.Program.Kind == "go" && o.Program.Runtime != "":
			f.Version, f.VersionFrom = o.Program.Runtime, "build" // the language's own server has the language's version
		}
	}
}

// alias is a name that a holder goes by and cannot choose freely, with what tells the version of what is called so.
type alias struct {
	name  string
	owner *rtevent.Package
	build string
}

// aliases are those names: of what the executable runs, then of the executable.
func aliases(o rtevent.Owner) []alias {
	exe := alias{name: path.Base(o.Exe), owner: o.Package}
	p := o.Program
	if p == nil {
		return []alias{exe}
	}
	if p.Kind == "go" { // the executable itself
		exe.build = p.Version
		return []alias{exe, {path.Base(p.Name), o.Package, p.Version}}
	}
	return []alias{{path.Base(p.Name), p.Package, p.Version}, {path.Base(p.Path), p.Package, p.Version}, exe}
}

// ownProduct is the product of the program that a holder runs, and the name that tells it: as the protocol knows it, else
// as any protocol does, since one program speaks several.
func ownProduct(def *protocol.Def, o rtevent.Owner) (string, alias) {
	for _, d := range append([]*protocol.Def{def}, protocol.All...) {
		for _, a := range aliases(o) {
			if product := d.Product(a.name); product != "" {
				return product, a
			}
		}
	}
	return "", alias{}
}

func (a alias) version() (version, from string) {
	switch {
	case a.owner != nil:
		return attribute.Upstream(*a.owner), "package"
	case a.build != "":
		return a.build, "build"
	default:
		return "", ""
	}
}
