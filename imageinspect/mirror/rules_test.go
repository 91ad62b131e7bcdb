package mirror

import (
	"errors"
	"strings"
	"testing"
)

const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// reference reads HOST/REPOSITORY[:TAG][@DIGEST]; a ~ before it says that the
// pod named no registry.
func reference(text string) Reference {
	text, unqualified := strings.CutPrefix(text, "~")
	name, hash, _ := strings.Cut(text, "@")
	name, tag := cutIdentifier(name)
	host, repository, _ := strings.Cut(name, "/")
	return Reference{Host: host, Repository: repository, Tag: strings.TrimPrefix(tag, ":"), Digest: hash, Unqualified: unqualified}
}

// shown writes endpoints as "mirror HOST/REPOSITORY insecure, ...".
func shown(list []Endpoint) string {
	var out []string
	for _, e := range list {
		s := e.Host + "/" + e.Repository
		if e.Mirror {
			s = "mirror " + s
		}
		if e.Insecure {
			s += " insecure"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestEndpoints(t *testing.T) {
	mirrors := func(pull Pull, locations ...string) (out []Mirror) {
		for _, l := range locations {
			out = append(out, Mirror{Location: l, Pull: pull})
		}
		return out
	}
	quay := []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "m1.example.com/quay", "m2.example.com:5000")}}
	for _, tc := range []struct {
		name  string
		rules Rules
		image string
		want  string // "refused ..." where it is asked for nowhere
	}{
		{"no rules", Rules{}, "quay.io/a/b:1", "quay.io/a/b"},
		{"mirrors in order, then the source", Rules{Sources: quay}, "quay.io/a/b:1", "mirror m1.example.com/quay/a/b, mirror m2.example.com:5000/a/b, quay.io/a/b"},
		{"another registry", Rules{Sources: quay}, "ghcr.io/a/b:1", "ghcr.io/a/b"},
		{"another port", Rules{Sources: quay}, "quay.io:8443/a/b:1", "quay.io:8443/a/b"},
		{"part of a name is no prefix", Rules{Sources: []Source{{Prefix: "quay.io/a", Mirrors: mirrors(All, "m.example.com/x")}}}, "quay.io/ab/c:1", "quay.io/ab/c"},
		{"one repository", Rules{Sources: []Source{{Prefix: "quay.io/a/b", Mirrors: mirrors(All, "m.example.com/x")}}}, "quay.io/a/b:1", "mirror m.example.com/x, quay.io/a/b"},
		{"only the longest prefix counts", Rules{Sources: append([]Source{{Prefix: "quay.io/a", Mirrors: mirrors(All, "long.example.com/a")}}, quay...)}, "quay.io/a/b:1", "mirror long.example.com/a/b, quay.io/a/b"},
		{"digest-only, by digest", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(DigestOnly, "m.example.com")}}}, "quay.io/a@" + digest, "mirror m.example.com/a, quay.io/a"},
		{"digest-only, by tag and digest", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(DigestOnly, "m.example.com")}}}, "quay.io/a:1@" + digest, "mirror m.example.com/a, quay.io/a"},
		{"digest-only, by tag", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(DigestOnly, "m.example.com")}}}, "quay.io/a:1", "quay.io/a"},
		{"tag-only, by tag", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(TagOnly, "m.example.com")}}}, "quay.io/a:1", "mirror m.example.com/a, quay.io/a"},
		{"tag-only, by digest", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(TagOnly, "m.example.com")}}}, "quay.io/a@" + digest, "quay.io/a"},
		{"never the source", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "m.example.com"), Never: true}}}, "quay.io/a:1", "mirror m.example.com/a"},
		{"never the source, and no mirror for a tag", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(DigestOnly, "m.example.com"), Never: true}}}, "quay.io/a:1", "refused of quay.io no mirror may be asked for an image by tag, and the source itself must not be asked"},
		{"a mirror that must not be asked as a source", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "b.example.com", "c.example.com")}, {Prefix: "b.example.com", Mirrors: mirrors(All, "d.example.com"), Never: true}}}, "quay.io/a:1", "mirror c.example.com/a, quay.io/a"},
		{"mirrors of a mirror aren't followed", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "b.example.com")}, {Prefix: "b.example.com", Mirrors: mirrors(All, "d.example.com")}}}, "quay.io/a:1", "mirror b.example.com/a, quay.io/a"},
		{"elsewhere", Rules{Sources: []Source{{Prefix: "example.com/foo", Location: "internal.example.net/bar"}}}, "example.com/foo/image:1", "internal.example.net/bar/image"},
		{"the source among its mirrors", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "quay.io", "m.example.com")}}}, "quay.io/a/b:1", "mirror m.example.com/a/b, quay.io/a/b"},
		{"a location without a repository", Rules{Sources: []Source{{Prefix: "quay.io/a", Mirrors: mirrors(All, "m.example.com")}}}, "quay.io/a:1", "quay.io/a"},
		{"wildcard", Rules{Sources: []Source{{Prefix: "*.example.com", Mirrors: mirrors(All, "m.example.net/all")}}}, "a.b.example.com:5000/x/y:1", "mirror m.example.net/all/x/y, a.b.example.com:5000/x/y"},
		{"wildcard is not the domain itself", Rules{Sources: []Source{{Prefix: "*.example.com", Mirrors: mirrors(All, "m.example.net")}}}, "example.com/x:1", "example.com/x"},
		{"wildcard is not any end", Rules{Sources: []Source{{Prefix: "*.example.com", Mirrors: mirrors(All, "m.example.net")}}}, "badexample.com/x:1", "badexample.com/x"},
		{"wildcard does not look into paths", Rules{Sources: []Source{{Prefix: "*.example.com", Mirrors: mirrors(All, "m.example.net")}}}, "quay.io/a.example.com/x:1", "quay.io/a.example.com/x"},
		{"wildcard goes before an exact name of the same length", Rules{Sources: []Source{{Prefix: "a.example.com", Mirrors: mirrors(All, "exact.example.net")}, {Prefix: "*.example.com", Mirrors: mirrors(All, "wild.example.net")}}}, "a.example.com/x:1", "mirror wild.example.net/x, a.example.com/x"},
		{"a longer exact name goes before a wildcard", Rules{Sources: []Source{{Prefix: "*.example.com", Mirrors: mirrors(All, "wild.example.net")}, {Prefix: "ab.example.com", Mirrors: mirrors(All, "exact.example.net")}}}, "ab.example.com/x:1", "mirror exact.example.net/x, ab.example.com/x"},
		{"Docker Hub by any name", Rules{Sources: []Source{{Prefix: "docker.io", Mirrors: mirrors(All, "m.example.com/hub")}}}, "index.docker.io/library/nginx:1", "mirror m.example.com/hub/library/nginx, docker.io/library/nginx"},
		{"Docker Hub as a mirror", Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: mirrors(All, "docker.io")}}}, "quay.io/nginx:1", "mirror docker.io/library/nginx, quay.io/nginx"},
		{"an insecure mirror", Rules{Sources: quay, Insecure: []string{"m2.example.com:5000"}}, "quay.io/a:1", "mirror m1.example.com/quay/a, mirror m2.example.com:5000/a insecure, quay.io/a"},
		{"an insecure folder", Rules{Insecure: []string{"quay.io/a"}}, "quay.io/a/b:1", "quay.io/a/b insecure"},
		{"not an insecure folder", Rules{Insecure: []string{"quay.io/a"}}, "quay.io/ab:1", "quay.io/ab"},

		{"allowed", Rules{Allowed: [][]string{{"quay.io/a"}}}, "quay.io/a/b:1", "quay.io/a/b"},
		{"allowed, but for its mirror, which nobody names", Rules{Allowed: [][]string{{"quay.io"}}, Sources: quay}, "quay.io/a:1", "mirror m1.example.com/quay/a, mirror m2.example.com:5000/a, quay.io/a"},
		{"not allowed", Rules{Allowed: [][]string{{"quay.io/a"}}}, "quay.io/b:1", "refused no entry of the allowed registries holds it"},
		{"another port is not allowed", Rules{Allowed: [][]string{{"quay.io"}}}, "quay.io:1/b:1", "refused no entry of the allowed registries holds it"},
		{"an empty list allows nothing", Rules{Allowed: [][]string{{}}}, "quay.io/b:1", "refused no entry of the allowed registries holds it"},
		{"a list that isn't set allows all", Rules{Allowed: [][]string{nil}}, "quay.io/b:1", "quay.io/b"},
		{"two lists have to allow it", Rules{Allowed: [][]string{{"quay.io"}, {"ghcr.io"}}}, "quay.io/b:1", "refused no entry of the allowed registries holds it"},
		{"allowed tag", Rules{Allowed: [][]string{{"quay.io/a:1"}}}, "quay.io/a:1", "quay.io/a"},
		{"another tag is not allowed", Rules{Allowed: [][]string{{"quay.io/a:1"}}}, "quay.io/a:2", "refused no entry of the allowed registries holds it"},
		{"a tag beside a digest is not the image", Rules{Allowed: [][]string{{"quay.io/a:1"}}}, "quay.io/a:1@" + digest, "refused no entry of the allowed registries holds it"},
		{"allowed digest", Rules{Allowed: [][]string{{"quay.io/a@" + digest}}}, "quay.io/a@" + digest, "quay.io/a"},
		{"allowed below a domain", Rules{Allowed: [][]string{{"*.example.com"}}}, "r.example.com/a:1", "r.example.com/a"},
		{"blocked", Rules{Blocked: []string{"quay.io"}}, "quay.io/a:1", "refused the blocked registries hold quay.io"},
		{"blocked on any port", Rules{Blocked: []string{"quay.io/a"}}, "quay.io:5000/a/b:1", "refused the blocked registries hold quay.io/a"},
		{"blocked, though it has mirrors", Rules{Sources: quay, Blocked: []string{"quay.io"}}, "quay.io/a:1", "refused the blocked registries hold quay.io"},
		{"blocked mirror", Rules{Sources: quay, Blocked: []string{"m1.example.com"}}, "quay.io/a:1", "mirror m2.example.com:5000/a, quay.io/a"},
		{"blocked tag", Rules{Blocked: []string{"quay.io/a:1"}}, "quay.io/a:1", "refused the blocked registries hold quay.io/a:1"},
		{"not the blocked tag", Rules{Blocked: []string{"quay.io/a:1"}}, "quay.io/a:2", "quay.io/a"},
		{"blocked below a domain", Rules{Blocked: []string{"*.example.com"}}, "r.example.com:1/a:1", "refused the blocked registries hold *.example.com"},
		{"blocked location", Rules{Sources: []Source{{Prefix: "a.example.com", Location: "b.example.com"}}, Blocked: []string{"b.example.com"}}, "a.example.com/x:1", "refused of a.example.com no mirror may be asked for an image by tag, and the source itself must not be asked"},

		{"an ImageStream's name", Rules{Short: true}, "~docker.io/library/app:1", "refused the name has neither a registry nor a folder: on OpenShift it is an ImageStream's, which was not resolved"},
		{"an ImageStream's name, though registries are searched", Rules{Short: true, Search: []string{"quay.io"}}, "~docker.io/library/app:1", "refused the name has neither a registry nor a folder: on OpenShift it is an ImageStream's, which was not resolved"},
		{"a short name that names its registry", Rules{Short: true}, "docker.io/library/app:1", "docker.io/library/app"},
		{"searched", Rules{Search: []string{"registry.example.com", "docker.io"}}, "~docker.io/team/app:1", "registry.example.com/team/app, docker.io/team/app"},
		{"a short name searched", Rules{Search: []string{"registry.example.com", "docker.io"}}, "~docker.io/library/app:1", "registry.example.com/app, docker.io/library/app"},
		{"searched where it is blocked", Rules{Search: []string{"registry.example.com", "docker.io"}, Blocked: []string{"registry.example.com"}}, "~docker.io/team/app:1", "docker.io/team/app"},
		{"searched where all is blocked", Rules{Search: []string{"registry.example.com"}, Blocked: []string{"registry.example.com"}}, "~docker.io/team/app:1", "refused the blocked registries hold registry.example.com"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.rules.Endpoints(reference(tc.image))
			text := shown(got)
			if refused := (*Refused)(nil); errors.As(err, &refused) {
				text = "refused " + refused.Error()
				if refused.ImageStream != strings.Contains(refused.Why, "ImageStream") {
					t.Errorf("ImageStream = %v: %s", refused.ImageStream, refused.Why)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if text != tc.want {
				t.Errorf("got  %s\nwant %s", text, tc.want)
			}
		})
	}
}

