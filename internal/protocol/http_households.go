package protocol

// httpHouseholds are those that people run for themselves and each other: homes, media, files, words, routers.
var httpHouseholds = []httpProduct{
	{
		name: "Home Assistant",
		hint: title("Home Assistant"),
		asks: []httpAsk{{"/manifest.json", object("", "name=Home Assistant", "short_name")}},
	}, {
		name: "Plex Media Server",
		is:   either(carries("X-Plex-Protocol"), every(element("<MediaContainer ", "version"), contains(" machineIdentifier="))),
		asks: []httpAsk{{"/identity", every(element("<MediaContainer ", "version"), contains(" machineIdentifier="))}},
	}, {
		name: "Jellyfin",
		hint: redirect("/web/index.html", "/web/"),
		asks: []httpAsk{{"/System/Info/Public", object("Version", "ProductName=Jellyfin Server", "ServerName")}},
	}, {
		name: "Synology DSM",
		hint: markup(`"webman/`),
		asks: []httpAsk{{"/webapi/query.cgi?api=SYNO.API.Info&version=1&method=query&query=SYNO.API.Auth",
			every(object("", "success?", "data{}"), contains(`"SYNO.API.Auth":{`))}},
	}, {
		name: "UniFi Network",
		hint: redirect("/manage"),
		asks: []httpAsk{{"/status", object("meta.server_version", "meta.rc=ok", "meta.uuid")}},
	}, {
		name: "Pi-hole",
		is:   carries("X-Pi-hole"),
	}, {
		name: "RouterOS",
		is:   every(title("RouterOS router configuration page"), markup("<h1>RouterOS ")),
	}, {
		name: "Syncthing",
		is:   field("X-Syncthing-Version"),
	}, {
		name: "Transmission",
		is:   fieldIs("Server", "Transmission"),
	}, {
		name: "qBittorrent",
		is:   every(title("qBittorrent Web UI"), markup(`href="images/qbittorrent-tray.svg"`)),
	}, {
		name: "Deluge",
		is:   every(titleBegins("Deluge WebUI "), markup(`href="/icons/deluge.png"`)),
	}, {
		name: "Motion",
		is:   every(title("Motion"), markup(`<p class="header-right">Motion `)),
	}, {
		name: "Radicale",
		hint: redirect("/.web", "/.web/"),
		asks: []httpAsk{{"/.web/", title("Radicale Web Interface")}},
	}, {
		name: "Nextcloud",
		is:   either(cookie("__Host-nc_sameSiteCookielax"), cookie("nc_sameSiteCookielax")),
		hint: redirect("/login", "/index.php/login"),
		asks: []httpAsk{{"/status.php", object("versionstring", "productname", "needsDbUpgrade?", "maintenance?")}},
	}, {
		name: "WordPress",
		is:   either(generator("WordPress"), fieldHolds("Link", `rel="https://api.w.org/"`)),
	}, {
		name: "Drupal",
		is:   fieldBegins("X-Generator", "Drupal "),
	}, {
		name: "MediaWiki",
		is:   generator("MediaWiki"),
	}, {
		name: "Joomla",
		is:   generator("Joomla! - Open Source Content Management"),
	}, {
		name: "Ghost",
		is:   generator("Ghost"),
	}, {
		name: "Discourse",
		is:   every(generator("Discourse"), carries("X-Discourse-Route")),
	}, {
		name: "Moodle",
		is:   cookie("MoodleSession"),
	}, {
		name: "Roundcube",
		is:   cookie("roundcube_sessid"),
	}, {
		name: "Redmine",
		is:   every(cookie("_redmine_session"), markup(`<meta name="description" content="Redmine"`)),
	}, {
		name: "Confluence",
		is:   carries("X-Confluence-Request-Time"),
	}, {
		name: "Jira",
		is:   every(carries("X-AREQUESTID"), cookie("atlassian.xsrf.token")),
	}, {
		name: "Mattermost",
		hint: title("Mattermost"),
		asks: []httpAsk{{"/api/v4/system/ping", object("", "status=OK", "ActiveSearchBackend")}},
	}, {
		name: "Synapse",
		hint: redirect("/_matrix/static/"),
		asks: []httpAsk{{"/_matrix/federation/v1/version", object("server.version", "server.name=Synapse")}},
	},
}
