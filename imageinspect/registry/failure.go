package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/initguard/initguard/imageinspect"
)

// What tenants are told. One text for all that a registry may do, so that
// nobody can probe the network through the answers.
const (
	textNotInspected    = "the image could not be inspected"
	textStillInspecting = "still inspecting the image"
	textBusy            = "too many images are being inspected at the moment"
	textNoPlatform      = "the image lacks the platforms that it would run on"
	textBadName         = "the image reference can't be parsed"
	textImageStream     = "the image's name has no registry, and no ImageStream of that name was resolved"
)

// The results of inspections and readings, as the Observer is told. Each kind of
// failure has its own.
const (
	resultOK           = "ok"
	resultNoPlatform   = "no-platform"
	resultInvalid      = "image-invalid"
	resultTruncated    = "truncated"
	resultDigest       = "wrong-digest"
	resultUnauthorized = "unauthorized"
	resultForbidden    = "forbidden"
	resultNotFound     = "not-found"
	resultRateLimited  = "rate-limited"
	resultServerError  = "server-error"
	resultTimeout      = "timeout"
	resultReset        = "reset"
	resultUntrusted    = "untrusted"
	resultRedirects    = "redirects"
	resultRefused      = "refused"
	resultUnreachable  = "unreachable"
	resultBusy         = "busy"
	resultOverBudget   = "over-budget"
)

// Results are all that an Observer is told.
func Results() []string {
	return []string{
		resultOK, resultNoPlatform, resultInvalid, resultTruncated, resultDigest, resultUnauthorized, resultForbidden, resultNotFound, resultRateLimited,
		resultServerError, resultTimeout, resultReset, resultUntrusted, resultRedirects, resultRefused, resultUnreachable, resultBusy, resultOverBudget,
	}
}

const codeUnreachable = imageinspect.CodeUnreachable

// maxDetail bounds a Detail in bytes.
const maxDetail = 512

// problem is a failure on the way to an image, for the platform's eyes: detail
// holds no credentials and no query of any URL.
type problem struct {
	code imageinspect.Code
	// result is what the Observer is told.
	result string
	detail string
	// text is what tenants are told; empty for the common text.
	text string
	// retryAfter is the registry's wish; zero when it has none.
	retryAfter time.Duration
	// times is how many of the same lookup failed before, in a row.
	times int
	cause error
}

func (p *problem) Error() string { return p.detail }

// Detail is the problem for the platform's log.
func (p *problem) Detail() string { return clip(p.detail) }

// Unwrap gives the cause, whose text may not be safe to show.
func (p *problem) Unwrap() error { return p.cause }

func invalid(where string, err error) *problem {
	p := &problem{code: imageinspect.CodeImageInvalid, result: resultInvalid, detail: where + ": " + err.Error(), cause: err}
	switch wrong := (*digestError)(nil); {
	case errors.As(err, &wrong):
		p.result = resultDigest
	case errors.Is(err, errCutShort):
		p.result = resultTruncated
	}
	return p
}

func noPlatform(where string, wanted, have []platform) *problem {
	ask := "any Linux platform"
	if len(wanted) > 0 {
		ask = joinPlatforms(wanted)
	}
	return &problem{
		code:   imageinspect.CodeNoPlatform,
		result: resultNoPlatform,
		detail: fmt.Sprintf("%s: asked for %s; the image has %s", where, ask, joinPlatforms(have)),
	}
}

