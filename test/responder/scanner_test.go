package responder

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/scanner"
	"github.com/initguard/initguard/scanner/node"
)

// zombies are some of a container, of one cause.
type zombies struct {
	pod, container string
	cause          scanner.Cause
	n              int
}

// machine is a node: a real scanner server, and in place of /proc what a test
// says. Two hours ago all zombies were made, one after the other.
type machine struct {
	name string

	mu   sync.Mutex
	said []zombies
}

func (m *machine) say(said ...zombies) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.said = said
}

// scanAt is when a scan is made, since boot.
const scanAt = 10 * time.Hour

// Scan makes processes that have the causes. Each zombie has been one for up to
// an hour.
func (m *machine) Scan(context.Context) (scanner.Scan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := scanner.Scan{At: scanAt, Processes: 100, Living: make(map[int]scanner.Process)}
	pid := 1000
	for _, z := range m.said {
		home := scanner.Container{Pod: z.pod, ID: z.container}
		first := scanner.Process{PID: pid, Parent: 1, Session: pid, Comm: "mongod", Inside: []int{pid, 1}, Container: home}
		s.Living[pid] = first
		parent, session := first, pid+1
		switch z.cause {
		case scanner.ParentNotWaiting:
			parent = scanner.Process{PID: pid + 1, Parent: pid, Session: pid, Comm: "python3", Inside: []int{pid + 1, 7}, Container: home}
			s.Living[pid+1] = parent
		case scanner.PID1Ambiguous:
			session = pid
		}
		for i := range z.n {
			s.Zombies = append(s.Zombies, scanner.Process{
				PID: pid + 10 + i, Parent: parent.PID, Session: session, Comm: []string{"sh", "sh", "true"}[i%3], State: 'Z',
				Inside: []int{pid + 10 + i, 10 + i}, Container: home, Start: scanAt - time.Hour + time.Hour*time.Duration(i)/time.Duration(z.n),
			})
		}
		pid += 10 + z.n + 10
	}
	return s, nil
}

// Tasks counts twelve threads in each pod.
func (m *machine) Tasks(_ context.Context, pods []string) (map[string]int, error) {
	counts := make(map[string]int)
	for _, pod := range pods {
		counts[pod] = 12
	}
	return counts, nil
}

// serve serves as initguard-scanner does, with the certificate that the
// responder wrote into the Secret, and makes the pod of the DaemonSet. It ends
// with the test, or when stop is called.
func (m *machine) serve(t *testing.T) (stop func()) {
	t.Helper()
	files := certificates(t)
	config, err := node.NewTLS(files, []string{"initguard-responder"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	loop := node.NewLoop(m, 50*time.Millisecond, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { loop.Run(ctx) })
	running.Go(func() {
		_ = node.Serve(ctx, tls.NewListener(node.Limit(listener), config.Config()), node.Handler(loop), slog.New(slog.DiscardHandler))
	})
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(listener.Addr())
	}
	pod := m.daemonPod(t, address.Port)
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(func() {
		stop()
		if err := shared.admin.Delete(context.Background(), pod, client.GracePeriodSeconds(0)); err != nil {
			t.Error(err)
		}
	})
	return stop
}

func (m *machine) daemonPod(t *testing.T, port int) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: nodeNamespace, GenerateName: "initguard-scanner-",
			Labels: map[string]string{"app.kubernetes.io/name": "initguard", "app.kubernetes.io/component": "scanner"},
		},
		Spec: corev1.PodSpec{NodeName: m.name, Containers: []corev1.Container{{
			Name: "scanner", Image: "initguard", Ports: []corev1.ContainerPort{{Name: "report", ContainerPort: int32(port)}},
		}}},
	}
	create(t, pod)
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "127.0.0.1", PodIPs: []corev1.PodIP{{IP: "127.0.0.1"}}}
	if err := shared.admin.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	return pod
}

// certificates waits for the Secret, as the kubelet does.
func certificates(t *testing.T) node.Files {
	t.Helper()
	var secret corev1.Secret
	eventually(t, 20*time.Second, "the scanners' certificate", func() error {
		name := types.NamespacedName{Namespace: nodeNamespace, Name: "initguard-scanner-tls"}
		if err := shared.admin.Get(t.Context(), name, &secret); err != nil {
			return err
		}
		if len(secret.Data) != 3 {
			return fmt.Errorf("%d files", len(secret.Data))
		}
		return nil
	})
	dir := t.TempDir()
	for name, text := range secret.Data {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return node.Files{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), ClientCA: filepath.Join(dir, "ca.crt")}
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := shared.admin.Create(t.Context(), object); err != nil {
		t.Fatal(err)
	}
}
