package cluster

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/initguard/initguard/test/cluster/process"
)

// Names of the control plane's other components, and of their users.
const (
	controllersName = "kube-controller-manager"
	schedulerName   = "kube-scheduler"
	kubeletName     = "kubelet"
	proxyName       = "kube-proxy"
	systemPrefix    = "system:"
	// kubeletClient is what the API server shows the kubelet.
	kubeletClient = "apiserver-kubelet-client"
)

// startControllers starts what makes pods out of workloads and gives them a
// node. Neither serves anything.
func (c *Cluster) startControllers(credentials credentials) ([]*process.Process, error) {
	for _, name := range []string{controllersName, schedulerName} {
		if err := credentials.writeKubeconfig(filepath.Join(c.Dir, name+".kubeconfig"), c.Server, systemPrefix+name); err != nil {
			return nil, err
		}
	}
	pki := func(name string) string { return filepath.Join(c.Dir, pkiFolder, name) }
	common := func(name string, more ...string) process.Spec {
		path := c.Node.set.ControllerManager
		if name == schedulerName {
			path = c.Node.set.Scheduler
		}
		kubeconfig := filepath.Join(c.Dir, name+".kubeconfig")
		return process.Spec{Name: name, Path: path, Grace: stopGrace, Args: append([]string{
			"--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0", "--profiling=false",
		}, more...)}
	}
	var started []*process.Process
	for _, spec := range []process.Spec{
		common(controllersName,
			"--use-service-account-credentials", "--root-ca-file="+pki(caName+".crt"),
			"--service-account-private-key-file="+pki(serviceAccountName+".key")),
		common(schedulerName),
	} {
		p, err := c.group.Start(spec)
		if err != nil {
			return started, err
		}
		started = append(started, p)
	}
	return started, nil
}

// writeCredentials gives the node's components what they identify themselves
// with. They wait for their kubeconfigs, so these come last.
func (n *Node) writeCredentials(server string, credentials credentials) error {
	folder := n.path("pki")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	serving, err := credentials.authority.server(kubeletName, n.IP)
	if err != nil {
		return err
	}
	err = errors.Join(
		serving.write(folder, kubeletName),
		os.WriteFile(filepath.Join(folder, caName+".crt"), credentials.ca, 0o600))
	if err != nil {
		return err
	}
	return errors.Join(
		credentials.writeKubeconfig(n.path(kubeletName+".kubeconfig"), server, "system:node:"+NodeName, "system:nodes"),
		credentials.writeKubeconfig(n.path(proxyName+".kubeconfig"), server, systemPrefix+proxyName))
}

// writeKubeconfig writes a kubeconfig for a user, complete at once.
func (c credentials) writeKubeconfig(path, server, user string, groups ...string) error {
	pair, err := c.authority.client(user, groups...)
	if err != nil {
		return err
	}
	data, err := kubeconfig(server, c.ca, user, pair)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
