// Common Platform Enumeration: the names under which databases of vulnerabilities know a product.

package protocol

import (
	"fmt"
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
	uri := "cpe:/a:" + strings.ReplaceAll(name, `\/`, "%2f")
	if version := cpeVersion(f.Version, "%%%02x"); version != "-" {
		uri += ":" + version
	}
	return uri
}

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

// dictionary gives the products that findings name their vendor and product in the official CPE dictionary (NVD), as both are
// written there. Where a project changed hands the name under which new entries are filed counts.
var dictionary = map[string]string{
	"389 Directory Server":    "redhat:389_directory_server",
	"aiohttp":                 "aiohttp:aiohttp",
	"Android Debug Bridge":    "google:android_debug_bridge",
	"Apache ActiveMQ":         "apache:activemq",
	"Apache ActiveMQ Artemis": "apache:activemq_artemis",
	"Apache Cassandra":        "apache:cassandra",
	"Apache CouchDB":          "apache:couchdb",
	"Apache httpd":            "apache:http_server",
	"Apache Kafka":            "apache:kafka",
	"Apache Kvrocks":          "apache:kvrocks",
	"Apache Pulsar":           "apache:pulsar",
	"Apache Qpid":             "apache:qpid",
	"Apache Solr":             "apache:solr",
	"Apache Tomcat":           "apache:tomcat",
	"Apache ZooKeeper":        "apache:zookeeper",
	"ArangoDB":                "arangodb:arangodb",
	"Asterisk":                "digium:asterisk",
	"BIND":                    "isc:bind",
	"BitlBee":                 "bitlbee:bitlbee",
	"Caddy":                   "caddyserver:caddy",
	"chrony":                  "tuxfamily:chrony",
	"ClickHouse":              "clickhouse:clickhouse",
	"CockroachDB":             "cockroachlabs:cockroachdb",
	"Consul":                  "hashicorp:consul",
	"CoreDNS":                 "coredns.io:coredns",
	"CouchDB":                 "apache:couchdb",
	"Cowboy":                  "ninenines:cowboy",
	"CUPS":                    "openprinting:cups",
	"Cyrus IMAP":              "cyrus:imap",
	"D-Bus":                   "freedesktop:dbus",
	"Dante":                   "inet:dante",
	"dnsmasq":                 "thekelleys:dnsmasq",
	"Docker":                  "docker:docker",
	"Docker Registry":         "docker:docker_registry",
	"Dovecot":                 "dovecot:dovecot",
	"Dropbear":                "dropbear_ssh_project:dropbear_ssh",
	"ejabberd":                "process-one:ejabberd",
	"Elasticsearch":           "elastic:elasticsearch",
	"EMQX":                    "emqx:emqx",
	"Envoy":                   "envoyproxy:envoy",
	"Erlang/OTP":              `erlang:erlang\/otp`,
	"etcd":                    "etcd:etcd",
	"Exim":                    "exim:exim",
	"Firebird":                "firebirdsql:firebird",
	"Forgejo":                 "forgejo:forgejo",
	"FreeRDP":                 "freerdp:freerdp",
	"FreeSWITCH":              "freeswitch:freeswitch",
	"gdbserver":               "gnu:gdb",
	"Git":                     "git-scm:git",
	"Gitea":                   "gitea:gitea",
	"GitLab":                  "gitlab:gitlab",
	"GNU inetutils telnetd":   "gnu:inetutils",
	"Go net/http":             "golang:go",
	"gpsd":                    "gpsd_project:gpsd",
	"Grafana":                 "grafana:grafana",
	"gRPC":                    "grpc:grpc",
	"Gunicorn":                "gunicorn:gunicorn",
	"HAProxy":                 "haproxy:haproxy",
	"Home Assistant":          "home-assistant:home-assistant",
	"Icecast":                 "xiph:icecast",
	"InfluxDB":                "influxdata:influxdb",
	"InspIRCd":                "inspircd:inspircd",
	"iperf3":                  "es:iperf3",
	"Jenkins":                 "jenkins:jenkins",
	"Jetty":                   "eclipse:jetty",
	"Kamailio":                "kamailio:kamailio",
	"Kibana":                  "elastic:kibana",
	"Knot DNS":                "nic:knot_dns",
	"Knot Resolver":           "nic:knot_resolver",
	"Kubernetes":              "kubernetes:kubernetes",
	"libmicrohttpd":           "gnu:libmicrohttpd",
	"libssh":                  "libssh:libssh",
	"lighttpd":                "lighttpd:lighttpd",
	"MariaDB":                 "mariadb:mariadb",
	"Memcached":               "memcached:memcached",
	"Microsoft Exchange":      "microsoft:exchange_server",
	"Microsoft IIS":           "microsoft:internet_information_services",
	"Microsoft SQL Server":    "microsoft:sql_server",
	"MinIO":                   "minio:minio",
	"MongoDB":                 "mongodb:mongodb",
	"Mosquitto":               "eclipse:mosquitto",
	"Munin":                   "munin-monitoring:munin",
	"MySQL":                   "oracle:mysql",
	"NanoMQ":                  "emqx:nanomq",
	"NATS":                    "linuxfoundation:nats-server",
	"Neo4j":                   "neo4j:neo4j",
	"net-snmp":                "net-snmp:net-snmp",
	"nfs-utils":               "linux-nfs:nfs-utils",
	"nginx":                   "f5:nginx",
	"ngIRCd":                  "barton:ngircd",
	"Node.js":                 "nodejs:node.js",
	"Node.js inspector":       "nodejs:node.js",
	"Nomad":                   "hashicorp:nomad",
	"NSD":                     "nlnetlabs:name_server_daemon",
	"ntpd":                    "ntp:ntp",
	"Openfire":                "igniterealtime:openfire",
	"OpenJDK":                 "oracle:openjdk",
	"OpenLDAP":                "openldap:openldap",
	"OpenSIPS":                "opensips:opensips",
	"OpenSMTPD":               "opensmtpd:opensmtpd",
	"OpenSSH":                 "openbsd:openssh",
	"OpenVPN":                 "openvpn:openvpn",
	"OpenVPN Access Server":   "openvpn:openvpn_access_server",
	"PgBouncer":               "pgbouncer:pgbouncer",
	"PHP":                     "php:php",
	"PHP-FPM":                 "php:php",
	"Plex Media Server":       "plex:media_server",
	"Postfix":                 "postfix:postfix",
	"PostgreSQL":              "postgresql:postgresql",
	"PowerDNS":                "powerdns:authoritative_server",
	"PowerDNS Recursor":       "powerdns:recursor",
	"ProFTPD":                 "proftpd:proftpd",
	"Prometheus":              "prometheus:prometheus",
	"Prosody":                 "prosody:prosody",
	"Pure-FTPd":               "pureftpd:pure-ftpd",
	"RabbitMQ":                "vmware:rabbitmq",
	"RealVNC":                 "realvnc:vnc_server",
	"Redis":                   "redis:redis",
	"RethinkDB":               "rethinkdb:rethinkdb",
	"rpcbind":                 "rpcbind_project:rpcbind",
	"rsync":                   "samba:rsync",
	"Samba":                   "samba:samba",
	"Sendmail":                "sendmail:sendmail",
	"SimpleHTTPServer":        "python:python",
	"SpamAssassin":            "apache:spamassassin",
	"Squid":                   "squid-cache:squid",
	"Subversion":              "apache:subversion",
	"Syncthing":               "syncthing:syncthing",
	"Tarantool":               "tarantool:tarantool",
	"TigerVNC":                "tigervnc:tigervnc",
	"TightVNC":                "tightvnc:tightvnc",
	"Tinyproxy":               "tinyproxy_project:tinyproxy",
	"Tor":                     "torproject:tor",
	"Tornado":                 "tornadoweb:tornado",
	"Traefik":                 "traefik:traefik",
	"Transmission":            "transmissionbt:transmission",
	"Twisted Web":             "twisted:twisted",
	"UltraVNC":                "uvnc:ultravnc",
	"Unbound":                 "nlnetlabs:unbound",
	"UnrealIRCd":              "unrealircd:unrealircd",
	"Uvicorn":                 "encode:uvicorn",
	"uWSGI":                   "unbit:uwsgi",
	"Valkey":                  "lfprojects:valkey",
	"Vault":                   "hashicorp:vault",
	"vsftpd":                  "vsftpd_project:vsftpd",
	"WEBrick":                 "ruby-lang:webrick",
	"Werkzeug":                "palletsprojects:werkzeug",
	"X.Org":                   "x.org:x_server",
	"x11vnc":                  "x11vnc_project:x11vnc",
	"xrdp":                    "neutrinolabs:xrdp",
	"Xwayland":                "x.org:xwayland",
	"Zabbix":                  "zabbix:zabbix",
	"ZeroMQ":                  "zeromq:libzmq",
}
