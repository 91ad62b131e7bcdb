package notice

import (
	"fmt"
	"strings"
)

const (
	// The bounds of an address and its parts, by RFC 5321 (4.5.3.1).
	maxAddress = 254
	maxLocal   = 64
	maxDomain  = 253
	maxLabel   = 63
	// maxList is how long an annotation with addresses may be, in bytes, and
	// maxAddresses how many it may hold.
	maxList      = 2048
	maxAddresses = 10
)

// address reads a mail address: a local part without quotes, @, and a domain
// name of two parts or more. That is less than RFC 5321 allows, and nothing that
// a header or a command of SMTP could take for something else. The domain is
// given in lower case.
func address(s string) (string, error) {
	at := strings.LastIndexByte(s, '@')
	switch {
	case len(s) > maxAddress:
		return "", fmt.Errorf("%s is longer than %d characters", quoted(s), maxAddress)
	case at < 0 || !localPart(s[:at]):
		return "", fmt.Errorf("%s is no bare mail address", quoted(s))
	}
	domain := strings.ToLower(s[at+1:])
	if !domainName(domain) {
		return "", fmt.Errorf("%s is no bare mail address of a domain", quoted(s))
	}
	return s[:at+1] + domain, nil
}

// localPart says whether s is a dot-atom of ASCII.
func localPart(s string) bool {
	if s == "" || len(s) > maxLocal {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" {
			return false
		}
		for _, c := range []byte(part) {
			if !letter(c) && !digit(c) && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) < 0 {
				return false
			}
		}
	}
	return !strings.HasPrefix(s, "-") // some programs would take it for an option
}

// domainName says whether s is a name in lower case of two parts or more, the
// last of which is no number.
func domainName(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > maxDomain || len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > maxLabel || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, c := range []byte(label) {
			if !lower(c) && !digit(c) && c != '-' {
				return false
			}
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

func lower(c byte) bool  { return c >= 'a' && c <= 'z' }
func letter(c byte) bool { return lower(c) || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// within says whether the domain of an address is one of those, or below one of
// them that begins with *.
func within(address string, domains []string) bool {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	for _, d := range domains {
		if below, ok := strings.CutPrefix(d, "*"); ok && strings.HasSuffix(domain, below) && len(domain) > len(below) || domain == d {
			return true
		}
	}
	return false
}

// addresses reads those that commas join, each once, and says what is wrong with
// the others.
func addresses(list string) (good []string, faults []error) {
	if len(list) > maxList {
		return nil, []error{fmt.Errorf("the list is longer than %d bytes; none of it is used", maxList)}
	}
	seen := make(map[string]bool)
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.Trim(entry, " \t\n")
		if entry == "" {
			continue
		}
		a, err := address(entry)
		key := strings.ToLower(a)
		switch {
		case err != nil:
			faults = append(faults, err)
		case seen[key]:
		case len(good) == maxAddresses:
			return good, append(faults, fmt.Errorf("the list holds more than %d addresses; the rest is not used", maxAddresses))
		default:
			seen[key] = true
			good = append(good, a)
		}
	}
	return good, faults
}
