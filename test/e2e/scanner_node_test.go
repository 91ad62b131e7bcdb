//go:build e2e

package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect/imagetest"
	"github.com/initguard/initguard/scanner/node"
	"github.com/initguard/initguard/test/e2e/podproc"
	"github.com/initguard/initguard/test/images"
	"github.com/initguard/initguard/test/selfsigned"
)

const (
	nodeNamespace = "initguard-node"
	// responderName is the name that the manifest lets in.
	responderName = "initguard-responder"
	// scannerUID is the manifest's.
	scannerUID = "64532"
)

// TestScannerOnNode runs the DaemonSet of the manifests: without capabilities
// and without a token it has to tell a pod's zombies, to the responder alone,
// and forget them with the pod.
func TestScannerOnNode(t *testing.T) {
	t.Parallel()
	responder, err := shared.scanner()
	if err != nil {
		t.Fatal(err)
	}
	address := shared.scannerAddress(t)
	for name, check := range map[string]func(*testing.T){
		"privileges": checkPrivileges,
		"strangers":  func(t *testing.T) { checkStrangers(t, address, responder) },
		"report":     func(t *testing.T) { checkReport(t, address, responder) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t)
		})
	}
}

// scannerAddress waits until the scanner is ready and returns where it serves.
func (e *env) scannerAddress(t *testing.T) string {
	t.Helper()
	var ip string
	await(t, readyMost, "the scanner is ready", func() (bool, string) {
		out, err := e.cluster.Kubectl(t.Context(), "-n", nodeNamespace, "get", "pods", "-o", "json").Output()
		if err != nil {
			return false, err.Error()
		}
		var pods struct {
			Items []struct {
				Status struct {
					PodIP             string
					ContainerStatuses []struct {
						Ready bool
						State any
					}
				}
			}
		}
		if err := json.Unmarshal(out, &pods); err != nil || len(pods.Items) != 1 || len(pods.Items[0].Status.ContainerStatuses) != 1 {
			return false, fmt.Sprintf("%v: %d pods", err, len(pods.Items))
		}
		status := pods.Items[0].Status
		ip = status.PodIP
		return status.ContainerStatuses[0].Ready, fmt.Sprint(status.ContainerStatuses[0].State)
	})
	return "https://" + ip + ":8443" + node.ReportPath
}

// checkPrivileges looks at the scanner's process and what is mounted for it.
func checkPrivileges(t *testing.T) {
	t.Helper()
	all, err := podproc.Read()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for pid, p := range all {
		groups, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		if p.Name != "initguard-scann" || err != nil || !contains(groups, shared.cluster.Node.Cgroup) {
			continue // the kernel cuts names, and another node may run beside this one
		}
		found = true
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			"Uid:\t" + strings.Repeat(scannerUID+"\t", 3) + scannerUID, "NoNewPrivs:\t1", "Seccomp:\t2",
			"CapInh:\t0000000000000000", "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "CapAmb:\t0000000000000000",
		} {
			if !contains(status, "\n"+line+"\n") {
				t.Errorf("its status lacks %q:\n%s", line, status)
			}
		}
		mounts, err := os.ReadFile(fmt.Sprintf("/proc/%d/mountinfo", pid))
		if err != nil {
			t.Fatal(err)
		}
		if contains(mounts, "serviceaccount") || !contains(mounts, "/etc/initguard/tls") {
			t.Errorf("a token is mounted, or no certificate:\n%s", mounts)
		}
	}
	if !found {
		t.Error("no process of the scanner")
	}
}

// get asks the scanner with a connection of its own.
func get(ctx context.Context, address string, server tls.Certificate, show ...tls.Certificate) (node.Answer, error) {
	pool := x509.NewCertPool()
	pool.AddCert(server.Leaf)
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, ServerName: responderName, Certificates: show,
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return node.Answer{}, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return node.Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var answer node.Answer
	text, err := io.ReadAll(io.LimitReader(response.Body, node.MaxAnswer))
	if err != nil {
		return answer, err
	}
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("%s: %s", response.Status, text)
	}
	err = json.Unmarshal(text, &answer)
	return answer, err
}

func checkStrangers(t *testing.T, address string, responder tls.Certificate) {
	t.Helper()
	other, err := selfsigned.Write(t.TempDir(), responderName)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := get(t.Context(), address, responder); err == nil {
		t.Errorf("without a certificate: %+v", answer)
	}
	if answer, err := get(t.Context(), address, responder, other); err == nil {
		t.Errorf("with a certificate of another CA: %+v", answer)
	}
	if _, err := get(t.Context(), address, responder, responder); err != nil {
		t.Errorf("the responder: %v", err)
	}
}

// checkReport follows a pod from its first zombies to its end.
func checkReport(t *testing.T, address string, responder tls.Certificate) {
	t.Helper()
	const name = "node-orphans"
	image := shared.push(t, name+":1", images.Spec{
		Programs: []string{"flood"}, Config: imagetest.Spec{Entrypoint: []string{"sleep", "infinity"}},
	})
	shared.create(t, pod{name: name, image: image})
	id := shared.running(t, name)
	first := firstProcess(t, id)
	const orphans = 50
	out, err := shared.cluster.Kubectl(t.Context(), "exec", name, "--", images.ProgramFolder+"/flood", "-orphans", fmt.Sprint(orphans)).CombinedOutput()
	if err != nil {
		t.Fatalf("flood: %v: %s", err, out)
	}
	await(t, reapMost, "its orphans in the report", func() (bool, string) {
		c, err := reported(t.Context(), address, responder, id)
		if err != nil || c == nil || len(c.Groups) != 1 {
			return false, fmt.Sprintf("%+v, %v", c, err)
		}
		g := c.Groups[0]
		return c.Zombies == orphans && c.Zombies == count(t, first) && g.Cause == "PID1NotReaping" &&
			g.Parent == "sleep" && g.InsidePID == 1 && g.Children["true"] == orphans, fmt.Sprintf("%+v", c)
	})
	cmd := shared.cluster.Kubectl(t.Context(), "delete", "pod", name, "--grace-period=0", "--force", "--wait=true")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	await(t, 10*time.Second, "the pod is out of the report", func() (bool, string) {
		c, err := reported(t.Context(), address, responder, id)
		return c == nil && err == nil, fmt.Sprintf("%+v, %v", c, err)
	})
}

// reported is what the scanner says of a container; nil when nothing.
func reported(ctx context.Context, address string, responder tls.Certificate, id string) (*node.Container, error) {
	answer, err := get(ctx, address, responder, responder)
	if err != nil {
		return nil, err
	}
	for _, c := range answer.Containers {
		if c.ID == id {
			return &c, nil
		}
	}
	return nil, nil
}
