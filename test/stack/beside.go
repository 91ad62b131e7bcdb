package stack

import (
	"github.com/initguard/initguard/certs"
)

// What another program needs that runs beside the webhook, or speaks to it as
// the API server does.

// WebhookPID is the webhook's process id; another one after a restart.
func (s *Stack) WebhookPID() int { return s.webhook.PID() }

// WebhookURL is where the webhook answers, without a path.
func (s *Stack) WebhookURL() string { return s.address }

// CA is the certificate, in PEM, of who signed the webhook's.
func (s *Stack) CA() []byte { return s.ca.PEM() }

// Serving makes a serving certificate for this machine by the same CA.
func (s *Stack) Serving() (certs.Pair, error) {
	return s.ca.Serving(validity, "127.0.0.1")
}