func TestEndpointsAreBounded(t *testing.T) {
	s := Source{Prefix: "quay.io"}
	for i := range 100 {
		s.Mirrors = append(s.Mirrors, Mirror{Location: "m.example.com/" + strings.Repeat("a", i+1)})
	}
	got, err := (&Rules{Sources: []Source{s}}).Endpoints(reference("quay.io/x:1"))
	if err != nil || len(got) != maxEndpoints {
		t.Errorf("%d endpoints (%v), want %d", len(got), err, maxEndpoints)
	}
}

func TestHosts(t *testing.T) {
	r := Rules{
		Blocked:  []string{"evil.example.com", "*.bad.example.com", "quay.io/folder"},
		Insecure: []string{"old.example.com:5000", "*.lab.example.com", "quay.io/folder"},
		Sources:  []Source{{Prefix: "quay.io", Location: "inner.example.com/q", Mirrors: []Mirror{{Location: "m.example.com:5000/x"}}}},
	}
	for _, tc := range []struct {
		host                     string
		blocked, insecure, named bool
	}{
		{"evil.example.com", true, false, false},
		{"EVIL.example.com:8080", true, false, false},
		{"a.bad.example.com:1", true, false, false},
		{"bad.example.com", false, false, false},
		{"quay.io", false, false, false},
		{"old.example.com:5000", false, true, false},
		{"old.example.com", false, false, false},
		{"x.lab.example.com", false, true, false},
		{"m.example.com:5000", false, false, true},
		{"m.example.com", false, false, false},
		{"inner.example.com", false, false, true},
	} {
		if b, i, n := r.BlocksHost(tc.host), r.IsInsecure(tc.host, ""), r.Names(tc.host); b != tc.blocked || i != tc.insecure || n != tc.named {
			t.Errorf("%s: blocked %v, insecure %v, named %v; want %v, %v, %v", tc.host, b, i, n, tc.blocked, tc.insecure, tc.named)
		}
	}
}

