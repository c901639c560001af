package protocol

import (
	"regexp"
	"testing"

	"rtevent"
)

func TestCPE(t *testing.T) {
	for _, c := range []struct{ product, version, want, uri string }{
		{"OpenSSH", "9.2p1", "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*", "cpe:/a:openbsd:openssh:9.2p1"},
		{"Redis", "", "cpe:2.3:a:redis:redis:-:*:*:*:*:*:*:*", "cpe:/a:redis:redis"},
		{"Erlang/OTP", "25.2.3", `cpe:2.3:a:erlang:erlang\/otp:25.2.3:*:*:*:*:*:*:*`, "cpe:/a:erlang:erlang%2fotp:25.2.3"},
		{"NSClient++", "0.5.2", `cpe:2.3:a:nsclient:nsclient\+\+:0.5.2:*:*:*:*:*:*:*`, "cpe:/a:nsclient:nsclient%2b%2b:0.5.2"},
		{"vsftpd", "3.0.3+git:2 B", `cpe:2.3:a:vsftpd_project:vsftpd:3.0.3\+git\:2_b:*:*:*:*:*:*:*`, "cpe:/a:vsftpd_project:vsftpd:3.0.3%2bgit%3a2_b"},
		{"vsftpd", "1-2_3~4", `cpe:2.3:a:vsftpd_project:vsftpd:1-2_3\~4:*:*:*:*:*:*:*`, "cpe:/a:vsftpd_project:vsftpd:1-2_3%7e4"},
		{"vsftpd", "-", "cpe:2.3:a:vsftpd_project:vsftpd:-:*:*:*:*:*:*:*", "cpe:/a:vsftpd_project:vsftpd"},
		{"vsftpd", "3\x00", "cpe:2.3:a:vsftpd_project:vsftpd:-:*:*:*:*:*:*:*", "cpe:/a:vsftpd_project:vsftpd"},
		{"vsftpd", "três", "cpe:2.3:a:vsftpd_project:vsftpd:-:*:*:*:*:*:*:*", "cpe:/a:vsftpd_project:vsftpd"},
		{"somebody's own", "1.0", "", ""},
		{"", "1.0", "", ""},
	} {
		f := &rtevent.Finding{Product: c.product, Version: c.version}
		if got := CPE(f); got != c.want {
			t.Errorf("%s %q: got %s, want %s", c.product, c.version, got, c.want)
		}
		if got := CPEURI(f); got != c.uri {
			t.Errorf("%s %q: got %s, want %s", c.product, c.version, got, c.uri)
		}
	}
}

// formatted is what NISTIR 7695 lets a formatted string be, as far as we write one.
var formatted = regexp.MustCompile(`^cpe:2\.3:a(:([a-z0-9._-]|\\[!-/:-@\[-` + "`" + `{-~])+){3}(:\*){7}$`)

func FuzzCPE(f *testing.F) {
	f.Add("9.2p1")
	f.Add("a:b*?\\")
	f.Fuzz(func(t *testing.T, version string) {
		if got := CPE(&rtevent.Finding{Product: "OpenSSH", Version: version}); !formatted.MatchString(got) {
			t.Errorf("%q gives %q", version, got)
		}
	})
}

func TestDictionary(t *testing.T) {
	for product := range dictionary {
		if got := CPE(&rtevent.Finding{Product: product, Version: "1"}); !formatted.MatchString(got) {
			t.Errorf("%s gives %q", product, got)
		}
	}
}
