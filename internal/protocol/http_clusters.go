package protocol

// httpClusters are those that run, route, guard and store what others are made of: containers, secrets, images, packages,
// objects.
var httpClusters = []httpProduct{
	{
		name: "Kubernetes",
		is:   object("", "kind=Status", "apiVersion=v1", "metadata{}", "code#"),
		asks: []httpAsk{{"/version", object("gitVersion", "major", "minor", "gitCommit", "platform")}},
	}, {
		name: "Podman",
		is:   fieldBegins("Server", "Libpod/"),
		hint: plainNotFound,
		asks: []httpAsk{{"/_ping", field("Libpod-Api-Version")}},
	}, {
		name: "Docker",
		is:   every(fieldBegins("Server", "Docker/"), carries("Api-Version")),
		hint: object("", "message=page not found"),
		asks: []httpAsk{{"/_ping", every(carries("Api-Version"), fieldBegins("Server", "Docker/"))}},
	}, {
		name: "Docker Registry",
		hint: every(status("200"), body(""), fieldIs("Cache-Control", "no-cache")),
		asks: []httpAsk{{"/v2/", fieldIs("Docker-Distribution-Api-Version", "registry/2.0")}},
	}, {
		name: "Harbor",
		hint: title("Harbor"),
		asks: []httpAsk{{"/api/v2.0/systeminfo",
			either(object("harbor_version", "auth_mode"), object("", "auth_mode", "self_registration?"))}},
	}, {
		name: "Consul",
		hint: every(status("301"), redirect("/ui/")),
		asks: []httpAsk{{"/v1/agent/self",
			either(object("Config.Version", "Config.Datacenter", "Config.NodeName"), carries("X-Consul-Default-Acl-Policy"))}},
	}, {
		name: "Nomad",
		hint: every(status("307"), redirect("/ui/")),
		asks: []httpAsk{
			{"/v1/agent/self", object("config.Version.Version", "member{}")},
			{"/v1/agent/health", object("", "server.message", "server.ok?")},
		},
	}, {
		name: "Vault",
		hint: every(status("307"), redirect("/ui/")),
		asks: []httpAsk{{"/v1/sys/health", object("version", "initialized?", "sealed?", "standby?")}},
	}, {
		name: "MinIO",
		is:   fieldIs("Server", "MinIO"),
	}, {
		name: "Ceph Object Gateway",
		is:   every(carriesBegin("x-amz-request-id", "tx"), element("<ListAllMyBucketsResult", ""), contains("<ID>anonymous</ID>")),
	}, {
		name: "Traefik",
		hint: redirect("/dashboard/"),
		asks: []httpAsk{{"/api/version", object("Version", "Codename")}},
	}, {
		name: "PowerDNS Recursor",
		hint: markup(`<script src="js/rickshaw.min.js" defer>`),
		asks: []httpAsk{{"/api/v1/servers/localhost", object("version", "daemon_type=recursor", "config_url")}},
	}, {
		name: "BIND",
		is:   every(fieldIs("Server", "libisc"), between(`<statistics version="`, "<version>", "</version>")),
	}, {
		name: "HAProxy",
		is:   every(title("Statistics Report for HAProxy"), markup(`style="text-decoration: none;">HAProxy version `)),
	}, {
		name: "Envoy",
		hint: title("Envoy Admin"),
		asks: []httpAsk{{"/server_info", object("", "version", "state", "command_line_options{}")}},
	}, {
		name: "Portainer",
		hint: title("Portainer"),
		asks: []httpAsk{{"/api/status", object("Version", "InstanceID")}},
	}, {
		name: "Argo CD",
		hint: title("Argo CD"),
		asks: []httpAsk{{"/api/version", object("Version")}},
	}, {
		name: "Kubernetes Dashboard",
		is:   every(title("Kubernetes Dashboard"), markup("<kd-root")),
	}, {
		name: "Keycloak",
		hint: either(title("Welcome to Keycloak"), redirect("/admin/", "/auth/")),
		asks: []httpAsk{{"/realms/master", object("", "realm=master", "public_key", "token-service")}},
	}, {
		name: "authentik",
		is:   fieldIs("X-Powered-By", "authentik"),
	}, {
		name: "Cockpit",
		is:   every(title("Loading..."), markup(`var environment = {"is_cockpit_client":`)),
	}, {
		name: "Proxmox VE",
		is:   carriesBegin("Server", "pve-api-daemon/"),
	}, {
		name: "Sonatype Nexus",
		is:   fieldBegins("Server", "Nexus/"),
	}, {
		name: "JFrog Artifactory",
		is:   either(fieldBegins("X-JFrog-Version", "Artifactory/"), carries("X-Artifactory-Id")),
	}, {
		name: "Apt-Cacher NG",
		is:   every(status("406"), title("Not Found or APT Reconfiguration required")),
	}, {
		name: "aptly",
		hint: ginNotFound,
		asks: []httpAsk{{"/api/version", object("Version")}},
	}, {
		name: "rclone",
		is: either(fieldBegins("Server", "rclone/"),
			every(plainNotFound, fieldIs("Access-Control-Request-Method", "POST, OPTIONS, GET, HEAD"))),
	},
}
