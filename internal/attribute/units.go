package attribute

import (
	"bytes"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"rtevent"
)

// systemUnits are the directories of systemd's units, the first one that has a unit winning.
var systemUnits = []string{
	"/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
	"/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
}

// userUnits are the directories of the units of a user's own manager.
func userUnits(files fs.FS, uid uint32) []string {
	dirs := []string{"/etc/systemd/user", "/run/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"}
	b, _ := readFile(files, "/etc/passwd", 16*maxText)
	for line := range bytes.Lines(b) {
		if f := strings.Split(string(line), ":"); len(f) > 5 && f[2] == strconv.FormatUint(uint64(uid), 10) {
			return append([]string{path.Join(f[5], ".config/systemd/user")}, dirs...)
		}
	}
	return dirs
}

// setting is a line of a unit file, in its section.
type setting struct{ section, key, value string }

// parseUnit reads the settings of a unit file in order. Lines that end in a backslash go on.
func parseUnit(b []byte) []setting {
	var list []setting
	section := ""
	text := strings.ReplaceAll(string(b), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			if key, value, ok := strings.Cut(line, "="); ok {
				list = append(list, setting{section, strings.TrimSpace(key), strings.TrimSpace(value)})
			}
		}
	}
	return list
}

// socketUnit is what is used of a *.socket unit.
type socketUnit struct {
	name    string
	stream  []string
	packets []string
	service string
	accept  bool
}

// activatedUnit finds the unit that systemd starts for an endpoint: of the socket units that name it, the one that is
// enabled.
func activatedUnit(files fs.FS, dirs []string, e endpoint) string {
	units, enabled := socketUnits(files, dirs)
	found := ""
	for _, name := range units {
		u, ok := readSocketUnit(files, dirs, name)
		if !ok || !u.listens(e) {
			continue
		}
		if found == "" || enabled[name] {
			found = u.activated()
		}
		if enabled[name] {
			break
		}
	}
	return found
}

// socketUnits lists the socket units there are, instances of templates as far as they are enabled, and which are.
func socketUnits(files fs.FS, dirs []string) (units []string, enabled map[string]bool) {
	enabled = map[string]bool{}
	for _, dir := range dirs {
		names, _ := readNames(files, dir)
		for _, name := range names {
			switch {
			case strings.HasSuffix(name, "@.socket"): // a template: its instances are what listens
			case strings.HasSuffix(name, ".socket"):
				units = append(units, name)
			case strings.HasSuffix(name, ".wants") || strings.HasSuffix(name, ".requires"):
				wanted, _ := readNames(files, path.Join(dir, name))
				for _, w := range wanted {
					if strings.HasSuffix(w, ".socket") {
						enabled[w] = true
						units = append(units, w)
					}
				}
			}
		}
	}
	slices.Sort(units)
	return slices.Compact(units), enabled
}

// readSocketUnit reads a unit from the first directory that has it, then its drop-ins. A unit that is masked, by a link
// to /dev/null or an empty file, is none.
func readSocketUnit(files fs.FS, dirs []string, name string) (socketUnit, bool) {
	template, instance := name, ""
	if prefix, rest, ok := strings.Cut(name, "@"); ok {
		template, instance = prefix+"@.socket", strings.TrimSuffix(rest, ".socket")
	}
	var settings []setting
	for _, dir := range dirs {
		b, err := readFile(files, path.Join(dir, name), maxText)
		if err != nil && template != name {
			b, err = readFile(files, path.Join(dir, template), maxText)
		}
		if err == nil {
			settings = parseUnit(b)
			break
		}
		if target, err := fs.ReadLink(files, rel(path.Join(dir, name))); err == nil && target == "/dev/null" {
			return socketUnit{}, false
		}
	}
	if len(settings) == 0 {
		return socketUnit{}, false
	}
	for _, b := range dropIns(files, dirs, name, template) {
		settings = append(settings, parseUnit(b)...)
	}
	u := socketUnit{name: name}
	for _, s := range settings {
		if s.section == "Socket" {
			u.set(s.key, expand(s.value, name, instance))
		}
	}
	return u, true
}

// dropIns reads the files that change a unit, in the order of their names; of several with one name, the first
// directory's counts.
func dropIns(files fs.FS, dirs []string, names ...string) [][]byte {
	where := map[string]string{}
	for _, name := range slices.Compact(names) {
		for _, dir := range dirs {
			dir = path.Join(dir, name+".d")
			entries, _ := readNames(files, dir)
			for _, entry := range entries {
				if _, known := where[entry]; !known && strings.HasSuffix(entry, ".conf") {
					where[entry] = path.Join(dir, entry)
				}
			}
		}
	}
	var order []string
	for entry := range where {
		order = append(order, entry)
	}
	slices.Sort(order)
	var contents [][]byte
	for _, entry := range order {
		if b, err := readFile(files, where[entry], maxText); err == nil {
			contents = append(contents, b)
		}
	}
	return contents
}

// set applies a line. An empty list resets what was listed before it.
func (u *socketUnit) set(key, value string) {
	add := func(list []string) []string {
		if value == "" {
			return nil
		}
		return append(list, value)
	}
	switch key {
	case "ListenStream":
		u.stream = add(u.stream)
	case "ListenDatagram":
		u.packets = add(u.packets)
	case "Service":
		u.service = value
	case "Accept":
		u.accept = slices.Contains([]string{"1", "yes", "y", "true", "t", "on"}, strings.ToLower(value))
	}
}

// expand replaces the specifiers that sockets use: the instance, the prefix and the whole name.
func expand(value, name, instance string) string {
	prefix, _, _ := strings.Cut(strings.TrimSuffix(name, ".socket"), "@")
	return strings.NewReplacer("%i", instance, "%I", instance, "%p", prefix, "%n", name, "%%", "%").Replace(value)
}

func (u socketUnit) listens(e endpoint) bool {
	list := u.stream
	if e.transport == rtevent.UDP {
		list = u.packets
	}
	return slices.ContainsFunc(list, e.matches)
}

// activated is the unit that is started: the one that is named, or the service of the same name; with Accept a new
// instance for every connection.
func (u socketUnit) activated() string {
	if u.service != "" {
		return u.service
	}
	base := strings.TrimSuffix(u.name, ".socket")
	if u.accept {
		prefix, _, _ := strings.Cut(base, "@")
		return prefix + "@.service"
	}
	return base + ".service"
}
