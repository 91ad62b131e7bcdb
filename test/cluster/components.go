package cluster

import (
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/initguard/initguard/test/cluster/binaries"
	"github.com/initguard/initguard/test/cluster/process"
)

const (
	loopback = "127.0.0.1"
	// serviceRange is the range of ClusterIPs. Clusters may share it: nothing
	// routes there.
	serviceRange   = "10.0.0.0/24"
	firstServiceIP = "10.0.0.1"
	issuer         = "https://kubernetes.default.svc.cluster.local"
	// stopGrace is how long a component may take to end after SIGTERM.
	stopGrace = 10 * time.Second
	// nodeGrace is that of an API server with a node: it would wait for the end
	// of its entry in the Service kubernetes, and nobody will ask it again.
	nodeGrace = time.Second
)

// Names of files in the cluster's folder.
const (
	pkiFolder          = "pki"
	caName             = "ca"
	apiServerName      = "kube-apiserver"
	etcdName           = "etcd"
	etcdClientName     = "etcd-client"
	serviceAccountName = "service-account"
	kubeconfigFile     = "admin.kubeconfig"
	kubectlCache       = "kubectl-cache"
)

// A controlPlane is what the command lines of its components depend on.
type controlPlane struct {
	dir      string
	binaries binaries.Set
	options  Options
	network  *network // the node's; nil without one
}

// host is the address that the API server listens on: one that a node reaches.
func (c controlPlane) host() string {
	if c.network == nil {
		return loopback
	}
	return c.network.host
}

func (c controlPlane) serviceRange() string {
	if c.network == nil {
		return serviceRange
	}
	return c.network.services
}

func (c controlPlane) firstServiceIP() string {
	if c.network == nil {
		return firstServiceIP
	}
	return c.network.firstIP
}

func (c controlPlane) pki(name string) string {
	return filepath.Join(c.dir, pkiFolder, name)
}

// etcd returns how to start etcd. Clients need a certificate of the cluster's
// authority: so nobody else on the machine gets in, and an API server never
// talks to the etcd of another cluster that took the port.
func (c controlPlane) etcd(port int) process.Spec {
	url := "https://" + address(port)
	return process.Spec{
		Name:  etcdName,
		Path:  c.binaries.Etcd,
		Grace: stopGrace,
		Args: []string{
			"--name=" + etcdName,
			"--data-dir=" + filepath.Join(c.dir, etcdName),
			"--listen-client-urls=" + url,
			"--advertise-client-urls=" + url,
			"--listen-peer-urls=http://" + address(0), // No peer ever calls.
			"--cert-file=" + c.pki(etcdName+".crt"),
			"--key-file=" + c.pki(etcdName+".key"),
			"--client-cert-auth",
			"--trusted-ca-file=" + c.pki(caName+".crt"),
			"--enable-grpc-gateway=false",
			"--unsafe-no-fsync", // The data never outlives the process.
			"--log-level=warn",
		},
	}
}

// apiServer returns how to start kube-apiserver. Its environment is empty like
// etcd's, so that no variable of the user's changes what a test sees.
func (c controlPlane) apiServer(port, etcdPort int) process.Spec {
	args := []string{
		"--bind-address=" + c.host(),
		"--secure-port=" + strconv.Itoa(port),
		"--cert-dir=" + filepath.Join(c.dir, pkiFolder),
		"--tls-cert-file=" + c.pki(apiServerName+".crt"),
		"--tls-private-key-file=" + c.pki(apiServerName+".key"),
		"--client-ca-file=" + c.pki(caName+".crt"),
		"--etcd-servers=https://" + address(etcdPort),
		"--etcd-cafile=" + c.pki(caName+".crt"),
		"--etcd-certfile=" + c.pki(etcdClientName+".crt"),
		"--etcd-keyfile=" + c.pki(etcdClientName+".key"),
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + c.pki(serviceAccountName+".pub"),
		"--service-account-signing-key-file=" + c.pki(serviceAccountName+".key"),
		"--service-cluster-ip-range=" + c.serviceRange(),
		// Without an address of its own the server looks for the host's default
		// route, which a machine without a network lacks.
		"--advertise-address=" + c.host(),
		"--allow-privileged",
	}
	args = append(args, c.nodeArgs()...)
	args = append(args, "--profiling=false")
	grace := stopGrace
	if c.network != nil {
		grace = nodeGrace
	}
	return process.Spec{
		Name:  apiServerName,
		Path:  c.binaries.APIServer,
		Grace: grace,
		Args:  append(args, c.options.APIServerArgs...),
	}
}

// nodeArgs are the flags that depend on whether there is a node.
func (c controlPlane) nodeArgs() []string {
	if c.network != nil {
		return []string{
			"--authorization-mode=Node,RBAC",
			"--enable-admission-plugins=NodeRestriction",
			"--kubelet-preferred-address-types=InternalIP",
			"--kubelet-certificate-authority=" + c.pki(caName+".crt"),
			"--kubelet-client-certificate=" + c.pki(kubeletClient+".crt"),
			"--kubelet-client-key=" + c.pki(kubeletClient+".key"),
		}
	}
	args := []string{
		"--authorization-mode=RBAC",
		// A loopback address is not valid in the endpoints of the Service
		// kubernetes.
		"--endpoint-reconciler-type=none",
	}
	if !c.options.ServiceAccountAdmission {
		args = append(args, "--disable-admission-plugins=ServiceAccount")
	}
	return args
}

func address(port int) string {
	return net.JoinHostPort(loopback, strconv.Itoa(port))
}

// freePort returns a loopback port that nobody listens on now. Another process
// may take it before a component does.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", address(0))
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	_, text, err := net.SplitHostPort(listener.Addr().String())
	if closeErr := listener.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	return strconv.Atoi(text)
}
