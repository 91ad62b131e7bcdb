package alerts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Path is where the handler is to be asked.
const Path = "/alerts"

const (
	// Wait is how long a request may take until what it brings is stored. It is
	// below the 10 seconds that Alertmanager waits at least.
	Wait = 8 * time.Second
	// lookEvery is how often it is looked whether it is.
	lookEvery = 200 * time.Millisecond
	// maxWaiting bounds the requests that are answered at a time, maxReading those
	// whose bodies are in memory.
	maxWaiting = 256
	maxReading = 8
	// retryAfter is told, in seconds, where the same may work soon.
	retryAfter = 5
	// grace is what there is for writing the answer.
	grace = 2 * time.Second
	// logEvery is how often refused requests of a kind are logged.
	logEvery = time.Minute
)

// Desk has reports and keeps alerts in them. It is safe for concurrent use.
type Desk interface {
	// Leads says whether this responder is the one that may write, and knows the
	// reports.
	Leads() bool
	// Find is the report that lists a pod, else the one that keeps an alert for it.
	// What it returns isn't changed by anybody.
	Find(namespace, pod, fingerprint string) (*v1alpha1.ZombieReport, bool)
	// Report is a report as it is stored.
	Report(key types.NamespacedName) (*v1alpha1.ZombieReport, bool)
	// Offer has an alert stored in a report, soon.
	Offer(key types.NamespacedName, a v1alpha1.Alert)
}

// Looker says what is known of a pod that no report lists.
type Looker interface {
	// Sighted is the name of the report of a pod that has zombies, also where that
	// isn't stored yet, or doesn't list the pod.
	Sighted(namespace, pod string) (report string, ok bool)
	// Look says what there is to be known of a pod that has none. It asks the API
	// server; its answer comes before ctx ends.
	Look(ctx context.Context, namespace, pod string) Look
}

// Options are what a handler works with.
type Options struct {
	// Settings are those in force.
	Settings func() Settings
	Desk     Desk
	Looker   Looker
	// Hurry is called while something waits to be stored; may be nil.
	Hurry func()
	// Wait is how long that may take. Default: Wait.
	Wait    time.Duration
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Handler answers Alertmanager's webhook, on any path.
type Handler struct {
	Options
	waiting, reading chan struct{}

	mu     sync.Mutex
	logged map[string]time.Time // by result
}

// NewHandler makes a handler.
func NewHandler(o Options) *Handler {
	if o.Wait <= 0 {
		o.Wait = Wait
	}
	if o.Hurry == nil {
		o.Hurry = func() {}
	}
	return &Handler{
		Options: o, waiting: make(chan struct{}, maxWaiting), reading: make(chan struct{}, maxReading), logged: make(map[string]time.Time),
	}
}

// Mux has the handler at Path, and nothing else anywhere.
func (h *Handler) Mux() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(Path, h)
	return mux
}

// refusal is why a request isn't taken.
type refusal struct {
	status int
	result string // for metrics; empty for one that isn't Alertmanager's
	text   string
	err    error // for the log
}

// ServeHTTP answers one request: 200 when all that it brings is stored; 5xx where
// Alertmanager is to try again; 4xx where that wouldn't help.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.Now()
	ctx, cancel := context.WithTimeout(r.Context(), h.Wait)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(h.Wait + grace)) // a recorder has none
	settings := h.Settings()
	if no := h.admit(r, settings); no != nil {
		h.refuse(w, no, Answer{}, began)
		return
	}
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		h.refuse(w, &refusal{status: http.StatusServiceUnavailable, result: requestBusy, text: "too many requests are being answered"}, Answer{}, began)
		return
	}
	p, no := h.read(ctx, w, r, settings)
	if no != nil {
		h.refuse(w, no, Answer{}, began)
		return
	}
	answer, stored := h.handle(ctx, p, settings)
	h.Metrics.answered(answer)
	switch {
	case allOwn(answer):
		h.refuse(w, &refusal{
			status: http.StatusUnprocessableEntity, result: requestOwn,
			text: fmt.Sprintf("these are initguard's own alerts (%s=%q), which come from here: exclude them from the route to this receiver with the matcher %s!=%q", OwnLabel, OwnValue, OwnLabel, OwnValue),
		}, answer, began)
	case !stored:
		h.refuse(w, &refusal{
			status: http.StatusServiceUnavailable, result: requestNotStored, text: "not all reports were written in time; what was written is not written again",
		}, answer, began)
	default:
		h.Metrics.asked(requestOK, h.Now().Sub(began))
		h.Log.Info("alerts", "summary", answer.Summary, "from", r.RemoteAddr)
		write(w, http.StatusOK, answer)
	}
}

