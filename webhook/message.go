package webhook

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/initguard/initguard/advice"
	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/webhook/policy"
)

const (
	// maxWarning is the length of a warning in runes. Past 4,096 runes a
	// request the API server cuts each warning to 256 and then drops what is
	// left (k8s.io/apiserver pkg/endpoints/filters/warning.go).
	maxWarning = 256
	// maxName bounds one name of an image or a pod inside a message, in runes.
	maxName = 48
	prefix  = "initguard: "
)

// Warning is the one line about a pod: the worst finding, why it is one, and
// the fix. What an image or a pod says reaches it only as sanitised names.
func Warning(o Object, assessments []policy.Assessment, fixURL func(page string) string) string {
	return warning(o, assessments, "", fixURL)
}

// warning is Warning with the reason why nothing was injected, if there is one.
func warning(o Object, assessments []policy.Assessment, notInjected string, fixURL func(page string) string) string {
	worst, ok := lead(assessments)
	if !ok {
		return ""
	}
	var others []string
	for _, a := range assessments {
		if (a.Finding() || a.Unjudged()) && a.Path != worst.Path {
			others = append(others, sanitize(a.Container, maxName))
		}
	}
	line := prefix + describe(worst) + also(others)
	if notInjected != "" {
		line += "; not injected: " + sanitize(notInjected, maxWarning)
	}
	return fit(line, fix(o, worst, fixURL))
}

// lead is what a line begins with: the worst finding, but zombies that were seen
// come before what may be.
func lead(assessments []policy.Assessment) (policy.Assessment, bool) {
	worst, ok := policy.Worst(assessments)
	if ok && worst.Risk == policy.Observed {
		return worst, true
	}
	for _, a := range assessments {
		if a.Unjudged() {
			return a, true
		}
	}
	return worst, ok
}

// describe says what is wrong with one container.
func describe(a policy.Assessment) string {
	if a.Unjudged() {
		parent := "PID 1"
		if a.Observed.Parent != "" {
			parent = sanitize(a.Observed.Parent, maxName)
		}
		return fmt.Sprintf("container %q: who will be PID 1 is not known, but with this image and command %s did not reap; %s",
			sanitize(a.Container, 63), parent, a.Observed)
	}
	pid1 := "a program"
	if a.Result.PID1 != "" {
		pid1 = sanitize(a.Result.PID1, maxName)
	}
	text := fmt.Sprintf("container %q: PID 1 will be %s, which ", sanitize(a.Container, 63), pid1)
	if a.Problem == policy.HarmedByOrphans {
		text += "orphans harm (" + sanitize(a.Result.Verdict.HarmedByOrphans, maxName) + ")"
	} else {
		text += "does not reap zombies"
	}
	if a.Risk == policy.Observed && a.Observed != nil {
		return text + "; " + a.Observed.String() // tells more than what may leave orphans
	}
	switch len(a.Exposures) {
	case 0:
		return text
	case 1:
		return text + ", and " + a.Exposures[0].Text
	default:
		return fmt.Sprintf("%s, and %s (and %d more)", text, a.Exposures[0].Text, len(a.Exposures)-1)
	}
}

func also(others []string) string {
	switch {
	case len(others) == 0:
		return ""
	case len(others) <= 2:
		return "; also in " + strings.Join(others, ", ")
	default:
		return fmt.Sprintf("; also in %s and %d more", others[0], len(others)-1)
	}
}

// fix are the ways to say the fix, the most telling first.
func fix(o Object, a policy.Assessment, fixURL func(page string) string) []string {
	page, field := a.Advice.Page, fmt.Sprintf("; fix: %s.%s: %s", o.SpecPath, a.Advice.Path, a.Advice.Change)
	if a.Unjudged() {
		page, field = advice.AddInit, "; fix: an init in front of the command" // what fits exactly hangs on who is PID 1
	}
	url := fixURL(string(page))
	if url == "" {
		return []string{field}
	}
	return []string{field + ", see " + url, field, "; fix: " + url}
}