func TestOver(t *testing.T) {
	file := Rules{Sources: []Source{{Prefix: "quay.io", Mirrors: []Mirror{{Location: "file.example.com"}}}}, Allowed: [][]string{{"quay.io", "ghcr.io"}}, Blocked: []string{"a.example.com"}}
	cluster := Rules{
		Sources: []Source{{Prefix: "quay.io", Mirrors: []Mirror{{Location: "cluster.example.com"}}}, {Prefix: "ghcr.io", Mirrors: []Mirror{{Location: "cluster.example.com/g"}}}},
		Allowed: [][]string{{"quay.io"}}, Blocked: []string{"b.example.com"}, Search: []string{"quay.io"}, Short: true,
	}
	both := file.Over(&cluster)
	for image, want := range map[string]string{
		"quay.io/a:1":        "mirror file.example.com/a, quay.io/a",
		"ghcr.io/a:1":        "",
		"a.example.com/a:1":  "",
		"b.example.com/a:1":  "",
		"~docker.io/a/b:1":   "mirror file.example.com/a/b, quay.io/a/b",
		"~docker.io/app:1":   "",
		"docker.io/team/a:1": "",
	} {
		got, err := both.Endpoints(reference(image))
		if shown(got) != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s (%v), want %s", image, shown(got), err, want)
		}
	}
	if len(file.Sources) != 1 || len(cluster.Sources) != 2 {
		t.Error("Over changed what it was given")
	}
}

