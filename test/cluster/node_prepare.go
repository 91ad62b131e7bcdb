package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/initguard/initguard/test/cluster/nodeplan"
)

const (
	// systemPath finds runc, nft and ip, which come with the system.
	systemPath  = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	cniBinaries = "/usr/lib/cni"
)

// nodeFolders are the folders that the node has for itself, empty at first:
// what its programs leave outside of their configured places lands there.
func nodeFolders() []string { return []string{"/run", "/var/lib", "/var/log"} }

// hostSysctls are settings of the whole machine that a kubelet changes. The
// node has files of its own there.
func hostSysctls() []string {
	return []string{
		"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
		"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	}
}

// prepare writes the configuration of the node's components and, last, the plan
// that its first process waits for.
func (n *Node) prepare(logs string) error {
	plan := nodeplan.Plan{
		Commands:   n.network.inside(),
		End:        []string{"ip", "link", "delete", "eth0"},
		Components: n.components(logs),
		Sysctls:    map[string]string{"net/ipv4/ip_forward": "1", "kernel/hostname": NodeName},
	}
	for _, folder := range nodeFolders() {
		own := n.path(folder)
		if err := os.MkdirAll(own, 0o755); err != nil {
			return err
		}
		plan.Binds = append(plan.Binds, nodeplan.Bind{Source: own, Target: folder})
	}
	for _, name := range hostSysctls() {
		target := filepath.Join("/proc/sys", name)
		value, err := os.ReadFile(target)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		own := n.path(filepath.Join("sysctl", filepath.Base(name)))
		if err := write(own, value); err != nil {
			return err
		}
		plan.Binds = append(plan.Binds, nodeplan.Bind{Source: own, Target: target})
	}
	for name, content := range n.files() {
		if err := write(n.path(name), []byte(content)); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return err
	}
	unfinished := n.path(planFile + ".new")
	if err := write(unfinished, text); err != nil {
		return err
	}
	return os.Rename(unfinished, n.path(planFile))
}

func write(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

// components are the node's programs.
func (n *Node) components(logs string) []nodeplan.Component {
	env := []string{"PATH=" + filepath.Dir(n.set.Shim) + ":" + systemPath, "HOME=/root"}
	component := func(name, path string, after []string, args ...string) nodeplan.Component {
		return nodeplan.Component{
			Name: name, Path: path, Args: args, Env: env, Dir: n.dir,
			Log: filepath.Join(logs, name+".log"), After: after, AfterMost: startTimeout,
		}
	}
	return []nodeplan.Component{
		component("containerd", n.set.Containerd, nil, "--config", n.path("containerd.toml")),
		component("kubelet", n.set.Kubelet, []string{containerdSock, n.path("kubelet.kubeconfig")},
			"--config="+n.path("kubelet.yaml"), "--kubeconfig="+n.path("kubelet.kubeconfig"),
			"--hostname-override="+NodeName, "--node-ip="+n.IP, "--root-dir=/var/lib/kubelet", "--cert-dir="+n.path("pki")),
		component("kube-proxy", n.set.Proxy, []string{n.path("kube-proxy.kubeconfig")},
			"--config="+n.path("kube-proxy.yaml")),
	}
}

// files are the configuration files, by name below the node's folder.
func (n *Node) files() map[string]string {
	return map[string]string{
		"containerd.toml":   n.containerdConfig(),
		"kubelet.yaml":      n.kubeletConfig(),
		"kube-proxy.yaml":   n.proxyConfig(),
		"cni/pods.conflist": n.cniConfig(),
	}
}

func (n *Node) containerdConfig() string {
	return fmt.Sprintf(`version = 3
root = '/var/lib/containerd'
state = '/run/containerd'

[grpc]
  address = '%[1]s'

[plugins.'io.containerd.internal.v1.opt']
  path = '/var/lib/containerd/opt'

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '%[2]s'

[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = '%[3]s'

[plugins.'io.containerd.cri.v1.runtime']
  # Root in a container may lack the right to lower it.
  restrict_oom_score_adj = true

[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ['%[4]s']
  conf_dir = '%[5]s'

[plugins.'io.containerd.nri.v1.nri']
  disable = false
  socket_path = '%[6]s'
  plugin_path = '%[7]s'
  plugin_config_path = '%[7]s'
`, containerdSock, PauseImage, n.path(registriesFolder), cniBinaries, n.path("cni"), nriSock, n.path("nri"))
}

// kubeletConfig: evictions are off, since a full disk of a developer's is not
// what a test is about.
func (n *Node) kubeletConfig() string {
	pids := -1
	if n.options.PodPIDs > 0 {
		pids = n.options.PodPIDs
	}
	return fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %[1]q}
authorization: {mode: Webhook}
tlsCertFile: %[2]q
tlsPrivateKeyFile: %[3]q
containerRuntimeEndpoint: unix://%[4]s
cgroupDriver: cgroupfs
cgroupRoot: %[5]q
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
podLogsDir: /var/log/pods
podPidsLimit: %[6]d
resolvConf: ""
volumePluginDir: /var/lib/kubelet/volume-plugins
serializeImagePulls: false
registryPullQPS: 0
eventRecordQPS: 0
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 50Mi, nodefs.available: 0%%, nodefs.inodesFree: 0%%, imagefs.available: 0%%, imagefs.inodesFree: 0%%}
nodeStatusUpdateFrequency: 1s
syncFrequency: 10s
`, n.path("pki/ca.crt"), n.path("pki/kubelet.crt"), n.path("pki/kubelet.key"), containerdSock, n.Cgroup, pids)
}

// proxyConfig leaves the machine's connection tracking alone, and masquerades:
// a pod may call itself by its Service.
func (n *Node) proxyConfig() string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clientConnection: {kubeconfig: %[1]q}
hostnameOverride: %[2]s
clusterCIDR: %[3]s
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
nftables: {masqueradeAll: true}
`, n.path("kube-proxy.kubeconfig"), NodeName, n.network.pods)
}

// cniConfig puts all pods on one bridge.
func (n *Node) cniConfig() string {
	return fmt.Sprintf(`{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "pods0", "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "/run/cni",
        "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]
      }
    }
  ]
}
`, n.network.pods)
}
