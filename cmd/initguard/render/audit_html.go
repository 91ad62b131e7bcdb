package render

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed audit.html.tmpl
var auditPage string

// AuditHTML writes an audit as one page that needs nothing else: no script, no
// font, no image from elsewhere.
func AuditHTML(w io.Writer, a ClusterAudit) error {
	page, err := template.New("audit").Funcs(template.FuncMap{
		"lower":     strings.ToLower,
		"printable": func(v any) string { return Printable(fmt.Sprint(v)) },
		"settings": func(mode string) []Setting {
			var out []Setting
			for _, s := range a.Settings {
				if s.Mode == mode {
					out = append(out, s)
				}
			}
			return out
		},
		"of":      a.in,
		"injects": func(w AuditedWorkload, c Container) string { return w.injects(c) },
		"notes":   auditNotes,
		"label":   func(n note) string { return n.label },
		"text":    func(n note) string { return n.text },
		"total":   func(r RiskCounts) int { return r.Total() },
		"line":    func() string { return a.Summary.line(len(a.Namespaces)) },
	}).Parse(auditPage)
	if err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, a); err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err //nolint:wrapcheck // The caller says what was written.
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
