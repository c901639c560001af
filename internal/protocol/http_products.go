// The products of HTTP: where they are listed, and what leads to many of them.

package protocol

import (
	"slices"
)

// httpProducts are all that are known by what they answer. Where two know an answer, the earlier counts.
var httpProducts = slices.Concat(httpMonitoring, httpDatabases, httpClusters, httpWorkshops, httpModels, httpHouseholds)

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
