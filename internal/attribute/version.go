package attribute

import (
	"strings"

	"rtevent"
)

// Upstream is the version that the makers of the software gave it, taken out of a package's version: "7.0.15" from
// dpkg's "5:7.0.15-1~deb12u6". A packager's snapshot or repacking of it is left out; what cannot be told apart stays.
func Upstream(p rtevent.Package) string {
	v := p.Version
	switch p.Manager {
	case "dpkg":
		v = withoutEpoch(v)
		v = before(v, strings.LastIndexByte(v, '-'))
		if _, really, ok := strings.Cut(v, "+really"); ok {
			v = really
		}
		if i := strings.LastIndexByte(v, '+'); i > 0 && len(v)-i <= 3 && strings.Trim(v[i+1:], "0123456789") == "" {
			v = v[:i] // the number of the build, as OpenJDK counts them
		}
		for _, mark := range []string{"+dfsg", "~dfsg", ".dfsg", "+ds", "~ds", "+repack", "~deb", "+deb", "~bpo", "~ubuntu", "+ubuntu", "ubuntu"} {
			v = before(v, strings.Index(v, mark))
		}
	case "rpm":
		v = withoutEpoch(v)
		v = before(v, strings.LastIndexByte(v, '-'))
	case "apk":
		v = before(v, strings.LastIndex(v, "-r"))
		v = strings.Replace(v, "_p", "p", 1) // OpenSSH's 9.6p1 is 9.6_p1 to apk
	}
	return v
}

func withoutEpoch(v string) string { return v[strings.IndexByte(v, ':')+1:] }

// before cuts a text at a place that was found in it; a place that was not found, or the beginning, cuts nothing.
func before(s string, i int) string {
	if i <= 0 {
		return s
	}
	return s[:i]
}
