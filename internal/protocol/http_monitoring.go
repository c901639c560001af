package protocol

// httpMonitoring are those that watch others: metrics, logs, traces, and the pages that show them. Those that only show
// metrics are in httpMetrics.
var httpMonitoring = []httpProduct{
	{
		name: "Alertmanager",
		hint: title("Alertmanager"),
		asks: []httpAsk{{"/api/v2/status", object("versionInfo.version", "cluster{}", "config.original")}},
	}, {
		name: "Pushgateway",
		hint: title("Prometheus Pushgateway"),
		asks: []httpAsk{{"/api/v1/status", object("data.build_information.version", "status=success", "data.flags{}")}},
	}, {
		name: "mtail",
		hint: titleBegins("mtail on "),
		asks: []httpAsk{{metricsPath, metric("mtail_build_info", "version")}},
	}, {
		name: "Grafana",
		hint: either(cookie("redirect_to"), redirect("/login")),
		asks: []httpAsk{{"/api/health", object("version", "database", "commit")}},
	}, {
		name: "Jaeger",
		is:   every(title("Jaeger UI"), between(`JAEGER_VERSION = {`, `"gitVersion":"`, `"`)),
	}, {
		name: "Zipkin",
		hint: redirect("/zipkin/"),
		asks: []httpAsk{{"/info", object("zipkin.version")}},
	}, {
		name: "OpenTelemetry Collector",
		hint: goNotFound,
		asks: []httpAsk{{"/v1/traces", every(status("405"), body("405 method not allowed, supported: [POST]"))}},
	}, {
		name: "Netdata",
		is:   fieldBegins("Server", "Netdata Embedded HTTP Server "),
	}, {
		name: "Kibana",
		is:   either(field("kbn-version"), carries("kbn-name")),
		asks: []httpAsk{{"/api/status", object("version.number", "uuid", "status{}")}},
	}, {
		name: "OpenSearch Dashboards",
		is:   carries("osd-name"),
		asks: []httpAsk{{"/api/status", object("version.number", "uuid", "status{}")}},
	}, {
		name: "Logstash",
		is:   object("version", "http_address", "ephemeral_id", "pipeline{}"),
	}, {
		name: "Elastic APM Server",
		is:   object("version", "build_date", "build_sha", "publish_ready?"),
	}, {
		name: "Elastic Beats",
		is:   object("version", "beat", "hostname", "uuid"),
	}, {
		name: "Fluent Bit",
		is:   object("fluent-bit.version", "fluent-bit.edition", "fluent-bit.flags[]"),
	}, {
		name: "Splunk",
		is:   fieldIs("Server", "Splunkd"),
	}, {
		name: "Puppet Server",
		is:   carries("X-Puppet-Version"), // whose value is that of the agent inside
	}, {
		name: "Salt API",
		is:   object("", "return=Welcome", "clients[]"),
	}, {
		name: "VictoriaMetrics",
		is:   markup(`<h2>Single-node VictoriaMetrics</h2>`),
		asks: []httpAsk{{metricsPath, metric("vm_app_version", "short_version")}},
	}, {
		name: "Zabbix",
		is:   every(cookie("zbx_session"), markup(`<meta name="Author" content="Zabbix SIA"`)),
	}, {
		name: "Icinga",
		is:   fieldBegins("Server", "Icinga/r"),
	}, {
		name: "Uptime Kuma",
		is:   every(title("Uptime Kuma"), markup(`<meta name="description" content="Uptime Kuma monitoring tool"`)),
		hint: redirect("/dashboard"),
		asks: []httpAsk{{"/dashboard", every(title("Uptime Kuma"), markup(`<div id="app"`))}},
	},
}
