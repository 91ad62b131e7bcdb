package advice

import (
	"net/url"
	"slices"
	"strings"
)

// fetch is a reading of a program that asks for one URL of the container
// itself. Where every answer counts as a good one, only the kind of probe is
// said.
func fetch(args []string, read func([]string) (urls []string, judges bool)) reading {
	urls, exact := read(args)
	if len(urls) != 1 {
		return reading{}
	}
	raw := urls[0]
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" || !isHere(u.Hostname()) {
		return reading{}
	}
	if !exact {
		return reading{method: methodHTTP}
	}
	r := reading{method: methodHTTP, exact: true, scheme: u.Scheme, path: u.EscapedPath(), port: 80}
	if u.Scheme == "https" {
		r.port = 443
	}
	if u.Port() != "" {
		if r.port, exact = number(u.Port(), 65535); !exact {
			return reading{}
		}
	}
	if r.path == "" {
		r.path = "/"
	}
	if u.RawQuery != "" {
		r.path += "?" + u.RawQuery
	}
	return r
}

// nowhere are places for output that nobody reads.
func nowhere(file string) bool { return file == "/dev/null" || file == "-" }

// curlURL reads the arguments of curl; no URLs where there is an option that
// matters to a probe. It judges with --fail: without, every answer is a good
// one.
//
// Source: https://curl.se/docs/manpage.html
func curlURL(args []string) ([]string, bool) {
	var urls []string
	exact, fails := true, false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		value := func() string {
			if i++; i < len(args) {
				return args[i]
			}
			return ""
		}
		switch {
		case arg == "--fail":
			fails = true
		case slices.Contains([]string{"--silent", "--show-error", "--insecure", "--location", "--ipv4", "--no-progress-meter"}, arg):
		case arg == "--output":
			exact = exact && nowhere(value())
		case arg == "--max-time", arg == "--connect-timeout":
			exact = exact && value() != ""
		case strings.HasPrefix(arg, "--"):
			return nil, false
		case len(arg) > 1 && arg[0] == '-':
			letters, rest := cutAt(arg[1:], "om")
			fails = fails || strings.Contains(letters, "f")
			exact = exact && strings.Trim(letters, "fsSkL4om") == ""
			if last := letters[len(letters)-1]; last == 'o' || last == 'm' {
				if rest == "" {
					rest = value()
				}
				exact = exact && rest != "" && (last == 'm' || nowhere(rest))
			}
		default:
			urls = append(urls, arg)
		}
	}
	if !exact {
		return nil, false
	}
	return urls, fails
}

// wgetURL reads the arguments of wget; no URLs where there is an option that
// matters to a probe. wget fails on every answer but a good one; one that is
// kept in a file may be for somebody.
//
// Source: https://www.gnu.org/software/wget/manual/wget.html
func wgetURL(args []string) ([]string, bool) {
	var urls []string
	exact, discards := true, false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, _, given := strings.Cut(arg, "=")
		switch {
		case slices.Contains([]string{"--quiet", "--no-verbose", "--no-check-certificate", "-nv"}, arg):
		case arg == "--spider":
			discards = true
		case given && (name == "--timeout" || name == "--tries"):
		case given && name == "--output-document":
			discards = nowhere(arg[len(name)+1:])
		case strings.HasPrefix(arg, "--"):
			return nil, false
		case len(arg) > 1 && arg[0] == '-':
			letters, rest := cutAt(arg[1:], "OTt")
			exact = exact && strings.Trim(letters, "qSOTt") == ""
			if last := letters[len(letters)-1]; strings.ContainsRune("OTt", rune(last)) {
				if rest == "" && i+1 < len(args) {
					i++
					rest = args[i]
				}
				discards = discards || last == 'O' && nowhere(rest)
			}
		default:
			urls = append(urls, arg)
		}
	}
	if !exact {
		return nil, false
	}
	return urls, discards
}

// cutAt splits a cluster of short options behind the first that takes a value.
func cutAt(cluster, takesValue string) (letters, rest string) {
	if at := strings.IndexAny(cluster, takesValue); at >= 0 {
		return cluster[:at+1], cluster[at+1:]
	}
	return cluster, ""
}
