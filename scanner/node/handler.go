package node

import (
	"encoding/json"
	"net/http"
)

// ReportPath is where the answer is served.
const ReportPath = "/v1/zombies"

// Handler serves the last report of a loop. Who may ask is the TLS
// configuration's matter.
func Handler(l *Loop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+ReportPath, func(w http.ResponseWriter, _ *http.Request) {
		report, age, ok := l.Latest()
		if !ok {
			http.Error(w, "no report: the first two scans are not made, or the last ones failed", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if err := json.NewEncoder(w).Encode(NewAnswer(report, age, l.Interval())); err != nil {
			l.log.Debug("answer not sent", "error", err)
		}
	})
	return mux
}

// Health serves /healthz and /readyz: ready is what has a report that is not
// too old.
func Health(l *Loop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if _, _, ok := l.Latest(); !ok {
			http.Error(w, "no report yet, or none that is new enough", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	return mux
}
