package deliver

import (
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"rtevent/internal/wire"
)

// metrics are what the server counts. Their names are promised.
type metrics struct {
	registry         *prometheus.Registry
	connections      *prometheus.GaugeVec
	subscribers      prometheus.Gauge
	published        prometheus.Counter
	delivered        prometheus.Counter
	refusals         *prometheus.CounterVec
	replays          prometheus.Counter
	behind           prometheus.Counter
	stalls           prometheus.Counter
	gaps             *prometheus.CounterVec
	handshakesFailed prometheus.Counter
}

func newMetrics(s *Server) *metrics {
	gauge := func(name, help string) prometheus.GaugeOpts { return prometheus.GaugeOpts{Name: name, Help: help} }
	counter := func(name, help string) prometheus.CounterOpts { return prometheus.CounterOpts{Name: name, Help: help} }
	m := &metrics{
		registry:         prometheus.NewRegistry(),
		connections:      prometheus.NewGaugeVec(gauge("rtevent_connections", "Connections by the dialect they speak."), []string{"dialect"}),
		subscribers:      prometheus.NewGauge(gauge("rtevent_subscribers", "Subscriptions.")),
		published:        prometheus.NewCounter(counter("rtevent_published_total", "Events that clients published and that were stored.")),
		delivered:        prometheus.NewCounter(counter("rtevent_delivered_total", "Events sent to subscribers.")),
		refusals:         prometheus.NewCounterVec(counter("rtevent_refused_total", "Refusals by error code."), []string{"code"}),
		replays:          prometheus.NewCounter(counter("rtevent_replays_total", "How often a subscriber was sent from the journal instead of from memory.")),
		behind:           prometheus.NewCounter(counter("rtevent_behind_total", "How often what a subscriber wanted next was no longer in memory.")),
		stalls:           prometheus.NewCounter(counter("rtevent_stalls_total", "How often a subscriber took so little that it was no longer written to from memory.")),
		gaps:             prometheus.NewCounterVec(counter("rtevent_gaps_total", "Gaps told to subscribers, by reason."), []string{"reason"}),
		handshakesFailed: prometheus.NewCounter(counter("rtevent_tls_handshakes_failed_total", "TLS handshakes that failed.")),
	}
	bounds := func(pick func(wire.Bounds) uint64) func() float64 {
		return func() float64 { return float64(pick(s.Log.Bounds())) }
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.connections, m.subscribers, m.published, m.delivered, m.refusals, m.replays, m.behind, m.stalls, m.gaps, m.handshakesFailed,
		prometheus.NewGaugeFunc(gauge("rtevent_open_connections", "Connections of all kinds, also those that have not spoken yet."), func() float64 { return float64(s.gate.count()) }),
		prometheus.NewGaugeFunc(gauge("rtevent_journal_newest", "The number of the newest event."), bounds(func(b wire.Bounds) uint64 { return b.Newest })),
		prometheus.NewGaugeFunc(gauge("rtevent_journal_oldest", "The number of the oldest event that is kept."), bounds(func(b wire.Bounds) uint64 { return b.Oldest })),
	)
	return m
}

func (m *metrics) refused(fault *wire.Error) {
	m.refusals.WithLabelValues(strconv.Itoa(fault.Code)).Inc()
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Registry is where others of the daemon add their metrics.
func (s *Server) Registry() prometheus.Registerer { return s.metrics.registry }
