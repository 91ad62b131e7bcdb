package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// refuses is true for an answer that another login may change: a registry that
// hides what a login may not see says 404.
func refuses(err error) bool {
	p := (*problem)(nil)
	return errors.As(err, &p) && refusalRank(p.result) > 0
}

// refusalRank orders refusals by how far a login came.
func refusalRank(result string) int {
	switch result {
	case resultUnauthorized:
		return 1
	case resultForbidden:
		return 2
	case resultNotFound:
		return 3
	default:
		return 0
	}
}

// refusals are the logins that were refused, in turn.
type refusals struct {
	tried []string
	worst *problem // of the login that came furthest
}

func (r *refusals) add(what string, err error) {
	p := (*problem)(nil)
	if !errors.As(err, &p) {
		return
	}
	r.tried = append(r.tried, what+" ("+p.result+")")
	if r.worst == nil || refusalRank(p.result) > refusalRank(r.worst.result) {
		r.worst = p
	}
}

// furthest is the answer to the login that came furthest: one that may see the
// repository and finds no such image tells more than one that is not let in.
func (r *refusals) furthest() *problem {
	if r.worst == nil {
		return &problem{code: codeUnreachable, result: resultUnauthorized, detail: "there is no login to try"}
	}
	return r.worst
}

// as uses a session of some rights: first the one that was let in before, then
// each login in turn, until one is not refused, and remembers that one. Any
// other failure ends it: it says nothing about the login. The refusals are
// added to refused.
func (c *Client) as(ctx context.Context, r request, w rights, refused *refusals, use func(context.Context, *session) error) error {
	key, tried := r.session(w.key), -1
	err := error(&problem{code: codeUnreachable, result: resultUnauthorized, detail: r.repository.Name() + ": there is no login to try"})
	if s, ok := c.caches.sessions.get(key); ok {
		if err = use(withLogin(ctx, w, s.login), s); !refuses(err) {
			return err
		}
		if isHidden(err) {
			tried = s.login
			refused.add(w.logins[tried].what, err)
		} else {
			c.caches.sessions.remove(key) // its login may have changed since
		}
	}
	for i := range w.logins {
		if i == tried {
			continue
		}
		if err = c.tryLogin(ctx, r, w, i, refused, use); !refuses(err) {
			return err
		}
	}
	return err
}

// isHidden is true for a refusal that a new login would not change.
func isHidden(err error) bool {
	p := (*problem)(nil)
	return errors.As(err, &p) && p.result == resultNotFound
}

// tryLogin logs in and uses the session, which it remembers if it is let in.
func (c *Client) tryLogin(ctx context.Context, r request, w rights, i int, refused *refusals, use func(context.Context, *session) error) error {
	ctx = withLogin(ctx, w, i)
	s, err := c.begin(ctx, r, w.logins[i])
	if err == nil {
		s.login = i
		err = use(ctx, s)
	}
	switch {
	case err == nil:
		c.caches.sessions.add(r.session(w.key), s, sessionTTL)
	case refuses(err) && !errors.Is(err, errNoLogin):
		refused.add(w.logins[i].what, err)
	}
	return err
}

// withLogin names the login that requests are made with.
func withLogin(ctx context.Context, w rights, i int) context.Context {
	who := spenderOf(ctx)
	who.login = fmt.Sprint(w.key, " ", i)
	return withSpender(ctx, who)
}

// begin logs in.
func (c *Client) begin(ctx context.Context, r request, l login) (*session, error) {
	auth, err := l.auth(ctx, r.repository)
	if errors.Is(err, errNoLogin) {
		return nil, &problem{code: codeUnreachable, result: resultUnauthorized, cause: err, detail: r.repository.Name() + ": " + err.Error()}
	}
	if err != nil {
		return nil, err
	}
	return logIn(ctx, r.repository, auth, c.out, c.large)
}

// explained is the answer to a request all of whose logins were refused, with
// what was tried and what the platform can do.
func (c *Client) explained(r request, refused refusals) *problem {
	p := *refused.furthest()
	if len(refused.tried) > 1 {
		p.detail += "; tried in turn: " + strings.Join(refused.tried, ", ")
	}
	if p.result == resultUnauthorized {
		p.detail += "; " + c.loginFix(r)
	}
	return &p
}

// noted adds what is known of the caller's pull secrets. It comes after the
// caches, since other namespaces may be given the same problem. What tenants are
// told here depends on their own namespace alone, and not on the registry.
func (r request) noted(p *problem) *problem {
	if p == nil || p.code != codeUnreachable || !r.withheld && len(r.notes) == 0 {
		return p
	}
	shown := *p
	if r.withheld {
		shown.text = textWithheld
	}
	shown.detail += "; " + strings.Join(r.notes, "; ")
	return &shown
}

// textWithheld is what tenants are told whose pull secrets can't be read.
const textWithheld = textNotInspected + ": initguard may not read the pull secrets of this namespace"
