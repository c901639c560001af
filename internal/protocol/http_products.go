// The products of HTTP: where they are listed, and what leads to many of them.

package protocol

import (
	"slices"
)

// httpProducts are all that are known by what they answer. Where two know an answer, the earlier counts.
var httpProducts = slices.Concat(httpDatabases, httpMonitoring, httpClusters, httpWorkshops, httpModels, httpHouseholds)

// httpLeads lead to metrics, to which most programs in Go show the way or have nothing else to show, and to the same page
// again where the request was not to a server's liking.
var httpLeads = []httpLead{
	{complains, "/"},
	{goNotFound, metricsPath},
	{redirect("/graph", "/classic/graph", "/query", "/containers/"), metricsPath},
	{markup(`href="/metrics"`), metricsPath},
	{markup(`href='/metrics'`), metricsPath},
	{markup(`href="metrics"`), metricsPath},
	{markup(`href='metrics'`), metricsPath},
}

// complains tells an answer to a request of HTTP/1.0, or without the name of a host, from who wants another.
func complains(a httpAnswer) (string, bool) {
	return "", a.status == "426" || a.status == "505" || a.status == "400" && a.field("Server") == "" ||
		a.status == "403" && a.body == "Host check error\n"
}

// goNotFound is what Go answers where nothing is.
func goNotFound(a httpAnswer) (string, bool) {
	return "", a.status == "404" && a.body == "404 page not found\n"
}

// ginNotFound is what Gin, a library for Go, answers where nothing is.
func ginNotFound(a httpAnswer) (string, bool) {
	return "", a.status == "404" && a.body == "404 page not found" && a.field("Content-Type") == "text/plain"
}

// plainNotFound is what Gorilla, another, is often told to answer.
func plainNotFound(a httpAnswer) (string, bool) {
	return "", a.status == "404" && a.body == "Not Found\n" && a.field("X-Content-Type-Options") == "nosniff"
}

// httpPrograms are the executables that serve HTTP as their main business.
var httpPrograms = []Program{
	{"nginx", "nginx"}, {"apache2", "Apache httpd"}, {"httpd", ""}, {"lighttpd", "lighttpd"}, {"caddy", "Caddy"},
	{"haproxy", "HAProxy"}, {"traefik", "Traefik"}, {"envoy", "Envoy"}, {"varnishd", "Varnish"}, {"h2o", "H2O"},
	{"prometheus", "Prometheus"}, {"alertmanager", "Alertmanager"}, {"prometheus-alertmanager", "Alertmanager"},
	{"pushgateway", "Pushgateway"}, {"prometheus-pushgateway", "Pushgateway"}, {"thanos", "Thanos"},
	{"node_exporter", "node_exporter"}, {"prometheus-node-exporter", "node_exporter"}, {"mtail", "mtail"},
	{"grafana", "Grafana"}, {"grafana-server", "Grafana"}, {"loki", "Grafana Loki"}, {"tempo", "Grafana Tempo"},
	{"jaeger-all-in-one", "Jaeger"}, {"jaeger-query", "Jaeger"}, {"victoria-metrics", "VictoriaMetrics"},
	{"otelcol", "OpenTelemetry Collector"}, {"otelcol-contrib", "OpenTelemetry Collector"}, {"cadvisor", "cAdvisor"},
	{"netdata", "Netdata"}, {"fluent-bit", "Fluent Bit"}, {"apm-server", "Elastic APM Server"}, {"splunkd", "Splunk"},
	{"etcd", "etcd"}, {"influxd", "InfluxDB"}, {"arangod", "ArangoDB"}, {"cockroach", "CockroachDB"}, {"qdrant", "Qdrant"},
	{"weaviate", "Weaviate"}, {"chroma", "Chroma"}, {"meilisearch", "Meilisearch"}, {"surreal", "SurrealDB"},
	{"kube-apiserver", "Kubernetes"}, {"kubelet", "Kubernetes"}, {"dockerd", "Docker"}, {"podman", "Podman"},
	{"docker-registry", "Docker Registry"}, {"consul", "Consul"}, {"nomad", "Nomad"}, {"vault", "Vault"}, {"minio", "MinIO"},
	{"radosgw", "Ceph Object Gateway"}, {"portainer", "Portainer"}, {"cockpit-ws", "Cockpit"}, {"pveproxy", "Proxmox VE"},
	{"apt-cacher-ng", "Apt-Cacher NG"}, {"aptly", "aptly"}, {"rclone", "rclone"}, {"monit", "Monit"},
	{"gitea", "Gitea"}, {"forgejo", "Forgejo"}, {"gogs", "Gogs"}, {"buildbot", "Buildbot"}, {"concourse", "Concourse"},
	{"jupyter-notebook", "Jupyter Notebook"}, {"jupyter-server", "Jupyter Server"}, {"jupyter-lab", "Jupyter Server"},
	{"jupyterhub", "JupyterHub"}, {"chromium", "Chrome"}, {"chrome", "Chrome"}, {"chromedriver", "ChromeDriver"},
	{"geckodriver", "geckodriver"}, {"supervisord", "Supervisor"}, {"mailpit", "Mailpit"}, {"MailHog", "MailHog"},
	{"code-server", "code-server"}, {"ollama", "Ollama"}, {"llama-server", "llama.cpp"}, {"mlflow", "MLflow"},
	{"tensorboard", "TensorBoard"}, {"streamlit", "Streamlit"}, {"vllm", "vLLM"}, {"hass", "Home Assistant"},
	{"Plex Media Server", "Plex Media Server"}, {"jellyfin", "Jellyfin"}, {"transmission-daemon", "Transmission"},
	{"qbittorrent-nox", "qBittorrent"}, {"deluge-web", "Deluge"}, {"motion", "Motion"}, {"radicale", "Radicale"},
	{"minidlnad", "MiniDLNA"}, {"icecast2", "Icecast"}, {"icecast", "Icecast"}, {"webfsd", "webfs"}, {"mitmweb", "mitmproxy"},
	{"snapserver", "Snapcast"}, {"node", "Node.js"}, {"nodejs", "Node.js"},
	{"sftpgo", "SFTPGo"}, {"teleport", "Teleport"},
}
