package notice

import (
	"net/mail"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	good := map[string]string{
		"a@example.com":                        "a@example.com",
		"Ann.Lee+init@Mail.Example.COM":        "Ann.Lee+init@mail.example.com",
		"o'neill@example.com":                  "o'neill@example.com",
		"x_y=z@1a.example.co":                  "x_y=z@1a.example.co",
		strings.Repeat("a", 64) + "@b.example": strings.Repeat("a", 64) + "@b.example",
	}
	for s, want := range good {
		if got, err := address(s); err != nil || got != want {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "a", "@", "a@", "@example.com", "a@localhost", "a@example", "a@b@example.com", "a b@example.com", "Ann <a@example.com>", "<a@example.com>",
		`"a b"@example.com`, `a\@example.com`, "a@[127.0.0.1]", "a@127.0.0.1", "a@example.com.", "a@.example.com", "a@-x.example.com", "a@x-.example.com",
		".a@example.com", "a.@example.com", "a..b@example.com", "a@example.com\r\nBcc: b@example.com", "a\n@example.com", "a@exam\x00ple.com", "ä@example.com",
		"a@exämple.com", "a@example.com ", " a@example.com", "a(b)@example.com", "a@example.com(b)", "mailto:a@example.com", "-oX@example.com", "a,b@example.com",
		"a;b@example.com", "a:b@example.com", "a@under_score.example.com", strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b", 64) + ".com",
		"a@" + strings.Repeat("b.", 130) + "com", "a@example.123",
	} {
		if got, err := address(s); err == nil {
			t.Errorf("%q is taken as %q", s, got)
		}
	}
}

func TestAddresses(t *testing.T) {
	good, faults := addresses(" a@example.com,\tb@example.com , A@Example.com,, nobody,c d@example.com")
	if strings.Join(good, " ") != "a@example.com b@example.com" || len(faults) != 2 {
		t.Errorf("%v, %v", good, faults)
	}
	good, faults = addresses(strings.Repeat("a@example.com,", 1000))
	if len(good) != 0 || len(faults) != 1 {
		t.Errorf("%d of a list without end, %v", len(good), faults)
	}
	var many []string
	for c := 'a'; c <= 'z'; c++ {
		many = append(many, string(c)+"@example.com")
	}
	if good, faults = addresses(strings.Join(many, ",")); len(good) != maxAddresses || len(faults) != 1 {
		t.Errorf("%d, %v", len(good), faults)
	}
}

func TestDomains(t *testing.T) {
	allowed := []string{"example.com", "*.example.org"}
	for s, want := range map[string]bool{
		"a@example.com": true, "a@x.example.com": false, "a@badexample.com": false, "a@example.org": false, "a@x.example.org": true,
		"a@y.x.example.org": true, "a@xexample.org": false, "a@example.com.evil.net": false,
	} {
		if within(s, allowed) != want {
			t.Errorf("%s: %v", s, !want)
		}
	}
	if within("a@example.com", nil) {
		t.Error("without a list every domain is allowed")
	}
}

// FuzzAddress: what is taken is what the standard library takes for that very
// address, and nothing that a line of SMTP or a header could break at.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"a@example.com", "a@b@c", "a\r\n@example.com", `"a"@example.com`, "<a@example.com>", "a@[::1]", "ä@example.com", "a,b@example.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := address(s)
		if err != nil {
			if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r > '~' }) || len(err.Error()) > 600 {
				t.Errorf("%q", err.Error())
			}
			return
		}
		parsed, err := mail.ParseAddress(got)
		if err != nil || parsed.Address != got || parsed.Name != "" || !strings.EqualFold(got, s) {
			t.Errorf("%q is taken as %q; %v, %v", s, got, parsed, err)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`<>()[]\,;:"`, r) }) || len(got) > maxAddress {
			t.Errorf("%q", got)
		}
		if list, faults := addresses(got); len(list) != 1 || len(faults) != 0 {
			t.Errorf("%q in a list: %v, %v", got, list, faults)
		}
	})
}
