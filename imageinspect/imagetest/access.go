package imagetest

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// Login is what somebody shows to the registry; the zero value is nothing.
type Login struct{ Username, Password string }

// Access says who may read what: http.StatusOK lets a login read a repository,
// and any other status refuses it. Where the repository is empty, somebody logs
// in; the zero Login, for which nobody is asked then, always may.
type Access func(l Login, repository string) int

// Members is an Access by repositories: each lists the logins that may read it,
// and the zero Login for everybody. A login that is nowhere is wrong. One that
// may not read a repository is answered with status.
func Members(status int, of map[string][]Login) Access {
	return func(l Login, repository string) int {
		known := l == Login{}
		for name, members := range of {
			for _, m := range members {
				if name == repository && (m == l || m == Login{}) {
					return http.StatusOK
				}
				known = known || m == l
			}
		}
		switch {
		case !known, repository != "" && l == Login{}:
			return http.StatusUnauthorized
		case repository == "":
			return http.StatusOK
		default:
			return status
		}
	}
}

// serveByAccess answers where Options.Access decides.
func (r *Registry) serveByAccess(w http.ResponseWriter, req *http.Request) {
	l, known := r.login(req)
	if req.URL.Path == tokenPath && r.options.Token {
		r.serveTokenByAccess(w, l)
		return
	}
	status := r.access(l, repositoryOf(req.URL.Path))
	if !known || req.URL.Path == "/v2/" && l == (Login{}) {
		status = http.StatusUnauthorized
	}
	switch status {
	case http.StatusOK:
		r.store.ServeHTTP(w, req)
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", r.challenge(req))
		fallthrough
	default:
		refuse(w, status, http.StatusText(status))
	}
}

// access lets whoever pushes do everything.
func (r *Registry) access(l Login, repository string) int {
	if o := r.options; o.Username != "" && l == (Login{o.Username, o.Password}) {
		return http.StatusOK
	}
	return r.options.Access(l, repository)
}

// login is that of a request; known is false for a token that nobody was given.
// A token that was given to nobody in particular is nobody's.
func (r *Registry) login(req *http.Request) (l Login, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.loginLocked(req)
}

func (r *Registry) loginLocked(req *http.Request) (l Login, known bool) {
	if bearer, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok && r.options.Token {
		l, known = r.tokens[bearer]
		return l, known
	}
	username, password, _ := req.BasicAuth()
	return Login{username, password}, true
}

func (r *Registry) serveTokenByAccess(w http.ResponseWriter, l Login) {
	if l != (Login{}) && r.access(l, "") != http.StatusOK {
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED")
		return
	}
	token := rand.Text()
	r.mu.Lock()
	r.tokens[token] = l
	r.mu.Unlock()
	writeToken(w, token)
}

// repositoryOf is the repository in the path of a request for content.
func repositoryOf(path string) string {
	path = strings.TrimPrefix(path, "/v2/")
	for _, kind := range []string{"/manifests/", "/blobs/"} {
		if i := strings.LastIndex(path, kind); i >= 0 {
			return path[:i]
		}
	}
	return ""
}

// Requests are the requests since the start or ResetCounts: method, path and
// username.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.requests...)
}
