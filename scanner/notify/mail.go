package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
	"github.com/initguard/initguard/scanner/notify/letter"
)

const (
	mailChannel = "mail"
	// maxRecipients is how many addresses go into one session: what every server
	// has to take, by RFC 5321, 4.5.3.1.8.
	maxRecipients = 100
)

// MailOptions are what mails are made of and sent with.
type MailOptions struct {
	Settings MailSettings
	// Pods finds the pod for which fixes are; nil: the fixes are general.
	Pods Pods
	// Situation is what a pod's spec says of how to mend a container whose PID 1,
	// or the program below it, is parent.
	Situation func(spec *corev1.PodSpec, container, parent string) (advice.Situation, bool)
	// OptOut is how far a namespace may choose what it is told: notices.optOut.
	OptOut  notice.Notify
	Metrics *Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Mail sends digests as mails: one a digest, to all of its people, in the order
// in which they are due. It is a notice.Channel.
type Mail struct {
	o       MailOptions
	from    mail.Address
	replyTo *mail.Address
	relay   relay
	queue   *queue

	// again and pause are the first and the longest wait after a mail, and after
	// the server, has failed.
	again, againMost, pause, pauseMost time.Duration

	// Below is what Run alone touches.
	ready    time.Time // for the next mail
	resume   time.Time // after the server failed
	failures int       // of the server, in a row
}

// NewMail makes the channel, or says what is wrong with its settings.
func NewMail(o MailOptions) (*Mail, error) {
	if o.Settings.Host == "" {
		return nil, errors.New("mail: host is empty: there is no server to send mails by")
	}
	var errs []error
	for _, f := range o.Settings.Validate() {
		errs = append(errs, fmt.Errorf("mail.%s: %s", f.Path, f.Text))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	from, err := mailbox(o.Settings.From)
	if err != nil {
		return nil, fmt.Errorf("mail.from: %w", err)
	}
	s := &o.Settings
	_, domain, _ := strings.Cut(from.Address, "@")
	s.MessageIDDomain = cmp.Or(s.MessageIDDomain, domain)
	s.Port = cmp.Or(s.Port, DefaultPort(s.TLS))
	waiting := newQueue(s.Queue, s.QueueMiB<<20)
	waiting.renews = true
	m := &Mail{
		o: o, from: from, queue: waiting,
		relay: relay{settings: *s, sender: cmp.Or(s.EnvelopeFrom, from.Address), hello: cmp.Or(s.HelloName, domain)},
		again: 30 * time.Second, againMost: 30 * time.Minute, pause: 5 * time.Second, pauseMost: 5 * time.Minute,
	}
	if s.ReplyTo != "" {
		replyTo, err := mailbox(s.ReplyTo)
		if err != nil {
			return nil, fmt.Errorf("mail.replyTo: %w", err)
		}
		m.replyTo = &replyTo
	}
	return m, nil
}

// Tell takes a digest to be sent; false where the queue is full.
func (m *Mail) Tell(d notice.Digest) bool {
	ok := m.queue.put(d, time.Now())
	if !ok {
		m.o.Metrics.refused(mailChannel)
		if n, say := m.queue.refused(time.Now()); say {
			m.o.Log.Warn("the queue of mails is full, what finds no room comes again; this is said once a minute", "times", n, "namespace", d.Namespace, "digest", d.ID)
		}
	}
	m.o.Metrics.queued(mailChannel, m.queue)
	return ok
}

// Told are the results since the last call.
func (m *Mail) Told() []notice.Result { return m.queue.told() }

// Run sends until ctx ends. What is not sent then is not lost: whoever leads next
// finds the intent in the reports.
func (m *Mail) Run(ctx context.Context) error {
	return m.queue.work(ctx, func(j *job) time.Time { return latest(j.due, m.ready, m.resume) }, func(j *job) {
		m.attempt(ctx, j)
		m.o.Metrics.queued(mailChannel, m.queue)
	})
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// attempt sends a mail to those who have not got it.
func (m *Mail) attempt(ctx context.Context, j *job) {
	if j.message == nil && !m.prepare(ctx, j) {
		return
	}
	m.ready = time.Now().Add(time.Minute / time.Duration(m.o.Settings.PerMinute))
	now, rest := j.to[:min(len(j.to), maxRecipients)], j.to[min(len(j.to), maxRecipients):]
	v, err := m.relay.send(ctx, now, j.message)
	var failed *stageError
	switch {
	case ctx.Err() != nil:
		return // whoever leads next sends it
	case errors.As(err, &failed):
		m.failed(j, failed)
		return
	}
	if m.failures > 0 {
		m.o.Log.Info("the mail server works again", "host", m.o.Settings.Host)
	}
	m.failures, m.resume = 0, time.Time{}
	m.count(j, v)
	j.to = append(slices.Clone(rest), v.later...)
	switch {
	case len(j.to) == 0:
		m.finish(j)
	case len(v.later) == 0:
		m.queue.delay(j, time.Now())
	default:
		m.later(j, v.answer)
	}
}

func (m *Mail) count(j *job, v verdict) {
	j.got += len(v.accepted)
	m.o.Metrics.recipient("accepted", len(v.accepted))
	m.o.Metrics.recipient("refused", len(v.refused))
	for _, r := range v.refused {
		j.refused = r.answer
		m.o.Log.Warn("the mail server takes no mail for an address", "namespace", j.digest.Namespace, "digest", j.digest.ID, "address", r.address, "answer", r.answer)
	}
}

// failed has a mail, or all of them, wait.
func (m *Mail) failed(j *job, err *stageError) {
	m.o.Metrics.failed(err.stage)
	if !err.server() {
		m.later(j, err.Error())
		return
	}
	m.failures++
	wait := backoff(m.pause, m.pauseMost, m.failures)
	m.resume = time.Now().Add(wait)
	m.o.Log.Warn("the mail server does not take mails", "host", m.o.Settings.Host, "stage", err.stage, "error", err.Error(), "again", wait.Round(time.Millisecond).String())
	// All that are too old, not only the one that was tried: they are tried less
	// and less often, and would be sent, as news, when the server is back.
	for _, old := range m.queue.old(time.Now().Add(-m.o.Settings.RetryFor)) {
		m.giveUp(old, err.Error())
	}
}

// later has one mail wait, or be given up.
func (m *Mail) later(j *job, answer string) {
	if m.expired(j) {
		m.giveUp(j, answer)
		return
	}
	j.tries++
	wait := backoff(m.again, m.againMost, j.tries)
	m.queue.delay(j, time.Now().Add(wait))
	m.o.Log.Warn("a mail has to wait", "namespace", j.digest.Namespace, "digest", j.digest.ID, "for", len(j.to), "answer", answer, "again", wait.Round(time.Millisecond).String())
}

func (m *Mail) expired(j *job) bool { return time.Since(j.begun) > m.o.Settings.RetryFor }

func (m *Mail) giveUp(j *job, answer string) {
	j.refused = fmt.Sprintf("not taken within %s: %s", m.o.Settings.RetryFor, answer)
	m.o.Metrics.recipient("refused", len(j.to))
	if j.got > 0 {
		m.o.Log.Warn("a mail is given up for those who have not got it", "namespace", j.digest.Namespace, "digest", j.digest.ID, "addresses", printable(strings.Join(j.to, ", ")), "reason", j.refused)
	}
	m.finish(j)
}

// finish has the result: told where anybody got it.
func (m *Mail) finish(j *job) {
	r := notice.Result{ID: j.digest.ID, At: m.o.Now()}
	log := m.o.Log.With("namespace", j.digest.Namespace, "digest", j.digest.ID, "accepted", j.got)
	if j.got == 0 {
		r.Failed = "mail: " + j.refused
		m.o.Metrics.mail("failed")
		log.Error("a mail reached nobody", "reason", j.refused)
	} else {
		m.o.Metrics.mail("sent")
		log.Info("mail sent")
	}
	m.queue.finish(j, r)
}

// prepare writes the mail; false where there is nobody to send it to.
func (m *Mail) prepare(ctx context.Context, j *job) bool {
	digest := m.queue.take(j)
	people, others := reachable(digest.To)
	for _, c := range others {
		m.o.Log.Warn("a contact is no mail address", "namespace", j.digest.Namespace, "role", c.Role, "address", printable(c.Address))
	}
	m.o.Metrics.recipient("no address", len(others))
	if len(people) == 0 {
		j.refused = "no address that a mail can be sent to"
		m.finish(j)
		return false
	}
	message := m.Message(ctx, digest)
	if ctx.Err() != nil {
		return false
	}
	j.message, j.to = message, addresses(people)
	m.queue.resize(j, len(message)+64*len(j.to))
	return true
}

// reachable are the contacts that mails can be sent to, and those that no mail
// can.
func reachable(all []notice.Contact) (people, others []notice.Contact) {
	for _, c := range all {
		if letter.Deliverable(c.Address) {
			people = append(people, c)
		} else {
			others = append(others, c)
		}
	}
	return people, others
}

// addresses are those of contacts, each once.
func addresses(people []notice.Contact) []string {
	var to []string
	for _, c := range people {
		if !slices.Contains(to, c.Address) {
			to = append(to, c.Address)
		}
	}
	return to
}

// Message is the mail for a digest as it goes over SMTP.
func (m *Mail) Message(ctx context.Context, d notice.Digest) []byte {
	d.To, _ = reachable(d.To)
	specs := m.specs(ctx, d)
	s := letter.Settings{Cluster: m.o.Settings.ClusterName, FixesURL: m.o.Settings.FixesURL, OptOut: m.o.OptOut, Now: m.o.Now()}
	if m.o.Situation != nil {
		s.Situation = func(r *v1alpha1.ZombieReport, container, parent string) (advice.Situation, bool) {
			return m.o.Situation(specs[r], container, parent)
		}
	}
	return letter.Message(letter.Write(d, s), letter.Head{
		From: m.from, ReplyTo: m.replyTo, To: addresses(d.To), ID: d.ID, Domain: m.o.Settings.MessageIDDomain, Namespace: d.Namespace, Date: m.o.Now(),
	})
}

// specs are those of the worst pod of each workload that is told in full; nil
// where it can't be had.
func (m *Mail) specs(ctx context.Context, d notice.Digest) map[*v1alpha1.ZombieReport]*corev1.PodSpec {
	specs := make(map[*v1alpha1.ZombieReport]*corev1.PodSpec)
	if m.o.Pods == nil {
		return specs
	}
	ctx, cancel := context.WithTimeout(ctx, specsMost)
	defer cancel()
	for _, i := range d.Items {
		if i.Kind != notice.KindFiring || len(i.Report.Status.Pods) == 0 {
			continue
		}
		if len(specs) == letter.MaxFull {
			break
		}
		worst := i.Report.Status.Pods[0]
		pod, err := m.o.Pods.Pod(ctx, d.Namespace, worst.Name, worst.UID)
		specs[i.Report] = nil
		switch {
		case err != nil:
			m.o.Log.Warn("a mail says general fixes alone", "namespace", d.Namespace, "pod", worst.Name, "error", err)
		case pod != nil:
			specs[i.Report] = &pod.Spec
		}
	}
	return specs
}

// specsMost bounds the asking for pods, for one mail.
const specsMost = 30 * time.Second
