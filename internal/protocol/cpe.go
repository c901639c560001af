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
	"Adminer":                 "adminer:adminer",
	"aiohttp":                 "aiohttp:aiohttp",
	"Android Debug Bridge":    "google:android_debug_bridge",
	"Apache ActiveMQ":         "apache:activemq",
	"Apache ActiveMQ Artemis": "apache:activemq_artemis",
	"Apache Airflow":          "apache:airflow",
	"Apache Cassandra":        "apache:cassandra",
	"Apache CouchDB":          "apache:couchdb",
	"Apache Druid":            "apache:druid",
	"Apache Flink":            "apache:flink",
	"Apache Hadoop HDFS":      "apache:hadoop",
	"Apache Hadoop YARN":      "apache:hadoop",
	"Apache httpd":            "apache:http_server",
	"Apache Kafka":            "apache:kafka",
	"Apache Kvrocks":          "apache:kvrocks",
	"Apache Pulsar":           "apache:pulsar",
	"Apache Qpid":             "apache:qpid",
	"Apache Solr":             "apache:solr",
	"Apache Spark":            "apache:spark",
	"Apache Superset":         "apache:superset",
	"Apache Tomcat":           "apache:tomcat",
	"Apache ZooKeeper":        "apache:zookeeper",
	"ArangoDB":                "arangodb:arangodb",
	"Argo CD":                 "argoproj:argo_cd",
	"Asterisk":                "digium:asterisk",
	"authentik":               "goauthentik:authentik",
	"BIND":                    "isc:bind",
	"BitlBee":                 "bitlbee:bitlbee",
	"Buildbot":                "buildbot:buildbot",
	"Caddy":                   "caddyserver:caddy",
	"Chrome":                  "google:chrome",
	"chrony":                  "tuxfamily:chrony",
	"ClickHouse":              "clickhouse:clickhouse",
	"Cockpit":                 "cockpit-project:cockpit",
	"CockroachDB":             "cockroachlabs:cockroachdb",
	"code-server":             "coder:code-server",
	"Confluence":              "atlassian:confluence_server",
	"Consul":                  "hashicorp:consul",
	"CoreDNS":                 "coredns.io:coredns",
	"CouchDB":                 "apache:couchdb",
	"Cowboy":                  "ninenines:cowboy",
	"CUPS":                    "openprinting:cups",
	"Cyrus IMAP":              "cyrus:imap",
	"D-Bus":                   "freedesktop:dbus",
	"Dante":                   "inet:dante",
	"Dask":                    "anaconda:dask",
	"Deluge":                  "deluge-torrent:deluge",
	"Discourse":               "discourse:discourse",
	"dnsmasq":                 "thekelleys:dnsmasq",
	"Docker":                  "docker:docker",
	"Docker Registry":         "docker:docker_registry",
	"Dovecot":                 "dovecot:dovecot",
	"Dropbear":                "dropbear_ssh_project:dropbear_ssh",
	"Drupal":                  "drupal:drupal",
	"ejabberd":                "process-one:ejabberd",
	"Elastic APM Server":      "elastic:apm_server",
	"Elasticsearch":           "elastic:elasticsearch",
	"EMQX":                    "emqx:emqx",
	"Envoy":                   "envoyproxy:envoy",
	"Erlang/OTP":              `erlang:erlang\/otp`,
	"etcd":                    "etcd:etcd",
	"Exim":                    "exim:exim",
	"Firebird":                "firebirdsql:firebird",
	"Fluent Bit":              "treasuredata:fluent_bit",
	"Forgejo":                 "forgejo:forgejo",
	"FreeRDP":                 "freerdp:freerdp",
	"FreeSWITCH":              "freeswitch:freeswitch",
	"gdbserver":               "gnu:gdb",
	"geckodriver":             "mozilla:geckodriver",
	"Ghost":                   "ghost:ghost",
	"Git":                     "git-scm:git",
	"Gitea":                   "gitea:gitea",
	"GitLab":                  "gitlab:gitlab",
	"GNU inetutils telnetd":   "gnu:inetutils",
	"Go net/http":             "golang:go",
	"Gogs":                    "gogs:gogs",
	"gpsd":                    "gpsd_project:gpsd",
	"Gradio":                  "gradio_project:gradio",
	"Grafana":                 "grafana:grafana",
	"gRPC":                    "grpc:grpc",
	"Gunicorn":                "gunicorn:gunicorn",
	"HAProxy":                 "haproxy:haproxy",
	"Harbor":                  "linuxfoundation:harbor",
	"Home Assistant":          "home-assistant:home-assistant",
	"Icecast":                 "xiph:icecast",
	"Icinga":                  "icinga:icinga",
	"InfluxDB":                "influxdata:influxdb",
	"InspIRCd":                "inspircd:inspircd",
	"iperf3":                  "es:iperf3",
	"Jellyfin":                "jellyfin:jellyfin",
	"Jenkins":                 "jenkins:jenkins",
	"Jetty":                   "eclipse:jetty",
	"JFrog Artifactory":       "jfrog:artifactory",
	"Jira":                    "atlassian:jira_server",
	"Jupyter Notebook":        "jupyter:notebook",
	"Jupyter Server":          "jupyter:jupyter_server",
	"JupyterHub":              "jupyter:jupyterhub",
	"Kamailio":                "kamailio:kamailio",
	"Keycloak":                "redhat:keycloak",
	"Kibana":                  "elastic:kibana",
	"Knot DNS":                "nic:knot_dns",
	"Knot Resolver":           "nic:knot_resolver",
	"Kubernetes":              "kubernetes:kubernetes",
	"Kubernetes Dashboard":    "kubernetes:dashboard",
	"libmicrohttpd":           "gnu:libmicrohttpd",
	"libssh":                  "libssh:libssh",
	"lighttpd":                "lighttpd:lighttpd",
	"llama.cpp":               "ggml:llama.cpp",
	"Logstash":                "elastic:logstash",
	"MariaDB":                 "mariadb:mariadb",
	"Mattermost":              "mattermost:mattermost_server",
	"MediaWiki":               "mediawiki:mediawiki",
	"Memcached":               "memcached:memcached",
	"Metabase":                "metabase:metabase",
	"Microsoft Exchange":      "microsoft:exchange_server",
	"Microsoft IIS":           "microsoft:internet_information_services",
	"Microsoft SQL Server":    "microsoft:sql_server",
	"MinIO":                   "minio:minio",
	"mitmproxy":               "mitmproxy:mitmproxy",
	"MLflow":                  "lfprojects:mlflow",
	"MongoDB":                 "mongodb:mongodb",
	"Monit":                   "tildeslash:monit",
	"Moodle":                  "moodle:moodle",
	"Mosquitto":               "eclipse:mosquitto",
	"Motion":                  "motion_project:motion",
	"Munin":                   "munin-monitoring:munin",
	"MySQL":                   "oracle:mysql",
	"n8n":                     "n8n:n8n",
	"NanoMQ":                  "emqx:nanomq",
	"NATS":                    "linuxfoundation:nats-server",
	"Neo4j":                   "neo4j:neo4j",
	"net-snmp":                "net-snmp:net-snmp",
	"Netdata":                 "netdata:netdata",
	"Nextcloud":               "nextcloud:nextcloud_server",
	"nfs-utils":               "linux-nfs:nfs-utils",
	"nginx":                   "f5:nginx",
	"ngIRCd":                  "barton:ngircd",
	"Node-RED":                "nodered:node-red",
	"Node.js":                 "nodejs:node.js",
	"Node.js inspector":       "nodejs:node.js",
	"Nomad":                   "hashicorp:nomad",
	"NSD":                     "nlnetlabs:name_server_daemon",
	"ntpd":                    "ntp:ntp",
	"Ollama":                  "ollama:ollama",
	"Open WebUI":              "openwebui:open_webui",
	"Openfire":                "igniterealtime:openfire",
	"OpenJDK":                 "oracle:openjdk",
	"OpenLDAP":                "openldap:openldap",
	"OpenSearch":              "amazon:opensearch",
	"OpenSIPS":                "opensips:opensips",
	"OpenSMTPD":               "opensmtpd:opensmtpd",
	"OpenSSH":                 "openbsd:openssh",
	"OpenVPN":                 "openvpn:openvpn",
	"OpenVPN Access Server":   "openvpn:openvpn_access_server",
	"pgAdmin":                 "pgadmin:pgadmin_4",
	"PgBouncer":               "pgbouncer:pgbouncer",
	"PHP":                     "php:php",
	"PHP-FPM":                 "php:php",
	"phpMyAdmin":              "phpmyadmin:phpmyadmin",
	"Pi-hole":                 "pi-hole:pi-hole",
	"Plex Media Server":       "plex:media_server",
	"Podman":                  "podman_project:podman",
	"Portainer":               "portainer:portainer",
	"Postfix":                 "postfix:postfix",
	"PostgreSQL":              "postgresql:postgresql",
	"PowerDNS":                "powerdns:authoritative_server",
	"PowerDNS Recursor":       "powerdns:recursor",
	"Privoxy":                 "privoxy:privoxy",
	"ProFTPD":                 "proftpd:proftpd",
	"Prometheus":              "prometheus:prometheus",
	"Prosody":                 "prosody:prosody",
	"Proxmox VE":              "proxmox:virtual_environment",
	"Pure-FTPd":               "pureftpd:pure-ftpd",
	"qBittorrent":             "qbittorrent:qbittorrent",
	"Qdrant":                  "qdrant:qdrant",
	"RabbitMQ":                "vmware:rabbitmq",
	"Radicale":                "radicale:radicale",
	"Ray":                     "anyscale:ray",
	"rclone":                  "rclone:rclone",
	"RealVNC":                 "realvnc:vnc_server",
	"Redis":                   "redis:redis",
	"Redmine":                 "redmine:redmine",
	"RethinkDB":               "rethinkdb:rethinkdb",
	"Roundcube":               "roundcube:webmail",
	"rpcbind":                 "rpcbind_project:rpcbind",
	"rsync":                   "samba:rsync",
	"Samba":                   "samba:samba",
	"Sendmail":                "sendmail:sendmail",
	"SGLang":                  "lmsys:sglang",
	"SimpleHTTPServer":        "python:python",
	"SonarQube":               "sonarsource:sonarqube",
	"Sonatype Nexus":          "sonatype:nexus_repository_manager",
	"SpamAssassin":            "apache:spamassassin",
	"Splunk":                  "splunk:splunk",
	"Squid":                   "squid-cache:squid",
	"Streamlit":               "snowflake:streamlit",
	"Subversion":              "apache:subversion",
	"Supervisor":              "supervisord:supervisor",
	"SurrealDB":               "surrealdb:surrealdb",
	"Synapse":                 "matrix:synapse",
	"Syncthing":               "syncthing:syncthing",
	"Tarantool":               "tarantool:tarantool",
	"TeamCity":                "jetbrains:teamcity",
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
	"Uptime Kuma":             "uptime_kuma:uptime_kuma",
	"Uvicorn":                 "encode:uvicorn",
	"uWSGI":                   "unbit:uwsgi",
	"Valkey":                  "lfprojects:valkey",
	"Varnish":                 "varnish-software:varnish_cache",
	"Vault":                   "hashicorp:vault",
	"Vite":                    "vitejs:vite",
	"vLLM":                    "vllm:vllm",
	"vsftpd":                  "vsftpd_project:vsftpd",
	"WEBrick":                 "ruby-lang:webrick",
	"Werkzeug":                "palletsprojects:werkzeug",
	"WordPress":               "wordpress:wordpress",
	"X.Org":                   "x.org:x_server",
	"x11vnc":                  "x11vnc_project:x11vnc",
	"xrdp":                    "neutrinolabs:xrdp",
	"Xwayland":                "x.org:xwayland",
	"Zabbix":                  "zabbix:zabbix",
	"ZeroMQ":                  "zeromq:libzmq",
}
