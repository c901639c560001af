// Whether a rule of a policy means a listener. What is not known of a listener is neither a match nor a miss.

package judge

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// tri is an answer that may be missing.
type tri int

const (
	no tri = iota
	unknown
	yes
)

// match is how a rule stands to a listener.
type match struct {
	answer tri
	port   bool   // at least the port is the rule's
	near   int    // how much of the rule the listener is
	why    string // what it is not, or what is not known
}

// match compares a rule with a listener.
func (r *Rule) match(l *rtevent.Listener) match {
	if !r.hasPort(l) || r.Transport != "" && r.Transport != l.Transport {
		return match{}
	}
	m := match{answer: yes, port: true, near: 1}
	for _, c := range r.comparisons(l) {
		switch {
		case len(c.wanted) == 0:
		case c.answer == yes:
			m.near++
		case c.answer < m.answer:
			m.answer, m.why = c.answer, c.why()
		}
	}
	return m
}

func (r *Rule) hasPort(l *rtevent.Listener) bool {
	return len(r.Ports) == 0 || slices.ContainsFunc(r.Ports, func(p Ports) bool {
		return p.First <= l.Port && l.Port <= p.Last && (p.Transport == "" || p.Transport == l.Transport)
	})
}

// comparison is one property of a rule beside that of a listener.
type comparison struct {
	name   string
	wanted Patterns
	got    string
	answer tri
	unseen string // why got is not known
}

func (c comparison) why() string {
	switch {
	case c.answer == unknown:
		return fmt.Sprintf("its %s is not known: %s", c.name, c.unseen)
	case c.got == "":
		return fmt.Sprintf("for %s %s, and this has none", c.name, c.wanted)
	default:
		return fmt.Sprintf("for %s %s, not %s", c.name, c.wanted, c.got)
	}
}

func (r *Rule) comparisons(l *rtevent.Listener) []comparison {
	all := []comparison{r.scope(l), r.address(l), r.protocol(l)}
	for _, o := range principals(l.Holders) {
		all = append(all, r.program(o), r.pkg(o), r.unit(o), r.container(o), r.user(o))
	}
	return all
}

// principals are the holders that a policy is about: not those who only hold a socket for another holder, and not the
// children that a holder has forked of itself, which may have another user and a changed command line.
func principals(holders []rtevent.Owner) []*rtevent.Owner {
	var chosen []*rtevent.Owner
	for i := range holders {
		o := &holders[i]
		forked := slices.ContainsFunc(holders, func(parent rtevent.Owner) bool { return descends(o, &parent) })
		if !forked && (o.Activates == "" || len(holders) == 1) {
			chosen = append(chosen, o)
		}
	}
	return chosen
}

// descends tells whether a process is a child of another that runs the same executable.
func descends(o, parent *rtevent.Owner) bool {
	return o.Exe != "" && o.Exe == parent.Exe && slices.ContainsFunc(o.Ancestry, func(a rtevent.Ancestor) bool { return a.PID == parent.PID })
}

// texts compares one property that is known: it may have several names.
func texts(name string, patterns Patterns, values ...string) comparison {
	values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
	c := comparison{name: name, wanted: patterns}
	if len(values) > 0 {
		c.got = values[0]
	}
	if slices.ContainsFunc(values, patterns.match) {
		c.answer = yes
	}
	return c
}

func (p Patterns) match(value string) bool {
	return slices.ContainsFunc(p, func(pattern string) bool { ok, _ := path.Match(pattern, value); return ok })
}

// or makes a miss unknown where the reason for not knowing is given.
func (c comparison) or(unseen string) comparison {
	if c.answer == no && unseen != "" {
		c.answer, c.unseen = unknown, unseen
	}
	return c
}

func (r *Rule) scope(l *rtevent.Listener) comparison {
	c := comparison{name: "scope", got: string(l.Scope)}
	if r.Scope != "" {
		c.wanted = Patterns{string(r.Scope)}
	}
	if width(l.Scope) <= width(r.Scope) {
		c.answer = yes
	}
	return c
}

func (r *Rule) address(l *rtevent.Listener) comparison {
	if r.Address == "" {
		return comparison{}
	}
	return texts("address", Patterns{r.Address}, l.Address.String())
}

func width(s rtevent.Scope) int {
	return slices.Index([]rtevent.Scope{rtevent.Loopback, rtevent.Interface, rtevent.All}, s)
}

func (r *Rule) protocol(l *rtevent.Listener) comparison {
	f := l.Finding
	if f == nil {
		return texts("protocol", r.Protocol).or("nobody asked yet")
	}
	if f.NotAsked != "" {
		return texts("protocol", r.Protocol).or("not asked: " + f.NotAsked)
	}
	if !f.Known() {
		c := texts("protocol", r.Protocol)
		c.got = "something that is not known"
		return c
	}
	return texts("protocol", r.Protocol, f.Protocol)
}

func (r *Rule) program(o *rtevent.Owner) comparison {
	if o.Activates != "" && len(r.Unit) > 0 {
		return comparison{answer: yes, wanted: r.Program} // who holds the socket for the unit is not the unit
	}
	values := []string{o.Exe, o.Invoked}
	if p := o.Program; p != nil {
		values = append([]string{p.Path, p.Name}, values...)
	}
	c := texts("program", r.Program, values...)
	if o.Exe != "" && o.Unseen != "" && !interprets(path.Base(o.Exe)) {
		return c // the kernel told the executable, and there is no script
	}
	return c.or(o.Unseen).or(reason(o, "exe"))
}

// interprets tells whether an executable by this name usually runs a program that has another path.
func interprets(name string) bool {
	for _, prefix := range []string{"python", "pypy", "node", "ruby", "php", "perl", "lua", "java", "beam", "dotnet", "mono", "deno", "bun"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return shells[name]
}

func (r *Rule) pkg(o *rtevent.Owner) comparison {
	if o.Activates != "" && len(r.Unit) > 0 {
		return comparison{answer: yes, wanted: r.Package}
	}
	name := ""
	if p := o.Provider(); p != nil {
		name = p.Name
	}
	return texts("package", r.Package, name).or(o.Unseen).or(reason(o, "package"))
}

func (r *Rule) unit(o *rtevent.Owner) comparison {
	c := texts("unit", r.Unit, o.Activates, o.Unit)
	if o.Unit != "" {
		return c
	}
	return c.or(o.Unseen)
}

func (r *Rule) container(o *rtevent.Owner) comparison {
	if o.Container == nil {
		return texts("container", r.Container).or(o.Unseen)
	}
	return texts("container", r.Container, o.Container.Name, o.Container.ID)
}

func (r *Rule) user(o *rtevent.Owner) comparison {
	if o.Activates != "" && len(r.Unit) > 0 {
		return comparison{answer: yes, wanted: r.User}
	}
	uid := ""
	if o.UID != nil {
		uid = strconv.FormatUint(uint64(*o.UID), 10)
	}
	c := texts("user", r.User, o.User, uid)
	named := func(user string) bool { _, err := strconv.ParseUint(user, 10, 32); return err != nil }
	switch {
	case o.User == "" && uid != "" && slices.ContainsFunc(r.User, named): // a number is known, and a name is wanted
		return c.or("the name of user " + uid)
	case uid != "":
		return c
	}
	return c.or(o.Unseen).or(reason(o, "status"))
}

// reason is why a field of an Owner could not be read; empty when it was.
func reason(o *rtevent.Owner, field string) string {
	for _, u := range o.Unread {
		if why, ok := strings.CutPrefix(u, field+": "); ok {
			return why
		}
	}
	return ""
}