func joinPlatforms(ps []platform) string {
	if len(ps) == 0 {
		return "none that is named"
	}
	var out []string
	for _, p := range ps {
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}

// failure is the error that callers see.
func (p *problem) failure() *imageinspect.Failure {
	text := textNotInspected
	switch p.code {
	case imageinspect.CodeNoPlatform:
		text = textNoPlatform
	case imageinspect.CodeImageName:
		text = textBadName
	case imageinspect.CodeImageStream:
		text = textImageStream
	case imageinspect.CodeStillInspecting:
		text = textStillInspecting
		if p.result == resultBusy {
			text = textBusy
		}
	}
	if p.text != "" {
		text = p.text
	}
	// A copy: remembered problems are shared between callers.
	shown := *p
	shown.detail = clip(p.detail)
	return &imageinspect.Failure{Reason: imageinspect.Reason{Code: p.code, Text: text, Detail: shown.detail}, Err: &shown}
}

// asProblem turns any error of an inspection into a problem. where is the
// registry or file that the inspection was about.
func asProblem(where string, err error) *problem {
	var p *problem
	if errors.As(err, &p) {
		return p
	}
	result, detail := explain(err)
	code := codeUnreachable
	if result == resultInvalid {
		code = imageinspect.CodeImageInvalid
	}
	p = &problem{code: code, result: result, detail: where + ": " + detail, cause: err}
	if limited := (*rateLimitedError)(nil); errors.As(err, &limited) {
		p.retryAfter = limited.wait
	}
	return p
}

// errCutShort is an answer that ended before the length that it announced.
var errCutShort = errors.New("the answer was cut short")

// digestError is content that is not what was asked for.
type digestError struct {
	what      string
	got, want v1.Hash
}

func (e *digestError) Error() string {
	return fmt.Sprintf("%s has digest %s, but %s was asked for", e.what, e.got, e.want)
}

// redirectsError is a chain of redirects past its bound.
type redirectsError struct{ host string }

func (e *redirectsError) Error() string {
	return fmt.Sprintf("%s is reached by more than %d redirects", e.host, maxRedirects)
}

// explainOwn names the errors that this package makes.
func explainOwn(err error) (result, detail string) {
	var (
		refused   *refusedError
		redirects *redirectsError
		large     *tooLargeError
		limited   *rateLimitedError
		over      *overBudgetError
		slow      slowError
	)
	switch {
	case errors.As(err, &slow): // before what other ways to the registry said
		return resultTimeout, slow.Error()
	case errors.As(err, &refused) && (!refused.scheme || !tellsMore(err)):
		return resultRefused, refused.Error()
	case errors.As(err, &redirects):
		return resultRedirects, redirects.Error()
	case errors.As(err, &large):
		return resultInvalid, large.Error()
	case errors.As(err, &limited):
		return resultRateLimited, limited.Error()
	case errors.As(err, &over):
		return resultOverBudget, over.Error()
	default:
		return "", ""
	}
}

// explain names an error by kinds that are known to be safe: a login's error
// may quote the token server's whole answer.
func explain(err error) (result, detail string) {
	if result, detail := explainOwn(err); result != "" {
		return result, detail
	}
	var (
		status *transport.Error
		dns    *net.DNSError
		op     *net.OpError
		cert   *tls.CertificateVerificationError
		uerr   *url.Error
	)
	switch {
	case errors.As(err, &status):
		return statusResult(status.StatusCode), statusDetail(status.StatusCode)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return resultTimeout, "no answer in time"
	case errors.Is(err, context.Canceled):
		return resultUnreachable, "the inspection was stopped"
	case errors.As(err, &dns):
		return resultUnreachable, dns.Error()
	case errors.As(err, &cert):
		return resultUntrusted, "certificate: " + cert.Err.Error()
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return resultReset, "the connection was closed in the middle of the answer"
	case errors.As(err, &op):
		return resultUnreachable, op.Error()
	case errors.As(err, &uerr):
		return resultUnreachable, uerr.Err.Error()
	default:
		return resultUnreachable, "the registry's answer could not be understood"
	}
}

// tellsMore reports whether an error says why https failed: that http, which is
// tried beside it for local names, is refused explains nothing then.
func tellsMore(err error) bool {
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	var op *net.OpError
	return errors.As(err, &cert) || errors.As(err, &dns) || errors.As(err, &op) || isTimeout(err)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

func statusResult(code int) string {
	switch {
	case code == http.StatusUnauthorized:
		return resultUnauthorized
	case code == http.StatusForbidden:
		return resultForbidden
	case code == http.StatusNotFound:
		return resultNotFound
	case code == http.StatusTooManyRequests:
		return resultRateLimited
	case code >= http.StatusInternalServerError:
		return resultServerError
	default:
		return resultUnreachable
	}
}

// statusDetail says what a status means here and what to do about it.
func statusDetail(code int) string {
	text := fmt.Sprintf("status %d %s", code, http.StatusText(code))
	switch statusResult(code) {
	case resultUnauthorized:
		return text + ": a login is needed or was refused"
	case resultForbidden:
		return text + ": these credentials may not pull this repository"
	case resultNotFound:
		return text + ": no such image, or it is hidden from these credentials"
	case resultRateLimited:
		return text + ": too many requests; log in or wait"
	default:
		return text
	}
}

// clip makes foreign text fit for one line of a log.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) <= maxDetail {
		return text
	}
	return strings.ToValidUTF8(text[:maxDetail], "") + "…"
}
