package keyring

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// The types of Secret that are looked into, and the field of each.
// Source: k8s.io/api/core/v1, SecretTypeDockerConfigJson and SecretTypeDockercfg.
const (
	TypeConfigJSON  = "kubernetes.io/dockerconfigjson"
	FieldConfigJSON = ".dockerconfigjson"
	TypeConfig      = "kubernetes.io/dockercfg"
	FieldConfig     = ".dockercfg"
)

const (
	// maxSecretBytes is Kubernetes' own bound on a Secret.
	// Source: k8s.io/api/core/v1, MaxSecretSize.
	maxSecretBytes = 1 << 20
	// maxEntries bounds the entries of one secret: the smallest that holds a
	// login takes some 40 bytes, and each takes some 400 in memory.
	maxEntries = 2000
)

// Secret holds the logins of one pull secret.
type Secret struct {
	name    string
	entries []entry // in the order of their keys' text
}

// entry is a login and what it is for.
type entry struct {
	key   string // host[:port][/path], the host with wildcards
	glob  target
	login Login
}

// Parse reads a Secret's data by its type. A type that holds no logins, and a
// field that is empty, give a Secret without any, as for the kubelet. Errors
// hold nothing of the data.
func Parse(name, secretType string, data map[string][]byte) (*Secret, error) {
	s := &Secret{name: name}
	var raw []byte
	switch secretType {
	case TypeConfigJSON:
		raw = data[FieldConfigJSON]
	case TypeConfig:
		raw = data[FieldConfig]
	}
	if len(raw) == 0 {
		return s, nil
	}
	if len(raw) > maxSecretBytes {
		return nil, fmt.Errorf("longer than %d KiB", maxSecretBytes>>10)
	}
	auths, err := decode(secretType, raw)
	if err != nil {
		return nil, err
	}
	if len(auths.entries) > maxEntries {
		return nil, fmt.Errorf("more than %d logins", maxEntries)
	}
	for _, text := range slices.Sorted(maps.Keys(auths.entries)) {
		if made, ok := newEntry(name, text, auths.entries[text]); ok {
			s.entries = append(s.entries, made)
		}
	}
	return s, nil
}

// Name is the Secret's name.
func (s *Secret) Name() string { return s.name }

// Len is how many logins it holds.
func (s *Secret) Len() int { return len(s.entries) }

// Weight is about how many bytes of memory s takes.
func (s *Secret) Weight() int {
	n := 256 + len(s.name)
	for _, e := range s.entries {
		n += 384 + 2*len(e.key) + e.login.size
	}
	return n
}

// wireConfig is .dockerconfigjson. HTTPHeaders are not used, but the kubelet
// refuses a secret whose headers are of another type.
type wireConfig struct {
	Auths       wireAuths         `json:"auths"`
	HTTPHeaders map[string]string `json:"HttpHeaders,omitempty"`
}

// wireAuths is .dockercfg. Its map is filled up to one more than maxEntries.
type wireAuths struct{ entries map[string]wireLogin }

// wireLogin holds the fields that the kubelet takes.
type wireLogin struct {
	Username string `json:"username,omitempty"`
	Password string `json:"password,omitempty"`
	Email    string `json:"email,omitempty"`
	Auth     string `json:"auth,omitempty"`
}

// decode reads a secret's field. Its errors are fixed texts: those of
// encoding/json may quote what they read.
func decode(secretType string, raw []byte) (wireAuths, error) {
	var config wireConfig
	var into any = &config
	if secretType == TypeConfig {
		into = &config.Auths
	}
	if err := json.Unmarshal(raw, into); err != nil {
		if errors.Is(err, errAuth) {
			return wireAuths{}, errAuth
		}
		return wireAuths{}, errors.New("not a docker config")
	}
	return config.Auths, nil
}

// errAuth is an auth field that can't be read.
var errAuth = errors.New("an auth field is not base64 of USERNAME:PASSWORD")

// UnmarshalJSON reads the object entry by entry, so that one of many empty
// entries takes little memory.
func (a *wireAuths) UnmarshalJSON(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	start, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("logins: %w", err)
	}
	if start == nil {
		a.entries = nil
		return nil
	}
	if start != json.Delim('{') {
		return errors.New("logins are not an object")
	}
	if a.entries == nil {
		a.entries = map[string]wireLogin{}
	}
	for decoder.More() && len(a.entries) <= maxEntries {
		key, err := decoder.Token()
		if err != nil {
			return fmt.Errorf("logins: %w", err)
		}
		var l wireLogin
		if err := decoder.Decode(&l); err != nil {
			return fmt.Errorf("login: %w", err)
		}
		if l.Auth != "" {
			if l.Username, l.Password, err = splitAuth(l.Auth); err != nil {
				return err
			}
		}
		text, _ := key.(string) // keys of objects are strings
		a.entries[text] = l
	}
	return nil
}

// splitAuth reads base64 of USERNAME:PASSWORD, padded or not.
func splitAuth(auth string) (username, password string, err error) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(auth), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(auth)
	if err != nil {
		return "", "", errAuth
	}
	username, password, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return "", "", errAuth
	}
	return username, password, nil
}

// newEntry makes an entry out of a key as docker writes it, such as
// "https://index.docker.io/v1/"; ok is false for one that the kubelet ignores.
func newEntry(secret, text string, l wireLogin) (e entry, ok bool) {
	if !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		text = "https://" + text
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return entry{}, false
	}
	path := parsed.Path
	if strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/v2/") {
		path = path[3:]
	}
	if path == "/" {
		path = ""
	}
	e = entry{key: parsed.Host + path, login: newLogin(secret, l.Username, l.Password)}
	e.glob, _ = parseTarget(e.key) // a key that can't be parsed matches nothing
	return e, true
}
