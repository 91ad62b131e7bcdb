package responder

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// scannerSaying is a server over TLS, and a client that trusts it.
func scannerSaying(t *testing.T, handler http.HandlerFunc) (*Client, Target) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	config := trusting.TLSClientConfig.Clone()
	config.ServerName = "example.com"
	return NewClient(func() *tls.Config { return config }), Target{Node: "n1", Address: server.Listener.Addr().String()}
}

func TestAsk(t *testing.T) {
	whole, err := json.Marshal(answer(tells("p", "c", 3)))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		status int
		body   string
		want   string // in the error; empty for none
	}{
		{"an answer", 200, string(whole), ""},
		{"no report yet", 503, "no report", "no report yet"},
		{"another version", 200, `{"version":2}`, "answer of version 2, not 1"},
		{"no JSON", 200, `<html>`, "can't be read"},
		{"half of it", 200, string(whole[:40]), "can't be read"},
		{"a redirect", 302, "", "302"},
		{"an error", 500, "", "500"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, target := scannerSaying(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != node.ReportPath {
					t.Errorf("asked for %s", r.URL)
				}
				w.Header().Set("Location", "https://127.0.0.1:1/")
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			})
			a, err := client.Ask(t.Context(), target)
			switch {
			case test.want == "" && (err != nil || len(a.Containers) != 1):
				t.Errorf("%+v, %v", a, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v", err)
			}
		})
	}
}

// TestAskWithoutCertificate: nothing is asked before there is one.
func TestAskWithoutCertificate(t *testing.T) {
	client := NewClient(func() *tls.Config { return nil })
	if _, err := client.Ask(t.Context(), Target{Address: "127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "no certificate yet") {
		t.Errorf("%v", err)
	}
}

// TestAskBigAnswers: two nodes that send without end take their share of
// memory, a third one waits, and small answers pass them.
func TestAskBigAnswers(t *testing.T) {
	client, target := scannerSaying(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Small") != "" {
			_, _ = fmt.Fprint(w, `{"version":1}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"version":1,"containers":[`)
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<16)); err != nil {
				return
			}
		}
	})
	for range bigAnswers {
		client.big <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := client.Ask(ctx, target); err == nil || ctx.Err() == nil {
		t.Errorf("a third big answer did not wait: %v", err)
	}
	for range bigAnswers {
		<-client.big
	}
	if _, err := client.Ask(t.Context(), target); err == nil || !strings.Contains(err.Error(), "can't be read") {
		t.Errorf("an answer without end: %v", err)
	}
	if len(client.big) != 0 {
		t.Error("its place is not free again")
	}
}

// TestDecodeTakesLittle: an answer takes no more memory than a few times its
// bytes, whatever it is made of.
func TestDecodeTakesLittle(t *testing.T) {
	many := func(before, one, after string) string {
		return before + strings.Repeat(one+",", (4<<20)/len(one)) + one + after
	}
	for name, text := range map[string]string{
		"containers":       many(`{"version":1,"containers":[`, `{}`, `]}`),
		"null containers":  many(`{"version":1,"containers":[`, `null`, `]}`),
		"groups":           many(`{"version":1,"containers":[{"pod":"p","groups":[`, `{}`, `]}]}`),
		"children":         many(`{"version":1,"containers":[{"groups":[{"children":{`, `"a":1`, `}}]}]}`),
		"pods":             many(`{"version":1,"pods":{`, `"a":{}`, `}}`),
		"what nobody asks": many(`{"version":1,"others":[`, `[]`, `]}`),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := decode(strings.NewReader(text))
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), "than a node tells") {
				t.Errorf("read: %v", err)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 128 {
				t.Errorf("%d MiB for an answer of %d", took, len(text)>>20)
			}
		})
	}
}

// TestDecodeTheMost: the largest answer that a scanner makes is read.
func TestDecodeTheMost(t *testing.T) {
	report := scanner.Report{Pods: map[string]scanner.PIDs{}}
	for i := range 1200 {
		pod := fmt.Sprint("pod-", i)
		f := scanner.Findings{Container: scanner.Container{Pod: pod, ID: strings.Repeat("a", 64)}, Zombies: 1000}
		for range 8 {
			g := scanner.Group{Cause: scanner.PID1NotReaping, Parent: scanner.Parent{Comm: strings.Repeat("p", 15)}, PerHour: new(1.5)}
			for j := range 16 {
				g.Children.Names = append(g.Children.Names, scanner.Name{Comm: fmt.Sprintf("\x01\x02\x03\x04\x05\x06%d", j), Count: 9})
			}
			f.Groups = append(f.Groups, g)
		}
		report.Containers = append(report.Containers, f)
		report.Pods[pod] = scanner.PIDs{Used: 9, PerHour: new(2.5), Early: true}
	}
	text, err := json.Marshal(node.NewAnswer(report, time.Second, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := decode(bytes.NewReader(text)); err != nil || len(a.Containers) == 0 || len(a.Containers)+a.OtherContainers != 1200 {
		t.Errorf("%d MiB: %d containers, %v", len(text)>>20, len(a.Containers), err)
	}
}

// FuzzDecode: no answer stops the responder.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version":1,"containers":[{"pod":"p"}],"pods":{"p":{"pidsUsed":4}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if a, err := decode(strings.NewReader(string(text))); err == nil && a.Version != node.Version {
			t.Errorf("%+v", a)
		}
	})
}

func TestConfigzLimit(t *testing.T) {
	for text, want := range map[string]int64{
		`{"kubeletconfig":{"podPidsLimit":4096}}`: 4096, `{"kubeletconfig":{"podPidsLimit":-1}}`: 0, `{"kubeletconfig":{}}`: 0, `{}`: 0,
	} {
		if got, err := configzLimit(strings.NewReader(text)); got != want || err != nil {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	if _, err := configzLimit(strings.NewReader("<html>")); err == nil {
		t.Error("nonsense is a limit")
	}
}

// FuzzConfigz: a kubelet's answer is foreign, too.
func FuzzConfigz(f *testing.F) {
	f.Add([]byte(`{"kubeletconfig":{"podPidsLimit":4096}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if limit, _ := configzLimit(strings.NewReader(string(text))); limit < 0 {
			t.Errorf("%d", limit)
		}
	})
}

func TestKubeletLimits(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/api/v1/nodes/n1/proxy/configz" {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprint(w, `{"kubeletconfig":{"podPidsLimit":6000}}`)
	}))
	defer server.Close()
	limits := NewKubeletLimits(server.URL, server.Client(), quiet())
	for range 2 {
		if n := limits.Of(t.Context(), "n1"); n != 6000 {
			t.Errorf("n1: %d", n)
		}
		if n := limits.Of(t.Context(), "n2"); n != 0 {
			t.Errorf("n2: %d", n)
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
