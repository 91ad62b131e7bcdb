package certs

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cert-manager/cert-manager/pkg/util/pki"
)

var hosts = []string{"initguard-webhook.initguard-system.svc", "127.0.0.1"}

// made is the Secret's data as it is made at a time.
func made(t *testing.T, l Lifetimes, at time.Time) map[string][]byte {
	t.Helper()
	data, err := l.renew(renewCA, material{}, hosts, at)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestPlan: what is in the Secret, at which time, and what is to be done.
func TestPlan(t *testing.T) {
	const day = 24 * time.Hour
	l := DefaultLifetimes()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	good, other := made(t, l, start), made(t, l, start)
	with := func(changes map[string][]byte) map[string][]byte {
		data := map[string][]byte{}
		for key, value := range good {
			data[key] = value
		}
		for key, value := range changes {
			data[key] = value
		}
		return data
	}
	tests := []struct {
		name  string
		data  map[string][]byte
		hosts []string
		after time.Duration
		want  step
		why   string
	}{
		{"new", good, hosts, 0, keep, ""},
		{"after some weeks", good, hosts, 59 * day, keep, ""},
		{"a third is left", good, hosts, 61 * day, renewServing, "the certificate expires at 2026-04-01"},
		{"it has expired", good, hosts, 100 * day, renewServing, "expires"},
		{"a third of the authority is left", good, hosts, 250 * day, renewCA, "the authority expires at 2027-01-01"},
		{"a clock that goes wrong", good, hosts, -day, renewCA, "not valid yet"},
		{"empty", nil, hosts, 0, renewCA, "it is empty"},
		{"other names", good, []string{"other.svc"}, 0, renewServing, "other names"},
		{"another's pair", with(map[string][]byte{CertFile: other[CertFile], KeyFile: other[KeyFile]}), hosts, 0, renewServing, "another authority"},
		{"a key of another", with(map[string][]byte{KeyFile: other[KeyFile]}), hosts, 0, renewServing, "tls.crt and tls.key"},
		{"no pair", with(map[string][]byte{CertFile: nil, KeyFile: nil}), hosts, 0, renewServing, "tls.crt and tls.key"},
		{"an authority's key of another", with(map[string][]byte{caKeyKey: other[caKeyKey]}), hosts, 0, renewCA, "ca.key is not the key of ca.crt"},
		{"garbage", with(map[string][]byte{caCertKey: []byte("x")}), hosts, 0, renewCA, "ca.crt"},
		{"an authority that is none", with(map[string][]byte{caCertKey: good[CertFile], caKeyKey: good[KeyFile]}), hosts, 0, renewCA, "no authority"},
	}
	for _, test := range tests {
		m, problem := readMaterial(test.data)
		got, why := l.plan(m, problem, test.hosts, start.Add(test.after))
		if got != test.want || !strings.Contains(why, test.why) {
			t.Errorf("%s: step %d because %q, want %d because %q", test.name, got, why, test.want, test.why)
		}
	}
}

// TestRenewKeeps: what is renewed needs nothing more at that time, and a renewed
// certificate is of the same authority.
func TestRenewKeeps(t *testing.T) {
	l := DefaultLifetimes()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	data := made(t, l, now)
	authorities := map[string]int{}
	for range 800 { // days
		m, problem := readMaterial(data)
		if todo, _ := l.plan(m, problem, hosts, now); todo != keep {
			var err error
			if data, err = l.renew(todo, m, hosts, now); err != nil {
				t.Fatal(err)
			}
			if m, problem = readMaterial(data); problem != nil {
				t.Fatal(problem)
			}
			if todo, why := l.plan(m, problem, hosts, now); todo != keep {
				t.Fatalf("%s: renewed, and step %d again: %s", now, todo, why)
			}
		}
		authorities[m.ca.cert.Subject.CommonName]++
		if m.leaf.NotAfter.Before(now.Add(l.Serving/4)) || m.leaf.NotAfter.After(m.ca.cert.NotAfter) {
			t.Fatalf("%s: valid until %s, its authority until %s", now, m.leaf.NotAfter, m.ca.cert.NotAfter)
		}
		now = now.Add(24 * time.Hour)
	}
	if len(authorities) != 4 {
		t.Errorf("authorities and their days: %v, want one for each 244 days", authorities)
	}
}

// TestBundle: the former authorities stay for the time of the overlap.
func TestBundle(t *testing.T) {
	l := DefaultLifetimes()
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	read := func(at time.Duration) *CA {
		m, err := readMaterial(made(t, l, now.Add(at)))
		if err != nil {
			t.Fatal(err)
		}
		return m.ca
	}
	current, former, expired := read(0), read(-100*24*time.Hour), read(-400*24*time.Hour)
	var many [][]byte
	for range 20 {
		many = append(many, read(-time.Hour).pem)
	}
	tests := []struct {
		name   string
		before []byte
		at     time.Duration
		want   int
	}{
		{"nothing before", nil, 0, 1},
		{"itself", current.pem, 0, 1},
		{"the former", former.pem, 0, 2},
		{"the former, at the end of the overlap", former.pem, 59 * time.Minute, 2},
		{"the former, later", former.pem, 2 * time.Hour, 1},
		{"one that expired", slices.Concat(expired.pem, former.pem), 0, 2},
		{"garbage", []byte("x"), 0, 1},
		{"many", slices.Concat(many...), 0, maxTrusted},
	}
	for _, test := range tests {
		got := l.bundle(current, test.before, now.Add(test.at))
		certs, err := pki.DecodeX509CertificateSetBytes(got)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if len(certs) != test.want || !certs[0].Equal(current.cert) {
			t.Errorf("%s: %d authorities, want %d, the current one first", test.name, len(certs), test.want)
		}
		if again := l.bundle(current, got, now.Add(test.at)); !bytes.Equal(again, got) {
			t.Errorf("%s: not the same a second time", test.name)
		}
	}
}

// TestReadMaterialEmpty tells a Secret that nobody filled yet from a broken one.
func TestReadMaterialEmpty(t *testing.T) {
	if _, err := readMaterial(nil); !errors.Is(err, errEmpty) {
		t.Errorf("got %v", err)
	}
}

// FuzzReadMaterial: whatever somebody put into the Secret, it is a pair or an
// error.
func FuzzReadMaterial(f *testing.F) {
	data, err := DefaultLifetimes().renew(renewCA, material{}, hosts, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[caCertKey], data[caKeyKey], data[CertFile], data[KeyFile])
	f.Fuzz(func(t *testing.T, caCert, caKey, cert, key []byte) {
		m, err := readMaterial(map[string][]byte{caCertKey: caCert, caKeyKey: caKey, CertFile: cert, KeyFile: key})
		if err == nil && (m.ca == nil || m.leaf == nil || m.served == nil) {
			t.Error("half of it, and no error")
		}
	})
}
