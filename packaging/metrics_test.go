package packaging

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestMetricNames holds that whatever the alerts and the dashboard ask for is what our server counts.
func TestMetricNames(t *testing.T) {
	host, port := serve(t, false)
	answer, err := http.Get("http://" + net.JoinHostPort(host, port) + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	served, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, err)
	}
	// What has labels is served only once it has been counted: the code names it.
	known := string(served) + string(read(t, "../internal/deliver/metrics.go"))
	for _, file := range []string{"prometheus/rtevent.rules.yml", "grafana/rtevent.json"} {
		names := regexp.MustCompile(`\b(?:rtevent_[a-z_]+|process_[a-z_]+)\b`).FindAllString(string(read(t, file)), -1)
		if len(names) == 0 {
			t.Errorf("%s asks for nothing of ours", file)
		}
		for _, name := range names {
			if !strings.Contains(known, name) {
				t.Errorf("%s asks for %s, which is not counted", file, name)
			}
		}
	}
}
