package imagetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Kind is what a request asks of the registry.
type Kind string

// The kinds of request that are counted; every other one is Other.
const (
	HeadManifest Kind = "HEAD manifest"
	GetManifest  Kind = "GET manifest"
	GetBlob      Kind = "GET blob"
	GetToken     Kind = "GET token"
	Ping         Kind = "ping"
	Other        Kind = "other"
)

// Counts are numbers of requests by kind, refused logins included.
type Counts map[Kind]int

// Content is how many requests asked for manifests and blobs.
func (c Counts) Content() int { return c[HeadManifest] + c[GetManifest] + c[GetBlob] }

const tokenPath = "/token"

// KindOf tells what a request asks for.
func KindOf(req *http.Request) Kind {
	path, get := req.URL.Path, req.Method == http.MethodGet
	switch {
	case req.Method == http.MethodHead && strings.Contains(path, "/manifests/"):
		return HeadManifest
	case get && strings.Contains(path, "/manifests/"):
		return GetManifest
	case get && strings.Contains(path, "/blobs/"):
		return GetBlob
	case get && path == tokenPath:
		return GetToken
	case get && path == "/v2/":
		return Ping
	default:
		return Other
	}
}

// Counts returns how many requests came since the start or ResetCounts.
func (r *Registry) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := make(Counts, len(r.counts))
	for kind, n := range r.counts {
		counts[kind] = n
	}
	return counts
}

// ResetCounts forgets the requests so far.
func (r *Registry) ResetCounts() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts, r.requests = nil, nil
}

// Break puts a fault in front of the registry; nil takes it away.
func (r *Registry) Break(f Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = f
}

func (r *Registry) serve(w http.ResponseWriter, req *http.Request) {
	if fault := r.record(req); fault != nil && fault(w, req) {
		return
	}
	switch {
	case r.options.Access != nil:
		r.serveByAccess(w, req)
	case req.URL.Path == tokenPath && r.options.Token:
		r.serveToken(w, req)
	case !r.loggedIn(req):
		w.Header().Set("WWW-Authenticate", r.challenge(req))
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
	default:
		r.store.ServeHTTP(w, req)
	}
}

func (r *Registry) record(req *http.Request) Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = Counts{}
	}
	r.counts[KindOf(req)]++
	l, _ := r.loginLocked(req)
	r.requests = append(r.requests, req.Method+" "+req.URL.RequestURI()+" "+l.Username)
	return r.fault
}

// challenge names the token server by the name that the registry was asked by.
func (r *Registry) challenge(req *http.Request) string {
	if r.options.Token {
		return fmt.Sprintf("Bearer realm=%q,service=%q", r.scheme()+req.Host+tokenPath, r.host)
	}
	return `Basic realm="test registry"`
}

func (r *Registry) loggedIn(req *http.Request) bool {
	switch {
	case r.options.Token:
		return req.Header.Get("Authorization") == "Bearer "+r.token
	case r.options.Username != "":
		return r.knows(req)
	default:
		return true
	}
}

// knows is true for the right user and password, or when none is needed.
func (r *Registry) knows(req *http.Request) bool {
	user, password, _ := req.BasicAuth()
	return r.options.Username == "" || user == r.options.Username && password == r.options.Password
}

func (r *Registry) serveToken(w http.ResponseWriter, req *http.Request) {
	if !r.knows(req) {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	writeToken(w, r.token)
}

func writeToken(w http.ResponseWriter, token string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"errors": []map[string]string{{"code": code, "message": "refused by the test registry"}},
	})
}
