package keyring

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// question is a line of testdata/kubelet.jsonl.
type question struct {
	About   string
	Secrets []struct {
		Config     bool
		Type, Text string
	}
	Repository string
	Refused    bool
	Logins     []string
}

// ask answers a question; broken is the number of secrets that can't be read.
func (q question) ask() (logins []string, broken int) {
	var k Keyring
	for i, s := range q.Secrets {
		secretType, field := TypeConfigJSON, FieldConfigJSON
		if s.Config {
			secretType, field = TypeConfig, FieldConfig
		}
		if s.Type != "" {
			secretType = s.Type
		}
		secret, err := Parse(fmt.Sprint(i), secretType, map[string][]byte{field: []byte(s.Text)})
		if err != nil {
			broken++
			continue
		}
		k.Secrets = append(k.Secrets, secret)
	}
	logins = []string{}
	for _, l := range k.Lookup(q.Repository) {
		username, password := l.Reveal()
		logins = append(logins, username+":"+password)
	}
	return logins, broken
}

// TestLikeTheKubelet holds the keyring against the answers of the kubelet's own
// code, which `make update-keyring` has written down.
func TestLikeTheKubelet(t *testing.T) {
	file, err := os.Open("testdata/kubelet.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	asked, matched := 0, 0
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			t.Fatal(err)
		}
		asked++
		got, broken := q.ask()
		if (broken > 0) != q.Refused {
			t.Errorf("%s: %d broken secrets, the kubelet refuses: %v\n%s", q.About, broken, q.Refused, lines.Text())
		}
		if q.Refused {
			continue // ours passes over it, and has the others
		}
		if len(got) > 1 {
			matched++
		}
		if diff := cmp.Diff(q.Logins, got); diff != "" {
			t.Errorf("%s (-kubelet +ours):\n%s\n%s", q.About, diff, lines.Text())
		}
	}
	if err := lines.Err(); err != nil || asked < 200 || matched < 50 {
		t.Errorf("%d questions, %d with several logins: %v", asked, matched, err)
	}
}

// TestBrokenSecretIsPassedOver: what another secret holds is found.
func TestBrokenSecretIsPassedOver(t *testing.T) {
	if _, err := Parse("a", TypeConfigJSON, map[string][]byte{FieldConfigJSON: []byte(`{"auths":{"r.io":{"auth":"canary%"}}}`)}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error = %v, want one that does not quote the secret", err)
	}
	if _, err := Parse("a", TypeConfigJSON, map[string][]byte{FieldConfigJSON: []byte(`{"canary`)}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("error = %v, want one that does not quote the secret", err)
	}
}

func TestSecretIsBounded(t *testing.T) {
	var text strings.Builder
	for i := range maxEntries + 1 {
		fmt.Fprintf(&text, `,"r%d.io":{}`, i)
	}
	for name, raw := range map[string]string{
		"entries": `{"auths":{` + text.String()[1:] + `}}`,
		"bytes":   strings.Repeat(" ", maxSecretBytes) + `{}`,
	} {
		if s, err := Parse("a", TypeConfigJSON, map[string][]byte{FieldConfigJSON: []byte(raw)}); err == nil {
			t.Errorf("%s: %d entries were taken", name, len(s.entries))
		}
	}
}

// TestLoginIsNotPrinted: neither a login nor what holds one can be printed.
func TestLoginIsNotPrinted(t *testing.T) {
	k := keyringOf(t, `{"auths":{"r.io":{"username":"canary-user","password":"canary-password"}}}`)
	l := k.Lookup("r.io/a")[0]
	type holder struct {
		hidden Login
		Shown  Login
		deep   []any
	}
	h := holder{hidden: l, Shown: l, deep: []any{l, &l, k}}
	marshalled, err := json.Marshal([]any{l, h, k})
	if err != nil {
		t.Fatal(err)
	}
	text := string(marshalled)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		text += fmt.Sprintf(verb+verb+verb+verb, l, h, k, *k.Secrets[0]) + fmt.Sprintf(verb, k.Secrets[0].entries)
	}
	if strings.Contains(text, "canary") || strings.Contains(text, fmt.Sprintf("%x", "canary")) {
		t.Errorf("a login was printed: %s", text)
	}
	if username, password := l.Reveal(); username != "canary-user" || password != "canary-password" {
		t.Errorf("the login is %q, %q", username, password)
	}
	if l.Secret() != "login" || l.Empty() || !(Login{}).Empty() {
		t.Errorf("login %s of %q: empty %v", l, l.Secret(), l.Empty())
	}
}

func TestID(t *testing.T) {
	a := keyringOf(t, `{"auths":{"r.io":{"username":"u","password":"p"},"*.io":{"username":"v","password":"q"}}}`).Lookup("r.io/a")
	same := keyringOf(t, `{"auths":{"r.io":{"auth":"dTpw"},"*.io":{"username":"v","password":"q"}}}`).Lookup("r.io/b")
	split := keyringOf(t, `{"auths":{"r.io":{"username":"up","password":""},"*.io":{"username":"v","password":"q"}}}`).Lookup("r.io/a")
	if len(a) != 2 || ID("salt", a) != ID("salt", same) {
		t.Errorf("the same logins have other ids: %v", a)
	}
	for name, other := range map[string]string{
		"salt": ID("pepper", a), "order": ID("salt", []Login{a[1], a[0]}), "fewer": ID("salt", a[:1]), "split": ID("salt", split), "none": ID("salt", nil),
	} {
		if other == ID("salt", a) {
			t.Errorf("%s: the same id", name)
		}
	}
}

func keyringOf(t *testing.T, config string) Keyring {
	t.Helper()
	s, err := Parse("login", TypeConfigJSON, map[string][]byte{FieldConfigJSON: []byte(config)})
	if err != nil {
		t.Fatal(err)
	}
	if s.Name() != "login" || s.Weight() < 200 {
		t.Errorf("secret %q weighs %d", s.Name(), s.Weight())
	}
	return Keyring{Secrets: []*Secret{s}}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		`{"auths":{"r.io":{"auth":"dTpw"}}}`, `{"r.io":{"username":"x","password":"y"}}`, `{"auths":null,"Auths":{"*.io:5000/a":{}}}`,
		`{"auths":{"https://index.docker.io/v1/":{"auth":"dTpwOnE="}},"HttpHeaders":{"a":"b"}}`, `null`, `[`, `{"auths":{"[":{},"%":{}}}`,
	} {
		f.Add([]byte(text), "r.io/a")
		f.Add([]byte(text), "docker.io/library/web")
	}
	f.Fuzz(func(t *testing.T, raw []byte, repository string) {
		for secretType, field := range map[string]string{TypeConfigJSON: FieldConfigJSON, TypeConfig: FieldConfig} {
			s, err := Parse("a", secretType, map[string][]byte{field: raw})
			if err != nil {
				if len(err.Error()) > 60 {
					t.Errorf("the error may quote the secret: %v", err)
				}
				continue
			}
			if len(s.entries) > maxEntries || len(raw) > maxSecretBytes {
				t.Errorf("%d entries of %d bytes", len(s.entries), len(raw))
			}
			if n := len(Keyring{Secrets: []*Secret{s, s}}.Lookup(repository)); n%2 != 0 {
				t.Errorf("the same secret twice gives %d logins", n)
			}
		}
	})
}
