package daemon

import (
	"github.com/prometheus/client_golang/prometheus"

	"rtevent/internal/deliver"
	"rtevent/internal/journal"
)

// metrics are the journal's counts and the certificate's end, read when they are asked for.
type metrics struct {
	log  *journal.Journal
	keys *deliver.Keys
}

func newMetrics(log *journal.Journal, keys *deliver.Keys) metrics { return metrics{log, keys} }

var (
	appended   = prometheus.NewDesc("rtevent_journal_appended_total", "Events stored.", nil, nil)
	duplicates = prometheus.NewDesc("rtevent_journal_duplicates_total", "Publications that had been stored before.", nil, nil)
	refused    = prometheus.NewDesc("rtevent_journal_refused_total", "Publications that were not stored.", nil, nil)
	syncs      = prometheus.NewDesc("rtevent_journal_syncs_total", "Syncs to the disk.", nil, nil)
	syncTime   = prometheus.NewDesc("rtevent_journal_sync_seconds_total", "Time spent in syncs to the disk.", nil, nil)
	slowest    = prometheus.NewDesc("rtevent_journal_slowest_sync_seconds", "The longest sync to the disk so far.", nil, nil)
	holes      = prometheus.NewDesc("rtevent_journal_gaps_total", "Gaps told to readers of history, by reason.", []string{"reason"}, nil)
	restarts   = prometheus.NewDesc("rtevent_journal_engine_restarts_total", "How often the engine was started again.", nil, nil)
	logBytes   = prometheus.NewDesc("rtevent_journal_bytes", "Bytes of the log on disk.", nil, nil)
	topics     = prometheus.NewDesc("rtevent_journal_topics", "Topics in the state.", nil, nil)
	readers    = prometheus.NewDesc("rtevent_journal_readers", "Readers of history, now.", nil, nil)
	waiting    = prometheus.NewDesc("rtevent_journal_waiting_bytes", "Bytes of publications that wait or are being stored.", nil, nil)
	expires    = prometheus.NewDesc("rtevent_tls_certificate_expires_seconds", "When the server's certificate expires, in seconds since 1970.", nil, nil)
)

// Describe tells nothing in advance: what there is depends on the settings.
func (m metrics) Describe(chan<- *prometheus.Desc) {}

// Collect reads the counts.
func (m metrics) Collect(out chan<- prometheus.Metric) {
	s := m.log.Stats()
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v)
	}
	counter(appended, float64(s.Appended))
	counter(duplicates, float64(s.Duplicates))
	counter(refused, float64(s.Refused))
	counter(syncs, float64(s.Syncs))
	counter(syncTime, s.SyncTime.Seconds())
	gauge(slowest, s.SlowestSync.Seconds())
	counter(holes, float64(s.Trimmed), "trimmed")
	counter(holes, float64(s.Damaged), "damaged")
	counter(restarts, float64(s.Restarts))
	gauge(logBytes, float64(s.LogBytes))
	gauge(topics, float64(s.Topics))
	gauge(readers, float64(s.Readers))
	gauge(waiting, float64(s.Waiting))
	if m.keys != nil {
		gauge(expires, float64(m.keys.Expires().Unix()))
	}
}
