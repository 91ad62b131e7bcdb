package registry

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/initguard/initguard/imageinspect"
)

// Client inspects images in registries. It is safe for concurrent use.
type Client struct {
	options   Options // but for the Bounds
	bounds    atomic.Pointer[Bounds]
	rules     rules
	out       http.RoundTripper
	closeIdle func()
	caches    *caches
	flights   *flights
	large     chan struct{}
	readings  *readings
	loads     *loads
	salt      string     // of the credentials' names
	liveMu    sync.Mutex // of caches.live and what files hold of it
	// base ends with Close; each inspection derives its own deadline from it.
	base context.Context // Inspections outlive their callers.
	stop context.CancelFunc
}

// New makes a Client; Close ends its background work.
func New(o Options) (*Client, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	remembered, err := newCaches(o)
	if err != nil {
		return nil, err
	}
	c := &Client{}
	used, err := newMeter(o.Now, func() Budgets { return c.bounds.Load().Budgets })
	if err != nil {
		return nil, err
	}
	out, closeIdle := newTransport(o)
	base, stop := context.WithCancel(context.Background())
	*c = Client{
		options:   o,
		rules:     newRules(o),
		out:       &meteredTransport{meter: used, inner: out},
		closeIdle: closeIdle,
		caches:    remembered,
		flights:   newFlights(o.Now, func() { o.Observer.Inspection(resultBusy, 0) }),
		large:     make(chan struct{}, maxLarge),
		readings:  newReadings(!o.AllShared),
		loads:     newLoads(),
		salt:      rand.Text(),
		base:      base,
		stop:      stop,
	}
	c.bounds.Store(&o.Bounds)
	return c, nil
}

// Close stops all inspections and waits for them to end.
func (c *Client) Close() {
	c.stop()
	c.flights.close()
	c.closeIdle()
}

// Inspect says what an image starts on each platform of the query that it has,
// in the query's order; without platforms, on each of its Linux ones, up to
// maxPlatforms. The answer is shared with other callers: don't change it. Its
// Files read layers with the rights that this call proved.
//
// Errors are always *imageinspect.Failure. When ctx ends first, the code is
// CodeStillInspecting; the inspection goes on and its answer is there for a
// later call.
func (c *Client) Inspect(ctx context.Context, q imageinspect.Query) ([]imageinspect.Image, error) {
	r, p := c.parse(q)
	if p != nil {
		return nil, p.failure()
	}
	a := c.ask(ctx, r, q)
	if a.problem != nil {
		return nil, a.problem.failure()
	}
	return c.withFiles(a, q.Namespace), nil
}

// ask answers from memory or from the registry. What everybody may read, or
// everybody through initguard's own login, needs no secret.
func (c *Client) ask(ctx context.Context, r request, q imageinspect.Query) answer {
	if a, ok := c.proved(r); ok {
		c.options.Observer.Cache(true)
		return a
	}
	r, p := c.allPlaces(ctx, r, q)
	if p != nil {
		c.options.Observer.Cache(false)
		return answer{problem: p}
	}
	a, hit := c.known(r)
	c.options.Observer.Cache(hit)
	if !hit {
		a = c.wait(ctx, q.Namespace, r)
	}
	a.problem = r.noted(a.problem)
	return a
}

// wait joins the inspection, or starts it, and waits as long as ctx allows.
func (c *Client) wait(ctx context.Context, namespace string, r request) answer {
	known := func() (answer, bool) { return c.known(r) }
	run := func() answer { return c.inspectOnce(namespace, r) } //nolint:contextcheck // It outlives its callers.
	f, busy := c.flights.join(r.key(), c.slots(namespace), known, run)
	if busy != nil {
		c.options.Observer.Inspection(busy.result, 0)
		return answer{problem: busy}
	}
	select {
	case <-f.done: // goes before a deadline that has passed as well
		return f.answer
	default:
	}
	select {
	case <-f.done:
		return f.answer
	case <-ctx.Done():
		return answer{problem: &problem{
			code: imageinspect.CodeStillInspecting, result: resultTimeout, cause: ctx.Err(),
			detail: r.repository.Name() + ": no answer within the caller's deadline; the inspection goes on",
		}}
	}
}

// inspectOnce is one inspection with its own deadline, apart from any caller.
func (c *Client) inspectOnce(namespace string, r request) answer {
	ctx, cancel := context.WithTimeout(c.base, c.bounds.Load().Timeout)
	defer cancel()
	ctx = withSpender(ctx, spender{namespace: namespace})
	start := c.options.Now()
	a, err := c.inspectPlaces(ctx, r)
	took := c.options.Now().Sub(start)
	if err == nil {
		c.options.Observer.Inspection(resultOK, took)
		c.caches.failures.remove(r.key())
		return a
	}
	p := asProblem(r.repository.Name(), err)
	c.options.Observer.Inspection(p.result, took)
	if c.base.Err() == nil {
		c.remember(r, p)
	}
	return answer{problem: p}
}

// remember keeps a failure for a while. The registry's wish to be left alone
// holds for the whole repository, since asking for another tag would not
// respect it; other repositories must not suffer from what this one was told.
func (c *Client) remember(r request, p *problem) {
	if p.code == imageinspect.CodeNoPlatform {
		return // comes from what is cached as facts
	}
	kept := *p
	kept.cause = nil // may hold the whole request
	key := r.key()
	if p.retryAfter > 0 {
		key = repositoryKey(r)
	}
	c.keep(key, &kept)
}

// loginFix says how to give this client a login that a registry takes.
func (c *Client) loginFix(r request) string {
	if !c.options.AllShared {
		return "the pod needs a pull secret for this registry, or the webhook a login and an entry for it with shared set"
	}
	host := r.repository.RegistryStr()
	if host == name.DefaultRegistry {
		host = "docker.io" // the name by which docker keeps that login
	}
	return "run: docker login " + host
}

func repositoryKey(r request) failureKey {
	return failureKey{accessKey: accessKey{sessionKey: r.session(cmp.Or(r.asked, r.allCredentials()))}}
}
