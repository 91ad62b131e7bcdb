package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/initguard/initguard/configfile"
)

// maxProblems is how many problems of one set of labels or annotations are
// told apart; what a tenant writes must not fill the answer.
const maxProblems = 10

// maxExemptContainers is how many containers one template may exempt.
const maxExemptContainers = 64

// ModesFor returns the modes of a namespace by its labels over the file's
// defaults, and what is wrong with its labels, by key. A label that can't be
// followed leaves its mode at the default. Labels of initguard that aren't
// known are problems; all others are ignored.
func (c *Config) ModesFor(labels map[string]string) (Modes, []Problem) {
	m := c.Defaults
	p := problems{place: "namespace label", known: namespaceLabels(), elsewhere: templateAnnotations(),
		misplaced: "belongs on the pod template as an annotation; ignored"}
	for _, key := range ownKeys(labels) {
		value := labels[key]
		switch key {
		case LabelWarn:
			m.Warn = p.level(key, value, m.Warn)
		case LabelAudit:
			m.Audit = p.level(key, value, m.Audit)
		case LabelEnforce:
			m.Enforce = p.level(key, value, m.Enforce)
		case LabelInject:
			m.Inject = p.level(key, value, m.Inject)
		case LabelStrategy:
			s, err := ParseStrategy(value)
			if err != nil {
				p.add(key, value, "%s; using %s", err, m.Strategy)
				continue
			}
			m.Strategy = s
		case LabelRemediate:
		default:
			p.unknown(key, value)
		}
	}
	return c.permitted(m), p.list()
}

// permitted takes back what a thrown kill switch forbids.
func (c *Config) permitted(m Modes) Modes {
	if c.KillSwitch {
		m.Enforce, m.Inject = Never, Never
	}
	return m
}

// ForTemplate returns the modes of one pod template or pod by its annotations
// over its namespace's, what else they ask for, and what is wrong with them,
// by key. An annotation that can't be followed changes nothing. Annotations of
// initguard that aren't known are problems; all others are ignored.
func (c *Config) ForTemplate(m Modes, annotations map[string]string) (Modes, TemplateOptions, []Problem) {
	var o TemplateOptions
	p := problems{place: "annotation", known: templateAnnotations(), elsewhere: namespaceLabels(),
		misplaced: "belongs on the namespace as a label; ignored"}
	for _, key := range ownKeys(annotations) {
		value := annotations[key]
		switch key {
		case AnnotationInject:
			m, o.InjectAsked = m.injectAs(value, &p)
		case AnnotationExemptContainers:
			o.ExemptContainers = exemptContainers(value, &p)
		case AnnotationRemediate, AnnotationRemediateSingle, AnnotationInjected:
		default:
			p.unknown(key, value)
		}
	}
	return c.permitted(m), o, p.list()
}

// injectAs follows the annotation that asks for injection or refuses it.
func (m Modes) injectAs(value string, p *problems) (Modes, bool) {
	if value == Never.String() {
		m.Inject = Never
		return m, false
	}
	s, err := ParseStrategy(value)
	if err != nil {
		p.add(AnnotationInject, value, "%s, never; ignored", err)
		return m, false
	}
	m.Inject, m.Strategy = Possible, s
	return m, true
}

// exemptContainers reads the names between the commas, each once.
func exemptContainers(value string, p *problems) []string {
	var list []string
	wrong := ""
	for name := range strings.SplitSeq(value, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "" || slices.Contains(list, name):
		case !isLabel(name):
			if wrong == "" {
				wrong = name
			}
		case len(list) == maxExemptContainers:
			p.add(AnnotationExemptContainers, value, "names more than %d containers; those after the first %d are ignored",
				maxExemptContainers, maxExemptContainers)
			return list
		default:
			list = append(list, name)
		}
	}
	if wrong != "" {
		p.add(AnnotationExemptContainers, value, "%s is not a container's name; ignored (write the names with commas between)", configfile.Quote(wrong))
	}
	return list
}

// problems gathers what is wrong with one set of labels or annotations.
type problems struct {
	place     string   // what the keys are
	known     []string // the keys that may stand here
	elsewhere []string // the keys that may stand where this isn't
	misplaced string   // what to say of those
	found     []Problem
	more      int
}

func (p *problems) add(key, value, format string, args ...any) {
	if len(p.found) == maxProblems {
		p.more++
		return
	}
	key = KeyPrefix + configfile.Printable(strings.TrimPrefix(key, KeyPrefix), configfile.MaxValue)
	p.found = append(p.found, Problem{
		Key:   key,
		Value: configfile.Printable(value, configfile.MaxValue),
		Text:  fmt.Sprintf("%s %s: %s", p.place, key, fmt.Sprintf(format, args...)),
	})
}

// level returns the level that a label asks for, or the fallback.
func (p *problems) level(key, value string, fallback Level) Level {
	l, err := ParseLevel(value)
	if err != nil {
		p.add(key, value, "%s; using %s", err, fallback)
		return fallback
	}
	return l
}

func (p *problems) unknown(key, value string) {
	if slices.Contains(p.elsewhere, key) {
		p.add(key, value, "%s", p.misplaced)
		return
	}
	bare := make([]string, 0, len(p.known))
	for _, k := range p.known {
		bare = append(bare, strings.TrimPrefix(k, KeyPrefix))
	}
	if near := configfile.Nearest(strings.TrimPrefix(key, KeyPrefix), bare); near != "" {
		p.add(key, value, "unknown, ignored; did you mean %s%s?", KeyPrefix, near)
		return
	}
	p.add(key, value, "unknown, ignored; known after %s are %s", KeyPrefix, strings.Join(bare, ", "))
}

func (p *problems) list() []Problem {
	if p.more == 0 {
		return p.found
	}
	return append(p.found, Problem{
		Key:  KeyPrefix,
		Text: fmt.Sprintf("%s %s: %d more can't be followed", p.place, KeyPrefix, p.more),
	})
}

// ownKeys returns the keys that are initguard's, sorted.
func ownKeys(set map[string]string) []string {
	var keys []string
	for key := range set {
		if strings.HasPrefix(key, KeyPrefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func namespaceLabels() []string {
	return []string{LabelWarn, LabelAudit, LabelEnforce, LabelInject, LabelStrategy, LabelRemediate}
}

// templateAnnotations are those that people write: AnnotationInjected is not.
func templateAnnotations() []string {
	return []string{AnnotationInject, AnnotationExemptContainers, AnnotationRemediate, AnnotationRemediateSingle}
}
