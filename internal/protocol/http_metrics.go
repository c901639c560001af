// Metrics: what a program says of itself in the text format of Prometheus.

package protocol

import (
	"strings"
)

// A httpMetric is a metric that tells the version of one product in a label.
type httpMetric struct{ name, label, product string }

const metricsPath = "/metrics"

// metricsProduct is the product whose metrics an answer shows, by their own media type.
func (a httpAnswer) metricsProduct() (name, version string) {
	kind := a.field("Content-Type")
	if !strings.HasPrefix(kind, "text/plain; version=0.0.4") && !strings.HasPrefix(kind, "application/openmetrics-text") {
		return "", ""
	}
	return a.metrics()
}

// metrics is the product that tells its version in one of the metrics. Those with the label of a job are others', passed
// on.
func (a httpAnswer) metrics() (name, version string) {
	for line := range strings.Lines(a.body) {
		metric, labels, ok := strings.Cut(line, "{")
		if !ok || !strings.HasSuffix(line, "\n") || line[0] == '#' {
			continue
		}
		product, label := metricProduct(metric)
		if product == "" || labelOf(labels, "job") != "" || labelOf(labels, "instance") != "" {
			continue
		}
		if version := versionOf(labelOf(labels, label)); version != "" {
			return product, version
		}
	}
	return "", ""
}

// metricProduct is the product of a metric, and the label of its version. Exporters are named alike.
func metricProduct(metric string) (product, label string) {
	for _, m := range httpMetrics {
		if m.name == metric {
			return m.product, m.label
		}
	}
	if name, ok := strings.CutSuffix(metric, "_build_info"); ok && isExporter(name) {
		return name, "version"
	}
	return "", ""
}

func isExporter(name string) bool {
	const most = 40
	return strings.HasSuffix(name, "_exporter") && len(name) < most &&
		allOf(name, func(c byte) bool { return isAlpha(c) || isDigit(c) || c == '_' })
}

// isMetricsProduct tells the products that metrics can name.
func isMetricsProduct(name string) bool {
	for _, m := range httpMetrics {
		if m.product == name {
			return true
		}
	}
	return isExporter(name)
}

// labelOf is the value of a label: `version` of `a="b",version="1.2"} 1`.
func labelOf(labels, name string) string {
	for label := range strings.SplitSeq(labels, ",") {
		value, ok := strings.CutPrefix(strings.TrimLeft(label, " "), name+`="`)
		value, _, ended := strings.Cut(value, `"`)
		if ok && ended {
			return value
		}
	}
	return ""
}

// httpMetrics are those that give a product's version, as the documentation of each has them.
var httpMetrics = []httpMetric{
	{"thanos_build_info", "version", "Thanos"}, // before prometheus_build_info, which it may show too
	{"prometheus_build_info", "version", "Prometheus"},
	{"alertmanager_build_info", "version", "Alertmanager"},
	{"pushgateway_build_info", "version", "Pushgateway"},
	{"grafana_build_info", "version", "Grafana"},
	{"loki_build_info", "version", "Grafana Loki"},
	{"promtail_build_info", "version", "Promtail"},
	{"tempo_build_info", "version", "Grafana Tempo"},
	{"cortex_build_info", "version", "Cortex"},
	{"agent_build_info", "version", "Grafana Agent"},
	{"alloy_build_info", "version", "Grafana Alloy"},
	{"vm_app_version", "short_version", "VictoriaMetrics"},
	{"etcd_server_version", "server_version", "etcd"},
	{"coredns_build_info", "version", "CoreDNS"},
	{"kubernetes_build_info", "git_version", "Kubernetes"},
	{"cadvisor_version_info", "cadvisorVersion", "cAdvisor"},
	{"minio_software_version_info", "version", "MinIO"},
	{"rabbitmq_build_info", "rabbitmq_version", "RabbitMQ"},
	{"haproxy_process_build_info", "version", "HAProxy"},
	{"milvus_build_info", "version", "Milvus"},
	{"build_timestamp", "tag", "CockroachDB"},
	{"influxdb_info", "version", "InfluxDB"},
	{"gitea_build_info", "version", "Gitea"},
	{"argocd_info", "version", "Argo CD"},
	{"mtail_build_info", "version", "mtail"},
	{"otelcol_process_uptime", "service_version", "OpenTelemetry Collector"},
}
