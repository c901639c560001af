package protocol

// httpWorkshops are those with which others are built, tested, debugged, computed and run.
var httpWorkshops = []httpProduct{
	{
		name: "Jenkins",
		is:   field("X-Jenkins"),
	}, {
		name: "GitLab",
		is:   either(carries("X-Gitlab-Meta"), every(cookie("_gitlab_session"), redirect("/users/sign_in"))),
	}, {
		name: "Forgejo",
		hint: cookie("i_like_gitea"),
		asks: []httpAsk{{"/api/v1/version", every(object("version"), contains("+gitea-"))}},
	}, {
		name: "Gitea",
		hint: cookie("i_like_gitea"),
		asks: []httpAsk{{"/api/v1/version", object("version")}},
	}, {
		name: "Gogs",
		is:   every(cookie("i_like_gogs"), cookie("lang")),
	}, {
		name: "TeamCity",
		is:   carries("TeamCity-Node-Id"),
	}, {
		name: "SonarQube",
		hint: title("SonarQube"),
		asks: []httpAsk{{"/api/system/status", object("version", "id", "status")}},
	}, {
		name: "Buildbot",
		is:   every(title("Buildbot"), markup(`["Buildbot", "`)),
	}, {
		name: "Concourse",
		is:   field("X-Concourse-Version"),
	}, {
		name: "JupyterHub",
		is:   field("X-Jupyterhub-Version"),
	}, {
		name: "Jupyter Notebook",
		hint: every(redirect("/tree"), fieldBegins("Server", "TornadoServer/")),
		asks: []httpAsk{{"/api", object("version")}},
	}, {
		name: "Jupyter Server",
		hint: either(
			fieldHolds("Content-Security-Policy", "report-uri /api/security/csp-report"),
			every(redirect("/lab", "/login"), fieldBegins("Server", "TornadoServer/"))),
		asks: []httpAsk{{"/api", object("version")}},
	}, {
		name: "Node.js inspector",
		is: either(every(object("", "Protocol-Version"), keyBegins("Browser", "node.js/")),
			every(status("400"), body("WebSockets request was expected"), fieldIs("Content-Type", "text/html; charset=UTF-8"))),
		asks: []httpAsk{{"/json/version", keyBegins("Browser", "node.js/")}},
	}, {
		name: "Chrome",
		is: every(object("", "Protocol-Version", "V8-Version", "WebKit-Version"),
			either(keyBegins("Browser", "Chrome/"), keyBegins("Browser", "HeadlessChrome/"))),
		hint: every(status("404"), body(""), fieldIs("Content-Type", "text/html"), fieldIs("Date", ""), fieldIs("Server", "")),
		asks: []httpAsk{{"/json/version", either(keyBegins("Browser", "Chrome/"), keyBegins("Browser", "HeadlessChrome/"))}},
	}, {
		name: "ChromeDriver",
		hint: either(carries("X-WebSocket-Reject-Reason"), object("", "value.error=unknown command", "value.stacktrace")),
		asks: []httpAsk{{"/status",
			every(object("value.build.version", "value.ready?"), keyBegins("value.message", "ChromeDriver "))}},
	}, {
		name: "geckodriver",
		is: every(object("", "value.error=unknown command"),
			keyBegins("value.message", "GET / did not match a known command")),
	}, {
		name: "Selenium Grid",
		hint: redirect("/ui"),
		asks: []httpAsk{{"/status",
			every(keyBegins("value.message", "Selenium Grid "), either(object("value.nodes.0.version"), object("", "value.ready?")))}},
	}, {
		name: "Vite",
		is:   markup(`<script type="module" src="/@vite/client">`),
	}, {
		name: "Apache Spark",
		is: every(titleBegins("Spark Master at spark://"), either(
			markup(`<span class="version" style="margin-right: 15px;">`), markup(`<span class="version me-3">`))),
	}, {
		name: "Apache Hadoop HDFS",
		hint: markup(`url=dfshealth.html"`),
		asks: []httpAsk{{"/jmx?qry=Hadoop:service=NameNode,name=NameNodeInfo",
			object("beans.0.Version", "beans.0.name=Hadoop:service=NameNode,name=NameNodeInfo")}},
	}, {
		name: "Apache Hadoop YARN",
		hint: redirect("/cluster"),
		asks: []httpAsk{{"/ws/v1/cluster/info", object("clusterInfo.hadoopVersion", "clusterInfo.resourceManagerVersion")}},
	}, {
		name: "Apache Flink",
		hint: title("Apache Flink Web Dashboard"),
		asks: []httpAsk{{"/overview", object("flink-version", "taskmanagers#", "slots-total#")}},
	}, {
		name: "Apache Airflow",
		hint: redirect("/home", "/login/"),
		asks: []httpAsk{
			{"/api/v1/version", object("version")},
			{"/health", object("", "metadatabase.status", "scheduler.status")},
		},
	}, {
		name: "Node-RED",
		hint: title("Node-RED"),
		asks: []httpAsk{{"/settings", object("version", "httpNodeRoot")}},
	}, {
		name: "n8n",
		hint: title("n8n.io - Workflow Automation"),
		asks: []httpAsk{{"/healthz", object("", "status=ok")}},
	}, {
		name: "Metabase",
		hint: title("Metabase"),
		asks: []httpAsk{{"/api/health", object("", "status=ok")}},
	}, {
		name: "Apache Superset",
		hint: redirect("/superset/welcome/"),
		asks: []httpAsk{{"/health", body("OK")}},
	}, {
		name: "code-server",
		hint: redirect("/login"),
		asks: []httpAsk{{"/healthz", object("", "status", "lastHeartbeat#")}},
	}, {
		name: "phpMyAdmin",
		is:   every(cookie("phpMyAdmin"), title("phpMyAdmin")),
	}, {
		name: "pgAdmin",
		is:   every(cookie("pga4_session"), either(title("pgAdmin 4"), redirect("/login", "/browser/"))),
	}, {
		name: "Adminer",
		is:   every(title("Login - Adminer"), markup(`<span class="version">`)),
	}, {
		name: "Supervisor",
		is:   every(title("Supervisor Status"), markup(`<a href="http://supervisord.org">Supervisor</a> <span>`)),
	}, {
		name: "WinRM",
		hint: fieldIs("Server", "Microsoft-HTTPAPI/2.0"),
		asks: []httpAsk{{"/wsman", every(status("405"), fieldIs("Server", "Microsoft-HTTPAPI/2.0"))}},
	}, {
		name: "Mailpit",
		hint: title("Mailpit"),
		asks: []httpAsk{{"/api/v1/info", object("Version", "Database")}},
	}, {
		name: "MailHog",
		is:   every(title("MailHog"), markup(`ng-app="mailhogApp"`)),
	},
}
