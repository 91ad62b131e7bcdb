// Package webhook answers admission requests: it decodes the pod template out
// of whatever kind holds it, has its containers assessed, and translates the
// assessments into warnings, audit annotations or a denial, as the namespace's
// modes say.
//
// It never fails a request by accident: what can't be judged is let through
// with a warning or a log line that says why.
package webhook
