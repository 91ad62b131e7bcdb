package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr/funcr"

	"github.com/initguard/initguard/cluster/mirrors"
	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/imageinspect/mirror"
	"github.com/initguard/initguard/imageinspect/registry"
	"github.com/initguard/initguard/webhook/config"
)

func parsed(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("test.yaml", []byte("apiVersion: config.initguard.dev/v1alpha1\nkind: InitguardConfig\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entryOf is the entry of a host.
func entryOf(n *network, host string) registry.Registry {
	for _, r := range n.registries() {
		if r.Host == host {
			return r
		}
	}
	return registry.Registry{}
}

// TestNetworkFollowsTheFile: CAs are read again when their file changes, and a
// file that is gone or bad takes nothing away.
func TestNetworkFollowsTheFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	c := parsed(t, "registries: [{host: a.example.com, caFile: "+file+"}]\n")
	var log []string
	n := newNetwork(func() *config.Config { return c }, funcr.New(func(_, args string) { log = append(log, args) }, funcr.Options{}))
	if got := entryOf(n, "a.example.com"); got.CAs != nil {
		t.Errorf("CAs of no file: %q", got.CAs)
	}
	n.refresh()
	if len(log) != 1 || !strings.Contains(log[0], "a.example.com") {
		t.Errorf("a file that is not there was told as %q, want once", log)
	}
	for _, text := range []string{"one", "two"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		n.refresh()
		if got := entryOf(n, "a.example.com"); string(got.CAs) != text {
			t.Errorf("CAs %q, want %q", got.CAs, text)
		}
	}
	before := n.rules()
	n.refresh()
	if n.rules() != before {
		t.Error("made anew though nothing changed")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	n.refresh()
	if got := entryOf(n, "a.example.com"); string(got.CAs) != "two" {
		t.Errorf("CAs %q after the file went, want the former", got.CAs)
	}
	if err := os.WriteFile(file, make([]byte, maxCABytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	n.refresh()
	if got := entryOf(n, "a.example.com"); string(got.CAs) != "two" {
		t.Errorf("%d bytes of CAs, want the former", len(got.CAs))
	}
	c = parsed(t, "registries: [{host: a.example.com}]\n")
	if got := entryOf(n, "a.example.com"); got.CAs != nil {
		t.Errorf("CAs %q, though the configuration names none", got.CAs)
	}
}

// TestNetworkPutsTheFileOverTheCluster, and keeps what only one of them says.
func TestNetworkPutsTheFileOverTheCluster(t *testing.T) {
	ca := string(imagetest.New(t, imagetest.Options{TLS: true}).CA())
	inline := "\n    " + strings.ReplaceAll(ca, "\n", "\n    ")
	c := parsed(t, `
registries:
- host: file.example.com
  ca: |`+inline+`
- host: both.example.com
  shared: true
mirrors: [{source: quay.io, mirrors: [{location: file.example.com}]}]
allowedRegistries: [quay.io]
blockedRegistries: [evil.example.com]
`)
	state := &mirrors.State{
		Rules:        &mirror.Rules{Sources: []mirror.Source{{Prefix: "quay.io", Mirrors: []mirror.Mirror{{Location: "cluster.example.com"}}}}, Insecure: []string{"old.example.com"}},
		CAs:          map[string][]byte{"both.example.com": []byte("cluster"), "file.example.com": []byte("cluster"), "cluster.example.com": []byte("cluster")},
		ImageStreams: true,
	}
	n := newNetwork(func() *config.Config { return c }, funcr.New(func(_, _ string) {}, funcr.Options{}))
	n.cluster = func() *mirrors.State { return state }
	for host, want := range map[string]string{"file.example.com": ca, "both.example.com": "cluster", "cluster.example.com": "cluster"} {
		if got := entryOf(n, host); strings.TrimSpace(string(got.CAs)) != strings.TrimSpace(want) {
			t.Errorf("%s: CAs %q", host, got.CAs)
		}
	}
	if !entryOf(n, "both.example.com").Shared || entryOf(n, "cluster.example.com").Shared {
		t.Error("shared is the file's word alone")
	}
	got, err := n.rules().Endpoints(mirror.Reference{Host: "quay.io", Repository: "a", Tag: "1"})
	if err != nil || got[0].Host != "file.example.com" || !n.rules().IsInsecure("old.example.com", "a") || !n.rules().BlocksHost("evil.example.com") {
		t.Errorf("%v, %v", got, err)
	}
	for text, want := range map[string]bool{"": true, "imageStreams: on\n": true, "imageStreams: off\n": false} {
		c = parsed(t, text)
		if n.rules().Short != want {
			t.Errorf("%q: a short name is an ImageStream's: %v", text, !want)
		}
	}
	state = &mirrors.State{Rules: &mirror.Rules{}}
	for text, want := range map[string]bool{"": false, "imageStreams: on\n": true} {
		c = parsed(t, text)
		if n.rules().Short != want {
			t.Errorf("%q without ImageStreams: a short name is one's: %v", text, !want)
		}
	}
}
