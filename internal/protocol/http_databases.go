package protocol

// httpDatabases are those that keep data and answer for it in HTTP.
var httpDatabases = []httpProduct{
	{
		name: "Elasticsearch",
		is: either(
			object("version.number", "version.lucene_version", "tagline=You Know, for Search"),
			fieldIs("X-elastic-product", "Elasticsearch")),
	}, {
		name: "OpenSearch",
		is:   object("version.number", "version.distribution=opensearch", "version.lucene_version"),
	}, {
		name: "Apache CouchDB",
		is:   either(object("version", "couchdb=Welcome"), fieldBegins("Server", "CouchDB/")),
	}, {
		name: "InfluxDB",
		is:   field("X-Influxdb-Version"),
	}, {
		name: "ClickHouse",
		is: either(carries("X-ClickHouse-Server-Display-Name"), carries("X-ClickHouse-Summary"),
			carries("X-ClickHouse-Exception-Code")),
	}, {
		name: "ArangoDB",
		is:   fieldIs("Server", "ArangoDB"),
		hint: redirect("/_db/_system/_admin/aardvark/index.html"),
		asks: []httpAsk{{"/_api/version", object("version", "server=arango")}},
	}, {
		name: "Neo4j",
		is:   object("neo4j_version", "neo4j_edition"),
	}, {
		name: "RethinkDB",
		is:   every(title("RethinkDB Administration Console"), markup(`src="cluster-min.js?v=`)),
	}, {
		name: "CockroachDB",
		hint: title("Cockroach Console"),
		asks: []httpAsk{{"/_status/vars", metric("build_timestamp", "tag")}},
	}, {
		name: "Qdrant",
		is:   object("version", "title=qdrant - vector search engine"),
	}, {
		name: "Weaviate",
		hint: redirect("/v1"),
		asks: []httpAsk{{"/v1/meta", object("version", "hostname", "modules{}")}},
	}, {
		name: "Chroma",
		hint: object("", "detail=Not Found"),
		asks: []httpAsk{
			{"/api/v2/heartbeat", object("", "nanosecond heartbeat#")},
			{"/api/v1/heartbeat", object("", "nanosecond heartbeat#")},
		},
	}, {
		name: "Meilisearch",
		is:   object("", "status=Meilisearch is running"),
	}, {
		name: "Apache Solr",
		hint: redirect("/solr/", "/solr"),
		asks: []httpAsk{{"/solr/admin/info/system?wt=json", object("lucene.solr-spec-version", "lucene.lucene-spec-version")}},
	}, {
		name: "Apache Druid",
		hint: redirect("/unified-console.html"),
		asks: []httpAsk{{"/status", object("version", "modules[]", "memory{}")}},
	}, {
		name: "SurrealDB",
		is: either(fieldBegins("surreal-version", "surrealdb-"), fieldBegins("surreal-version", "surrealdb/"),
			fieldIs("Server", "SurrealDB")),
	}, {
		name: "etcd",
		is:   object("etcdserver", "etcdcluster"),
		hint: goNotFound,
		asks: []httpAsk{
			{"/version", object("etcdserver", "etcdcluster")},
			{metricsPath, metric("etcd_server_version", "server_version")},
		},
	}, {
		name: "NATS",
		is:   every(markup(`<a href=./varz>`), markup(`<a href=https://github.com/nats-io/nats-server class='version'>`)),
		hint: markup(`<a href=/varz>`),
		asks: []httpAsk{{"/varz", object("version", "server_id", "proto#", "http_port#")}},
	}, {
		name: "RabbitMQ",
		hint: title("RabbitMQ Management"),
		asks: []httpAsk{{"/api/overview", every(status("401"), realm("RabbitMQ Management"))}},
	}, {
		name: "Apache ActiveMQ",
		is:   every(status("401"), realm("ActiveMQRealm")),
	},
}
