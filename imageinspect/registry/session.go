package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// acceptManifests are the media types that are asked for.
var acceptManifests = strings.Join([]string{
	string(types.OCIImageIndex),
	string(types.DockerManifestList),
	string(types.OCIManifestSchema1),
	string(types.DockerManifestSchema2),
}, ",")

// session is a login to one repository.
type session struct {
	// login is its place among those of its rights.
	login      int
	repository name.Repository
	client     *http.Client
	large      chan struct{}
}

// logIn finds out how the registry wants to be spoken to and logs in.
func logIn(ctx context.Context, repository name.Repository, auth authn.Authenticator, out http.RoundTripper, large chan struct{}) (*session, error) {
	a := &asked{limit: maxOtherBytes}
	scopes := []string{repository.Scope(transport.PullScope)}
	authorized, err := transport.NewWithContext(withAsked(ctx, a), repository.Registry, auth, out, scopes)
	if err != nil {
		p := asProblem(repository.RegistryStr(), err)
		p.retryAfter = max(p.retryAfter, a.wish())
		return nil, p
	}
	return &session{
		repository: repository,
		client:     &http.Client{Transport: authorized, CheckRedirect: follow},
		large:      large,
	}, nil
}

// follow leaves it to the transport to end a chain of redirects, so that one
// rule holds for logins and content.
func follow(*http.Request, []*http.Request) error { return nil }

// head asks which digest a tag or digest has. The digest is the zero value
// when the registry doesn't say.
func (s *session) head(ctx context.Context, identifier string) (v1.Hash, error) {
	resp, err := s.do(ctx, http.MethodHead, "manifests", identifier, maxOtherBytes)
	if err != nil {
		return v1.Hash{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	digest, err := v1.NewHash(resp.Header.Get("Docker-Content-Digest"))
	if err != nil {
		digest = v1.Hash{} // the caller reads the manifest by tag instead
	}
	return digest, nil
}

// manifest reads a manifest by digest.
func (s *session) manifest(ctx context.Context, digest v1.Hash) ([]byte, error) {
	raw, err := s.get(ctx, "manifests", digest.String(), maxManifestBytes)
	if err != nil {
		return nil, err
	}
	return raw, s.verify("manifest", raw, digest)
}

// tagged reads a manifest by tag and computes its digest.
func (s *session) tagged(ctx context.Context, tag string) ([]byte, v1.Hash, error) {
	raw, err := s.get(ctx, "manifests", tag, maxManifestBytes)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	digest, err := digestOf("sha256", raw)
	return raw, digest, err
}

// blob reads a config.
func (s *session) blob(ctx context.Context, digest v1.Hash) ([]byte, error) {
	raw, err := s.get(ctx, "blobs", digest.String(), maxConfigBytes)
	if err != nil {
		return nil, err
	}
	return raw, s.verify("config", raw, digest)
}

// layer begins to read a layer of at most size bytes; 0 stands for a size that
// is not known. The body has to be closed; its digest is not checked here.
func (s *session) layer(ctx context.Context, digest v1.Hash, size int64) (io.ReadCloser, error) {
	if size <= 0 {
		size = maxLayerBytes
	}
	resp, err := s.do(ctx, http.MethodGet, "blobs", digest.String(), size)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// maxLayerBytes bounds a layer whose size is not known.
const maxLayerBytes = 10 << 30

func (s *session) verify(what string, raw []byte, want v1.Hash) error {
	if err := verifyDigest(what, raw, want); err != nil {
		return invalid(s.repository.Name(), err)
	}
	return nil
}

// verifyDigest checks that content is what its digest says.
func verifyDigest(what string, raw []byte, want v1.Hash) error {
	got, err := digestOf(want.Algorithm, raw)
	if err != nil {
		return err
	}
	if got != want {
		return &digestError{what: what, got: got, want: want}
	}
	return nil
}

func digestOf(algorithm string, raw []byte) (v1.Hash, error) {
	hasher, err := v1.Hasher(algorithm)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("digest: %w", err)
	}
	_, _ = hasher.Write(raw) // a hash never fails to write
	return v1.Hash{Algorithm: algorithm, Hex: fmt.Sprintf("%x", hasher.Sum(nil))}, nil
}

func (s *session) get(ctx context.Context, kind, identifier string, limit int64) ([]byte, error) {
	resp, err := s.do(ctx, http.MethodGet, kind, identifier, limit)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := readAll(ctx, resp.Body, s.large)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, invalid(s.repository.Name(), errCutShort)
	}
	if err != nil {
		return nil, asProblem(s.repository.Name(), err)
	}
	return raw, nil
}

const (
	// smallBytes is read of any answer at once; only maxLarge answers at a
	// time may be larger, which bounds what all inspections hold together.
	smallBytes = 256 << 10
	maxLarge   = 4
)

// readAll reads a body that is already limited.
func readAll(ctx context.Context, body io.Reader, large chan struct{}) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(body, smallBytes))
	if err != nil || len(raw) < smallBytes {
		return raw, err
	}
	select {
	case large <- struct{}{}:
		defer func() { <-large }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	rest, err := io.ReadAll(body)
	return append(raw, rest...), err
}

// do sends a request and returns the answer if its status is 200.
func (s *session) do(ctx context.Context, method, kind, identifier string, limit int64) (*http.Response, error) {
	a := &asked{limit: limit}
	// The scheme is the login's: its transport replaces this one.
	target := fmt.Sprintf("https://%s/v2/%s/%s/%s", s.repository.RegistryStr(), s.repository.RepositoryStr(), kind, identifier)
	req, err := http.NewRequestWithContext(withAsked(ctx, a), method, target, nil)
	if err != nil {
		return nil, asProblem(s.repository.Name(), err)
	}
	if kind == "manifests" {
		req.Header.Set("Accept", acceptManifests)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		p := asProblem(s.repository.Name(), err)
		p.retryAfter = max(p.retryAfter, a.wish())
		return nil, p
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, &problem{
			code: codeUnreachable, result: statusResult(resp.StatusCode), retryAfter: a.wish(),
			detail: s.repository.Name() + ": " + statusDetail(resp.StatusCode),
		}
	}
	return resp, nil
}
