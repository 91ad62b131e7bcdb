package mirrors

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/initguard/initguard/imageinspect/mirror"
)

// safeLog is a log that many may write.
type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(line + "\n")
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestStateLeavesOut: what can't be followed is left out and said, and never
// makes a rule wider.
func TestStateLeavesOut(t *testing.T) {
	r := read{
		sets: []mirror.Set{
			{Source: "quay.io", Mirrors: []string{"m.example.com"}, Pull: mirror.DigestOnly},
			{Source: "quay.io", Mirrors: []string{"https://m.example.com"}, Pull: mirror.DigestOnly},
			{Source: "Quay.io", Mirrors: []string{"m.example.com"}, Pull: mirror.DigestOnly},
		},
		image: &imageConfig{allowed: []string{"nowhere"}, blocked: []string{"*", "evil.example.com"}},
		cas:   map[string]string{"a.example.com": "text"},
	}
	s, notes := r.state()
	if len(s.Rules.Sources) != 1 || len(s.Rules.Sources[0].Mirrors) != 1 || len(s.CAs) != 0 || len(notes) != 5 {
		t.Errorf("%+v, notes %q", s.Rules, notes)
	}
	if _, err := s.Rules.Endpoints(mirror.Reference{Host: "quay.io", Repository: "a", Tag: "1"}); err == nil {
		t.Error("a list of allowed registries with no good entry allows all")
	}
}

// FuzzObjects: whatever an object holds, reading it ends and gives rules that
// hold.
func FuzzObjects(f *testing.F) {
	f.Add(`{"metadata":{"name":"cluster"},"spec":{"registrySources":{"allowedRegistries":["quay.io",1],"blockedRegistries":"x"},"additionalTrustedCA":{"name":5}}}`)
	f.Add(`{"spec":{"imageDigestMirrors":[{"source":"quay.io","mirrors":["m.example.com"],"mirrorSourcePolicy":"NeverContactSource"},7,{"source":{}}]}}`)
	f.Add(`{"spec":[]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var content map[string]any
		if json.Unmarshal([]byte(text), &content) != nil {
			return
		}
		var r read
		for _, k := range kinds() {
			r.add(k, &unstructured.Unstructured{Object: content})
		}
		s, _ := r.state()
		for _, source := range s.Rules.Sources {
			if err := mirror.CheckScope(source.Prefix); err != nil {
				t.Errorf("source %q %v", source.Prefix, err)
			}
		}
		if r.image != nil && len(r.image.allowed) > 0 && s.Rules.Allowed == nil {
			t.Error("a list of allowed registries was lost")
		}
	})
}
