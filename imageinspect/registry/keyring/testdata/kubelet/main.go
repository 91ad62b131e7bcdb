// Command kubelet writes what the kubelet's own code answers to some hundred
// questions about pull secrets, one JSON object a line. `make
// update-keyring` runs it in the module that pins k8s.io/kubernetes, which the
// product does not depend on.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

// secret is a pull secret; Config stands for .dockercfg.
type secret struct {
	Config bool   `json:"config,omitempty"`
	Type   string `json:"type,omitempty"` // in place of the right one
	Text   string `json:"text"`
}

// question is a repository and the pull secrets of a pod.
type question struct {
	About      string   `json:"about,omitempty"`
	Secrets    []secret `json:"secrets"`
	Repository string   `json:"repository"`
	Refused    bool     `json:"refused,omitempty"` // the kubelet would not pull at all
	Logins     []string `json:"logins"`            // USERNAME:PASSWORD in the order in which they are tried
}

func main() {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, q := range append(written(), drawn()...) {
		answer(&q)
		if err := out.Encode(q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func answer(q *question) {
	var given []v1.Secret
	for i, s := range q.Secrets {
		secretType, field := v1.SecretTypeDockerConfigJson, v1.DockerConfigJsonKey
		if s.Config {
			secretType, field = v1.SecretTypeDockercfg, v1.DockerConfigKey
		}
		if s.Type != "" {
			secretType = v1.SecretType(s.Type)
		}
		given = append(given, v1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint(i)}, Type: secretType, Data: map[string][]byte{field: []byte(s.Text)},
		})
	}
	q.Logins = []string{}
	keyring, err := secrets.MakeDockerKeyring(given, &credentialprovider.BasicDockerKeyring{})
	if q.Refused = err != nil; q.Refused {
		return
	}
	found, _ := keyring.Lookup(q.Repository)
	for _, f := range found {
		q.Logins = append(q.Logins, f.Username+":"+f.Password)
	}
}

// written are the questions that somebody thought of.
func written() []question {
	auth := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	raw := func(text string) string { return base64.RawStdEncoding.EncodeToString([]byte(text)) }
	one := func(text string) []secret { return []secret{{Text: text}} }
	return []question{
		{"auth", one(`{"auths":{"r.io":{"auth":"` + auth("u:p:q") + `"}}}`), "r.io/a", false, nil},
		{"auth without padding", one(`{"auths":{"r.io":{"auth":"` + raw("user:p") + `"}}}`), "r.io/a", false, nil},
		{"auth wins over username", one(`{"auths":{"r.io":{"username":"x","password":"y","auth":"` + auth("u:p") + `"}}}`), "r.io/a", false, nil},
		{"username and password", one(`{"auths":{"r.io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"fields in another case", one(`{"Auths":{"r.io":{"USERNAME":"x","Password":"y"}}}`), "r.io/a", false, nil},
		{"identity token alone", one(`{"auths":{"r.io":{"identitytoken":"t"}}}`), "r.io/a", false, nil},
		{"registry token alone", one(`{"auths":{"r.io":{"registrytoken":"t"}}}`), "r.io/a", false, nil},
		{"credential store", one(`{"credsStore":"pass","credHelpers":{"r.io":"x"},"auths":{"r.io":{}}}`), "r.io/a", false, nil},
		{"auth that is not base64", one(`{"auths":{"r.io":{"auth":"%%%"}}}`), "r.io/a", false, nil},
		{"auth without a colon", one(`{"auths":{"r.io":{"auth":"` + auth("up") + `"}}}`), "r.io/a", false, nil},
		{"auth broken in another entry", one(`{"auths":{"r.io":{"username":"x","password":"y"},"z.io":{"auth":"%"}}}`), "r.io/a", false, nil},
		{"not JSON", one(`{"auths"`), "r.io/a", false, nil},
		{"empty", one(``), "r.io/a", false, nil},
		{"null", one(`null`), "r.io/a", false, nil},
		{"a list", one(`[]`), "r.io/a", false, nil},
		{"auths null", one(`{"auths":null}`), "r.io/a", false, nil},
		{"auths a list", one(`{"auths":[]}`), "r.io/a", false, nil},
		{"auths a string", one(`{"auths":"x"}`), "r.io/a", false, nil},
		{"auths twice", one(`{"auths":{"r.io":{"username":"x","password":"y"}},"auths":{"*.io":{"username":"b","password":"b"}}}`), "r.io/a", false, nil},
		{"auths, then null", one(`{"auths":{"r.io":{"username":"x","password":"y"}},"auths":null}`), "r.io/a", false, nil},
		{"a key twice", one(`{"auths":{"r.io":{"username":"x","password":"y"},"r.io":{"username":"z"}}}`), "r.io/a", false, nil},
		{"entry null", one(`{"auths":{"r.io":null}}`), "r.io/a", false, nil},
		{"entry a string", one(`{"auths":{"r.io":"x"}}`), "r.io/a", false, nil},
		{"username a number", one(`{"auths":{"r.io":{"username":1}}}`), "r.io/a", false, nil},
		{"headers of the wrong type", one(`{"auths":{"r.io":{"username":"x","password":"y"}},"HttpHeaders":{"a":1}}`), "r.io/a", false, nil},
		{"trailing text", one(`{"auths":{"r.io":{"username":"x","password":"y"}}} x`), "r.io/a", false, nil},
		{"dockercfg", []secret{{Config: true, Text: `{"r.io":{"username":"x","password":"y"}}`}}, "r.io/a", false, nil},
		{"dockercfg in the form of a config.json", []secret{{Config: true, Text: `{"auths":{"r.io":{"username":"x","password":"y"}}}`}}, "r.io/a", false, nil},
		{"config.json in the form of a dockercfg", one(`{"r.io":{"username":"x","password":"y"}}`), "r.io/a", false, nil},
		{"opaque", []secret{{Type: "Opaque", Text: `{"auths":{"r.io":{"username":"x","password":"y"}}}`}}, "r.io/a", false, nil},
		{"the other type's field", []secret{{Config: true, Type: "kubernetes.io/dockerconfigjson", Text: `{"r.io":{"username":"x","password":"y"}}`}}, "r.io/a", false, nil},
		{"one secret is broken", []secret{{Text: `{"auths":{"r.io":{"username":"x","password":"y"}}}`}, {Text: `{`}}, "r.io/a", false, nil},
		{"host is upper case", one(`{"auths":{"R.io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"broken glob", one(`{"auths":{"[.io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"class in a glob", one(`{"auths":{"[qr].io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"IPv6", one(`{"auths":{"[::1]:5000":{"username":"x","password":"y"}}}`), "[::1]:5000/a", false, nil},
		{"user in the key", one(`{"auths":{"me@r.io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"query in the key", one(`{"auths":{"r.io?x":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"escaped path", one(`{"auths":{"r.io/%61":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"escaped glob", one(`{"auths":{"r.io/a%2A":{"username":"x","password":"y"}}}`), "r.io/a*", false, nil},
		{"control character", one(`{"auths":{"r.io\n":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"another scheme", one(`{"auths":{"ftp://r.io":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"empty key", one(`{"auths":{"":{"username":"x","password":"y"}}}`), "r.io/a", false, nil},
		{"empty key, Docker Hub", one(`{"auths":{"":{"username":"x","password":"y"}}}`), "docker.io/library/a", false, nil},
	}
}

// drawn are questions made of parts that matter, always the same.
func drawn() []question {
	keys := []string{
		"r.io", "https://r.io", "http://r.io", "r.io/", "r.io/v1/", "https://r.io/v2/", "https://r.io/v2", "r.io/v2/team", "r.io/team",
		"r.io/team/", "r.io/team/app", "r.io/te", "r.io:5000", "r.io:5000/team", "*.io", "*.io:5000", "*.r.io", "a.r.io", "*.*.io", "*",
		"r.*", "?.io", "a*.r.io", "docker.io", "https://docker.io", "index.docker.io", "https://index.docker.io/v1/",
		"https://index.docker.io/v1", "index.docker.io/library", "docker.io/library", "*.docker.io", "registry-1.docker.io", "localhost:5000", "localhost",
	}
	repositories := []string{
		"r.io/team/app", "r.io/teammate", "r.io/app", "r.io:5000/team/app", "a.r.io/team/app", "ab.r.io/x", "docker.io/library/web", "docker.io/team/web",
		"localhost:5000/web", "localhost/web", "q.io/x", "quay.io/r.io/x",
	}
	random := rand.New(rand.NewPCG(1, 2))
	var out []question
	for range 250 {
		q := question{Repository: repositories[random.IntN(len(repositories))]}
		for i := range 1 + random.IntN(3) {
			// The order of keys that say the same is chance within one secret.
			said := map[string]bool{}
			entries := map[string]map[string]string{}
			for range 1 + random.IntN(8) {
				key := keys[random.IntN(len(keys))]
				kept := &credentialprovider.BasicDockerKeyring{}
				kept.Add(nil, credentialprovider.DockerConfig{key: {}})
				if name := fmt.Sprintf("%+v", *kept); !said[name] {
					said[name] = true
					entries[key] = map[string]string{"username": key, "password": fmt.Sprint(i)}
				}
			}
			var content any = map[string]any{"auths": entries}
			config := random.IntN(3) == 0
			if config {
				content = entries
			}
			text, err := json.Marshal(content)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			q.Secrets = append(q.Secrets, secret{Config: config, Text: string(text)})
		}
		out = append(out, q)
	}
	return out
}