// admit refuses who may not post, and what can't be taken now.
func (h *Handler) admit(r *http.Request, s Settings) *refusal {
	if r.Method != http.MethodPost {
		return &refusal{status: http.StatusMethodNotAllowed, text: "post Alertmanager's webhook here"}
	}
	tokens, err := readTokens(s.TokenFile)
	if err != nil {
		return &refusal{
			status: http.StatusServiceUnavailable, result: requestNoToken, text: "the responder has no token that would let anybody in; its log says why", err: err,
		}
	}
	if !allowed(r, tokens) {
		return &refusal{status: http.StatusUnauthorized, result: requestUnauthorized, text: "a good bearer token is needed: set http_config.authorization of the receiver"}
	}
	if !h.Desk.Leads() {
		return &refusal{status: http.StatusServiceUnavailable, result: requestNotLeading, text: "this replica does not lead, or has only just begun to: try again"}
	}
	return nil
}

// read reads the body.
func (h *Handler) read(ctx context.Context, w http.ResponseWriter, r *http.Request, s Settings) (payload, *refusal) {
	select {
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-ctx.Done():
		return payload{}, &refusal{status: http.StatusServiceUnavailable, result: requestBusy, text: "too many requests are being read"}
	}
	most := int64(s.MaxKiB) << 10
	tooLarge := &refusal{
		status: http.StatusRequestEntityTooLarge, result: requestTooLarge,
		text: fmt.Sprintf("the body is larger than alerts.maxKiB, %d KiB: set max_alerts of the receiver, or group by namespace and pod", s.MaxKiB),
	}
	if r.ContentLength > most {
		return payload{}, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return payload{}, tooLarge
	}
	if err != nil {
		return payload{}, &refusal{status: http.StatusBadRequest, result: requestMalformed, text: "the body can't be read", err: err}
	}
	p, err := decode(body, s.MaxAlerts)
	if err != nil {
		return payload{}, &refusal{status: http.StatusBadRequest, result: requestMalformed, text: "the body can't be used: " + err.Error()}
	}
	return p, nil
}

func allOwn(a Answer) bool {
	for _, o := range a.Alerts {
		if o.Result != ResultOwn {
			return false
		}
	}
	return len(a.Alerts) > 0
}

// refuse answers with an error. A connection to a replica that can't answer is
// closed, or the next request would come to the same one.
func (h *Handler) refuse(w http.ResponseWriter, no *refusal, answer Answer, began time.Time) {
	answer.Error = no.text
	switch no.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="initguard"`)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		w.Header().Set("Connection", "close")
	}
	if no.result != "" {
		h.Metrics.asked(no.result, h.Now().Sub(began))
		h.complain(no, answer)
	}
	write(w, no.status, answer)
}

// complain logs a refused request, one of a kind in a minute: who posts without
// a token could fill the log.
func (h *Handler) complain(no *refusal, answer Answer) {
	now := h.Now()
	h.mu.Lock()
	last, before := h.logged[no.result]
	quiet := before && now.Sub(last) < logEvery
	if !quiet {
		h.logged[no.result] = now
	}
	h.mu.Unlock()
	if quiet {
		return
	}
	args := []any{"result", no.result, "status", no.status, "reason", no.text}
	if answer.Summary != "" {
		args = append(args, "summary", answer.Summary)
	}
	if no.err != nil {
		args = append(args, "error", no.err.Error())
	}
	h.Log.Warn("a request to "+Path+" was refused; others of this kind are logged once a minute", args...)
}

func write(w http.ResponseWriter, status int, answer Answer) {
	out, err := json.Marshal(answer)
	if err != nil { // of strings and numbers: can't be
		status, out = http.StatusInternalServerError, []byte(`{"error":"the answer can't be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(append(out, '\n')) // whoever went away misses nothing
}
