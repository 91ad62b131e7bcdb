package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

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
)

// Serve answers the API server's calls with a handler. It does what
// controller-runtime's admission.Webhook does, and decodes the review once: that
// one reads every body twice and makes a logger for each request, which is a
// third of what a request costs (go test -bench=Serve ./webhook).
func Serve(handler admission.Handler, log logr.Logger) http.Handler {
	return &server{handler: handler, log: log}
}

type server struct {
	handler admission.Handler
	log     logr.Logger
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
	body, err := readBody(w, r)
	if err != nil {
		status := http.StatusBadRequest
		if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
			status = http.StatusRequestEntityTooLarge
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

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), maxAhead)) + bytes.MinRead)
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil && !errors.Is(err, io.EOF) {
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
