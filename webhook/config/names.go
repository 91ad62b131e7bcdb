package config

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/initguard/initguard/configfile"
)

// Each function here returns what is wrong with one name, in words that follow
// the quoted name; empty when nothing is.

func namespaceFault(s string) string {
	if !isLabel(s) {
		return "is not a namespace's name: lower-case letters, digits and dashes, at most 63; names are exact, patterns don't work"
	}
	return ""
}

// isLabel reports whether s is a DNS label, which names of namespaces and
// containers are.
func isLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// isDNSName reports whether s is DNS labels joined by dots.
func isDNSName(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if !isLabel(part) {
			return false
		}
	}
	return len(s) <= 253
}

func usernameFault(s string) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > 512 || strings.TrimSpace(s) != s || configfile.Printable(s, len(s)) != s:
		return "is not a user's name: printable characters without double quotes, at most 512 bytes, no space around it"
	case strings.Contains(s, "*"):
		return "holds a *; names are exact, patterns don't work"
	}
	return ""
}

// architectures are those that Linux nodes run on.
func architectures() []string {
	return []string{"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"}
}

func platformFault(s string) string {
	parts := strings.Split(s, "/")
	switch {
	case len(parts) < 2 || len(parts) > 3 || parts[0] != "linux":
		return "must be linux/ARCH or linux/ARCH/VARIANT, such as linux/amd64 or linux/arm/v7"
	case !slices.Contains(architectures(), parts[1]):
		return "names no architecture: known are " + strings.Join(architectures(), ", ")
	case len(parts) == 3 && !regexp.MustCompile(`^v[0-9]{1,2}$`).MatchString(parts[2]):
		return "names no variant: one is v and a number, such as v8"
	}
	return ""
}

func hostFault(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.Contains(s, "://"):
		return "must be without a scheme: host or host:port; for HTTP set plainHTTP"
	case strings.Contains(s, "/"):
		return "must be without a path: host or host:port"
	case s != strings.ToLower(s):
		return "must be in lower case"
	}
	host, port := s, ""
	if i := strings.LastIndex(s, ":"); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "must have a port from 1 to 65535 after the colon"
		}
	}
	switch {
	case strings.HasPrefix(host, "["):
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
		if err != nil || !addr.Is6() || addr.Zone() != "" || !strings.HasSuffix(host, "]") {
			return "must have an IPv6 address between its brackets"
		}
	case !isDNSName(host):
		return "must be host or host:port: a DNS name or an IP address"
	case port == "" && !strings.Contains(host, ".") && host != "localhost":
		return "would be a repository of Docker Hub in an image reference; a registry's name has a dot or a port"
	}
	return ""
}

func programFault(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.Contains(s, "/"):
		return "must be a base name, without directories"
	case strings.HasPrefix(s, "-"):
		return "must not start with a dash: argv's login shells do, and are looked up without it"
	case len(s) > 255 || strings.TrimSpace(s) != s || configfile.Printable(s, len(s)) != s:
		return "must be printable characters without double quotes, at most 255 bytes, no space around it"
	}
	return ""
}

func groupFault(s string) string {
	if !isDNSName(s) || !strings.Contains(s, ".") {
		return "is not a custom resource's API group, such as argoproj.io; Kubernetes' own kinds need no entry"
	}
	return ""
}

func versionFault(s string) string {
	if !isLabel(s) {
		return "is not an API version, such as v1alpha1; leave it out to match all"
	}
	return ""
}

func kindFault(s string) string {
	if !regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,62}$`).MatchString(s) {
		return "is not a kind: one word that starts with a capital, such as Rollout"
	}
	return ""
}

// maxPathFields is how deep a pod template may lie.
const maxPathFields = 16

func pathFault(s string) string {
	fields := strings.Split(s, ".")
	if len(fields) > maxPathFields {
		return "has too many fields: the most is " + strconv.Itoa(maxPathFields)
	}
	for _, f := range fields {
		if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`).MatchString(f) {
			return "is not a path: field names joined by dots, such as spec.template; no indices or filters"
		}
	}
	return ""
}