// fit appends the first fix that leaves the line within bounds.
func fit(line string, fixes []string) string {
	for _, f := range fixes {
		if utf8.RuneCountInString(line)+utf8.RuneCountInString(f) <= maxWarning {
			return line + f
		}
	}
	return cut(line, maxWarning)
}

// notJudged is the line for a pod that asked for injection though it can't be
// said who is PID 1.
func notJudged(assessments []policy.Assessment) string {
	for _, a := range assessments {
		if a.Problem == policy.Undecided {
			return cut(fmt.Sprintf("%scontainer %q: injection was asked for, but who will be PID 1 is not known: %s",
				prefix, sanitize(a.Container, 63), sanitize(a.Result.Verdict.Reason.Text, maxWarning)), maxWarning)
		}
	}
	return ""
}

// maxDenied bounds the containers that a denial names.
const maxDenied = 8

// denial is the message of a denied request, worded as Pod Security's.
func denial(resource string, o Object, level string, denied []policy.Assessment, fixURL func(string) string) string {
	parts := make([]string, 0, len(denied))
	for i, a := range denied {
		if i == maxDenied {
			parts = append(parts, fmt.Sprintf("%d more containers", len(denied)-maxDenied))
			break
		}
		if a.Problem == policy.Undecided {
			parts = append(parts, fmt.Sprintf("container %q: who will be PID 1 is not known: %s",
				sanitize(a.Container, 63), sanitize(a.Result.Verdict.Reason.Text, maxWarning)))
			continue
		}
		parts = append(parts, describe(a)+fix(o, a, fixURL)[0])
	}
	return fmt.Sprintf("%s %q is forbidden: violates initguard \"enforce: %s\": %s", resource, sanitize(o.Name, 253), level, strings.Join(parts, "; "))
}

// maxAnnotation bounds an audit annotation, in runes.
const maxAnnotation = 1024

// auditFindings is the audit annotation for findings.
func auditFindings(assessments []policy.Assessment) string {
	var parts []string
	for _, a := range assessments {
		if !a.Finding() {
			continue
		}
		part := fmt.Sprintf("%s: %s pid1=%s risk=%s", sanitize(a.Container, 63), a.Result.Verdict.Outcome, sanitize(a.Result.PID1, maxName), a.Risk)
		for _, e := range a.Exposures {
			part += " " + e.Path
		}
		if a.Risk == policy.Observed && a.Observed != nil {
			part += ", " + a.Observed.String()
		}
		parts = append(parts, part)
	}
	return cut(strings.Join(parts, "; "), maxAnnotation)
}

// auditUnknown is the audit annotation for containers that can't be judged.
func auditUnknown(assessments []policy.Assessment) string {
	var parts []string
	for _, a := range assessments {
		if a.Problem == policy.Undecided {
			r := a.Result.Verdict.Reason
			part := fmt.Sprintf("%s: %s: %s", sanitize(a.Container, 63), r.Code, sanitize(r.Text, maxWarning))
			if a.Unjudged() {
				part += ", " + a.Observed.String()
			}
			parts = append(parts, part)
		}
	}
	return cut(strings.Join(parts, "; "), maxAnnotation)
}

// fromPlatform is true for reasons whose detail the platform's log needs: it
// tells about registries, never about a pod's argv.
func fromPlatform(code imageinspect.Code) bool {
	switch code {
	case imageinspect.CodeUnreachable, imageinspect.CodeImageInvalid, imageinspect.CodeImageName, imageinspect.CodeImageStream,
		imageinspect.CodeNoPlatform, imageinspect.CodeStillInspecting, imageinspect.CodeNotRead:
		return true
	default:
		return false
	}
}

// sanitize makes foreign text fit for a warning: the API server silently drops
// a text with a control character or bad UTF-8.
func sanitize(s string, runes int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
	return cut(s, runes)
}

// cut shortens a text to a number of runes.
func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes-1]) + "…"
}
