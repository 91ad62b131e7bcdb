package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	// maxRequest bounds a request's body, in bytes: an object and the one before
	// it, each at most 3 MiB to the API server, and what is said about them.
	maxRequest = 7 << 20
	// maxAhead is how much room is made for a body before it is there.
	maxAhead = 64 << 10
	// maxBodies bounds the bodies of all requests under way, in bytes: whoever
	// reaches the port may send some, as many at once as he likes. What is made
	// of a body takes several times its size. maxFirst is the part of it that is
	// for the first bodyStep of each: large bodies don't keep small ones out.
	maxBodies = 24 << 20
	maxFirst  = 8 << 20
	bodyStep  = 16 << 10
	// bodyMost is how long a body may take to come, and to wait for room.
	bodyMost = 2 * time.Second
)

// Serve answers the API server's calls with a handler. It does what
// controller-runtime's admission.Webhook does, and decodes the review once: that
// one reads every body twice and makes a logger for each request, which is a
// third of what a request costs (go test -bench=Serve ./webhook).
func Serve(handler admission.Handler, log logr.Logger) http.Handler {
	return &server{handler: handler, log: log, first: make(chan struct{}, maxFirst/bodyStep), more: make(chan struct{}, (maxBodies-maxFirst)/bodyStep)}
}

type server struct {
	handler admission.Handler
	log     logr.Logger
	// first and more hold one for each bodyStep of a body.
	first, more chan struct{}
}

// ServeHTTP answers one call. An error is one that the failure policy Ignore
// lets the request through at.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if cause := recover(); cause != nil {
			s.log.Error(fmt.Errorf("panic: %T", cause), "a request was not answered: please report this", "path", r.URL.Path, "stack", string(debug.Stack()))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}
	}()
	if contentType := r.Header.Get("Content-Type"); contentType != "application/json" {
		http.Error(w, "want Content-Type application/json", http.StatusUnsupportedMediaType)
		return
	}
	room := &room{first: s.first, more: s.more}
	defer room.leave()
	body, err := readBody(w, r, room)
	if err != nil {
		status := http.StatusBadRequest
		switch large := (*http.MaxBytesError)(nil); {
		case errors.As(err, &large):
			status = http.StatusRequestEntityTooLarge
		case errors.Is(err, errNoRoom):
			status = http.StatusServiceUnavailable
		}
		s.refuse(w, r, "the body can't be read", err, status)
		return
	}
	in, err := parseReview(body)
	if err != nil {
		s.refuse(w, r, "the body is no AdmissionReview", err, http.StatusBadRequest)
		return
	}
	req := admission.Request{AdmissionRequest: *in.Request}
	response := s.handler.Handle(r.Context(), req)
	if err := response.Complete(req); err != nil {
		s.refuse(w, r, "the patch can't be encoded", err, http.StatusInternalServerError)
		return
	}
	out, err := json.Marshal(admissionv1.AdmissionReview{TypeMeta: in.TypeMeta, Response: &response.AdmissionResponse})
	if err != nil {
		s.refuse(w, r, "the answer can't be encoded", err, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(out) // whoever went away misses nothing
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, what string, err error, status int) {
	s.log.Info("a call was refused: "+what, "path", r.URL.Path, "error", err.Error())
	http.Error(w, what, status)
}

func readBody(w http.ResponseWriter, r *http.Request, room *room) ([]byte, error) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyMost)) // the servers of tests may have none
	ctx, cancel := context.WithTimeout(r.Context(), bodyMost)
	defer cancel()
	room.ctx, room.from = ctx, http.MaxBytesReader(w, r.Body, maxRequest)
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), maxAhead)) + bytes.MinRead)
	if _, err := body.ReadFrom(room); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return body.Bytes(), nil
}

// review is the part of an AdmissionReview that comes in. Its fields are the
// same in v1 and v1beta1, and the answer says the version that was asked in.
type review struct {
	metav1.TypeMeta `json:",inline"`
	Request         *admissionv1.AdmissionRequest `json:"request"`
}

func parseReview(body []byte) (review, error) {
	var in review
	if err := unmarshal(body, &in); err != nil {
		return review{}, err
	}
	if in.Kind != "AdmissionReview" || in.APIVersion != "admission.k8s.io/v1" && in.APIVersion != "admission.k8s.io/v1beta1" {
		return review{}, fmt.Errorf("it is %.100q of %.100q", in.Kind, in.APIVersion)
	}
	if in.Request == nil {
		return review{}, errors.New("it holds no request")
	}
	return in, nil
}