func TestChecks(t *testing.T) {
	for text, want := range map[string]string{ // "" is good
		"quay.io":                         "",
		"quay.io:8443/a/b_c/d-e":          "",
		"localhost/a":                     "",
		"[2001:db8::1]:5000/a":            "",
		"*.example.com":                   "",
		"quay.io/a:v1":                    "",
		"quay.io/a@" + digest:             "",
		"quay.io:8443":                    "",
		"":                                "has no registry's name",
		"quay":                            "would be a repository of Docker Hub",
		"https://quay.io":                 "scheme",
		"quay.io/":                        "has no repository",
		"quay.io/A":                       "has no repository",
		"quay.io/a//b":                    "has no repository",
		"quay.io:0/a":                     "port from 1 to 65535",
		"quay.io:http/a":                  "port from 1 to 65535",
		"Quay.io":                         "lower case",
		"*":                               "may hold a *",
		"*.":                              "must be *. and a domain",
		"*.example.com/a":                 "must be *. and a domain",
		"*.example.com:5000":              "must be *. and a domain",
		"quay.*":                          "may hold a *",
		"quay.io/a:":                      "neither a tag nor a digest",
		"quay.io/a@sha256:12":             "neither a tag nor a digest",
		"[::1/a":                          "IPv6",
		"[fe80::1%25eth0]:1/a":            "IPv6",
		"a.b/" + strings.Repeat("a", 300): "has no repository",
	} {
		err := CheckImage(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("CheckImage(%q) = %v, want %q", text, err, want)
		}
	}
	if CheckScope("quay.io/a:v1") == nil || CheckLocation("*.example.com") == nil {
		t.Error("a tag or a wildcard was taken where none may be")
	}
}
