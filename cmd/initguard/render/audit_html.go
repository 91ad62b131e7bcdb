package render

import (
	"cmp"
	_ "embed" // the page's head
	"fmt"
	"html"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/initguard/initguard/webhook/policy"
)

//go:embed audit_head.html
var auditHead string

// markup is HTML. A constant of this package becomes one by itself; any other
// string has to go through text, or it does not compile.
//
// The page is not made by html/template: that calls methods by name, so that a
// program with it keeps all methods of all its types, much of the webhook's
// code.
type markup string

// text is foreign text as it may stand in an element or in a quoted attribute.
func text(s string) markup { return markup(html.EscapeString(Printable(s))) }

func number(n int) markup { return markup(strconv.Itoa(n)) }

// each joins what show makes of each of a list.
func each[T any](list []T, show func(T) markup) markup {
	var out strings.Builder
	for _, v := range list {
		out.WriteString(string(show(v)))
	}
	return markup(out.String())
}

// AuditHTML writes an audit as one page that needs nothing else: no script, no
// font, no image from elsewhere.
func AuditHTML(w io.Writer, a ClusterAudit) error {
	page := markup(auditHead) + "<h1>initguard audit</h1>\n<p>" + text(a.Summary.line(len(a.Namespaces))) + "</p>\n" +
		`<p class="faint"><code>` + text(a.Cluster) + "</code>, " + text(a.Made.Format("2006-01-02 15:04 MST")) + ", initguard " + text(a.Version) +
		". A container whose PID 1 does not reap keeps every orphan as a zombie, until the pod can't start processes any more.</p>\n"
	if len(a.Problems) > 0 {
		page += "<h2>Not complete</h2>\n<ul>" + each(a.Problems, func(p string) markup { return "<li>" + text(p) + "</li>" }) + "</ul>\n"
	}
	page += a.htmlSettings() + a.htmlNamespaces() + each(a.Namespaces, func(n AuditedNamespace) markup { return a.htmlWorkloads(n.Name) }) + "</body>\n</html>\n"
	_, err := io.WriteString(w, string(page))
	return err //nolint:wrapcheck // The caller says what was written.
}

// htmlSettings says what each mode would do, a column for each risk.
func (a ClusterAudit) htmlSettings() markup {
	row := func(name, mode string, count func(Setting) int, what markup) markup {
		cells := each(a.Settings, func(s Setting) markup {
			if s.Mode != mode {
				return ""
			}
			return `<td class="number">` + number(count(s)) + "</td>"
		})
		return "<tr><td>" + text(name) + "</td>" + cells + `<td class="faint">workloads ` + what + "</td></tr>\n"
	}
	risks := each(AuditRisks(), func(r policy.Risk) markup { return `<th class="number">` + text(r.String()) + "</th>" })
	workloads := func(s Setting) int { return s.Workloads }
	return "<h2>What each setting would do</h2>\n<div class=\"wide\"><table>\n<tr><th>mode</th>" + risks + "<th></th></tr>\n" +
		row("warn, audit", "warn", workloads, "named when they are applied") +
		row("enforce", "enforce", workloads, "denied when their template changes") +
		row("inject, share-pid", "inject", func(s Setting) int { return s.SharePID }, "whose new pods share one PID namespace") +
		row("inject, wrap", "inject", func(s Setting) int { return s.Wrap }, "whose new pods get tini in front") +
		row("inject, refused", "inject", func(s Setting) int { return s.Refused }, "that stay as they are, at least in part") +
		"</table></div>\n"
}

// htmlNamespaces has a row for each namespace, which leads to its workloads.
func (a ClusterAudit) htmlNamespaces() markup {
	count := func(n int) markup { return `<td class="number">` + number(n) + "</td>" }
	return "<h2>Namespaces</h2>\n<div class=\"wide\"><table>\n" +
		`<tr><th>namespace</th><th class="number">workloads</th><th class="number">observed</th><th class="number">exposed</th><th class="number">possible</th>` +
		`<th class="number">unknown</th><th>warn</th><th>enforce</th><th>inject</th></tr>` + "\n" +
		each(a.Namespaces, func(n AuditedNamespace) markup {
			name := text(n.Name)
			if len(a.in(n.Name)) > 0 {
				name = `<a href="#` + text(url.PathEscape(n.Name)) + `">` + name + "</a>"
			}
			return "<tr><td>" + name + "</td>" + count(n.Workloads) + count(n.Findings.Observed) + count(n.Findings.Exposed) + count(n.Findings.Possible) + count(n.Unknown) +
				"<td>" + text(n.Modes.Warn) + "</td><td>" + text(n.Modes.Enforce) + "</td><td>" + text(n.Modes.Inject) + "</td></tr>\n" +
				each(n.Problems, func(p string) markup { return `<tr><td colspan="9" class="unknown">` + text(p) + "</td></tr>\n" })
		}) + "</table></div>\n"
}

// htmlWorkloads tells of each workload of a namespace that there is something
// to say about.
func (a ClusterAudit) htmlWorkloads(namespace string) markup {
	workloads := a.in(namespace)
	if len(workloads) == 0 {
		return ""
	}
	return `<h2 id="` + text(namespace) + `">` + text(namespace) + "</h2>\n" + each(workloads, func(w AuditedWorkload) markup {
		risk := text("unknown")
		if w.Risk > 0 {
			risk = text(w.Risk.String())
		}
		return "<details><summary><b>" + text(w.Kind) + "/" + text(w.Name) + `</b><span class="mark ` + risk + `">` + risk + "</span></summary>\n" +
			"<div class=\"wide\"><table>\n<tr><th>container</th><th>PID 1</th><th>verdict</th><th>risk</th><th>now</th><th>inject would</th></tr>\n" +
			each(w.Containers, w.htmlContainer) + "</table></div>\n</details>\n"
	})
}

// htmlContainer is empty where there is nothing to say.
func (w AuditedWorkload) htmlContainer(c Container) markup {
	if c.Finding == NoFinding {
		return ""
	}
	verdict := c.Verdict.String()
	return "<tr><td>" + text(c.Name) + `<br><code class="faint">` + text(c.Image) + "</code></td><td><code>" + text(cmp.Or(c.PID1, "-")) + "</code></td>" +
		`<td class="` + text(strings.ToLower(verdict)) + `">` + text(verdict) + "</td><td>" + text(c.Risk.String()) + "</td><td>" + text(fmt.Sprint(c.Cluster)) +
		"</td><td>" + text(w.injects(c)) + "</td></tr>\n" + `<tr><td colspan="6"><dl>` +
		each(auditNotes(w, c), func(n note) markup { return "<dt>" + text(n.label) + "</dt><dd>" + text(n.text) + "</dd>" }) + "</dl></td></tr>\n"
}

// in are the workloads of a namespace that there is something to say about.
func (a ClusterAudit) in(namespace string) []AuditedWorkload {
	var out []AuditedWorkload
	for _, w := range a.Workloads {
		if w.Namespace == namespace && (w.Risk > 0 || w.unknown()) {
			out = append(out, w)
		}
	}
	return out
}
