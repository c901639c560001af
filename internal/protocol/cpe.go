// Common Platform Enumeration: the names under which databases of vulnerabilities know a product.

package protocol

import (
	"fmt"
	"regexp"
	"strings"

	"rtevent"
)

// CPE is the name of what a finding identified, as a formatted string of CPE 2.3 (NISTIR 7695, section 6.2):
// "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*", with "-" for a version that is not known. It is empty for a product
// that has no name in the dictionary, as far as we know.
func CPE(f *rtevent.Finding) string {
	name := dictionary[f.Product]
	if name == "" {
		return ""
	}
	return fmt.Sprintf("cpe:2.3:a:%s:%s:*:*:*:*:*:*:*", name, cpeVersion(f.Version, `\%c`))
}

// CPEURI is the same name as a URI of CPE 2.2 (NISTIR 7695, section 6.1), which is what nmap writes:
// "cpe:/a:openbsd:openssh:9.2p1". A version that is not known is left out.
func CPEURI(f *rtevent.Finding) string {
	name := dictionary[f.Product]
	if name == "" {
		return ""
	}
	uri := "cpe:/a:" + escaped.ReplaceAllStringFunc(name, func(s string) string { return fmt.Sprintf("%%%02x", s[1]) })
	if version := cpeVersion(f.Version, "%%%02x"); version != "-" {
		uri += ":" + version
	}
	return uri
}

// escaped is a sign that a formatted string escapes with a backslash and a URI as a number.
var escaped = regexp.MustCompile(`\\.`)

// longVersion bounds what is taken for a version, in bytes.
const longVersion = 64

// cpeVersion writes a version as a component of a name: in lower case, with every sign but ".", "-" and "_" escaped in
// the given format. What the server said of itself may be anything; what cannot be a version is not known.
func cpeVersion(version, escape string) string {
	if version == "" || version == "-" || len(version) > longVersion {
		return "-"
	}
	var b strings.Builder
	for _, c := range []byte(strings.ToLower(strings.ReplaceAll(version, " ", "_"))) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', strings.IndexByte("._-", c) >= 0:
			b.WriteByte(c)
		case '!' <= c && c <= '~':
			fmt.Fprintf(&b, escape, c)
		default:
			return "-"
		}
	}
	return b.String()
}
