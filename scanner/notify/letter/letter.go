package letter

import (
	"fmt"
	"strings"
	"time"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/scanner/notice"
)

const (
	// MaxFull is how many workloads a mail tells in full, at most.
	MaxFull = 20
	// maxRows is how many it names in the table below them.
	maxRows = 150
	// mostFull and mostHTML bound the HTML, in bytes, up to which there is a
	// further workload in full, and a further row: Gmail cuts off what is longer
	// than 102 kB.
	mostFull = 60_000
	mostHTML = 90_000
)

// Settings are what a mail says beside its digest.
type Settings struct {
	// Cluster is the name by which people know the cluster; empty for none.
	Cluster string
	// FixesURL is the folder of the pages about fixes; empty for no links.
	FixesURL string
	// OptOut is how far a namespace may choose what it is told.
	OptOut notice.Notify
	// Now is when the mail is written.
	Now time.Time
	// Situation is what is known of a container of a report's pods, below parent,
	// beside its zombies; nil, or false, where nothing is.
	Situation func(r *v1alpha1.ZombieReport, container, parent string) (advice.Situation, bool)
}

// Letter is a mail without its headers.
type Letter struct {
	// Subject is one line without control characters.
	Subject string
	// Text and HTML say the same; their lines end in \n.
	Text string
	HTML string
}

// Write writes a digest for the people whom it is for.
func Write(d notice.Digest, s Settings) Letter {
	p := plan(d, s)
	return Letter{Subject: subject(d, s), Text: p.text(), HTML: p.html()}
}

// subject says how many, where and how urgent, the urgent first: a phone shows
// some 40 characters.
func subject(d notice.Digest, s Settings) string {
	var zombies, firing int
	var one string
	for _, i := range d.Items {
		if i.Kind == notice.KindFiring {
			firing++
			zombies += int(i.Report.Status.Summary.Zombies)
			one = i.Report.Status.Workload.String()
		}
	}
	var text string
	switch firing {
	case 0:
		text = fmt.Sprintf("Zombies are gone from %s in %s", what(d), clean(d.Namespace, maxName))
	case 1:
		text = fmt.Sprintf("%s in %s, namespace %s", count(zombies, "zombie"), clean(one, maxName), clean(d.Namespace, maxName))
	default:
		text = fmt.Sprintf("%s in %s of namespace %s", count(zombies, "zombie"), count(firing, "workload"), clean(d.Namespace, maxName))
	}
	if firing > 0 && d.Severity == string(notice.Critical) {
		text = "Critical: " + text
	}
	if s.Cluster != "" {
		text = "[" + clean(s.Cluster, maxName) + "] " + text
	}
	return cut(text, maxSubject)
}

// what are the workloads of a digest without firing ones.
func what(d notice.Digest) string {
	if len(d.Items) == 1 {
		return clean(d.Items[0].Report.Status.Workload.String(), maxName)
	}
	return count(len(d.Items), "workload")
}

// count is a number and what is counted.
func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return thousands(n) + " " + of
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// at is a time as it reads anywhere; mails are read later, and elsewhere.
func at(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// span is a time that has passed, or will, in words.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return "a minute"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Round(time.Hour).Hours()))
	default:
		return fmt.Sprintf("%d days", int(d.Round(24*time.Hour).Hours()/24))
	}
}

// since is a time in the past.
func since(t, now time.Time) string {
	return at(t) + " (" + span(now.Sub(t)) + ")"
}

// and joins words as people do.
func and(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
