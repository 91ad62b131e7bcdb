// Package cluster starts real Kubernetes control planes for tests and the demo:
// etcd and kube-apiserver, on free loopback ports, as the current user, without
// a container runtime. Several may run side by side. With [Options].Node, on
// Linux and as root, a cluster has a node as well and pods run.
//
//	c, err := cluster.Start(ctx, cluster.Options{})
//	...
//	defer c.Stop()
//	out, err := c.Kubectl(ctx, "apply", "-f", "web.yaml").CombinedOutput()
//
// The programs are those pinned in test/cluster/pins; package binaries builds
// them once, which takes minutes, or takes ready-made ones from
// KUBEBUILDER_ASSETS. Tests run under a time limit, so let `clusterctl build`
// go before `go test`.
//
// # What is real and what is missing
//
// The API server is a stock one: RBAC authorizes, the default admission plugins
// run, tokens of ServiceAccounts are signed and checked, webhooks with
// clientConfig.url are called. Alone it has no controller-manager, no scheduler
// and no node. So nothing makes ReplicaSets or Pods out of a Deployment, the
// ServiceAccount "default" is missing, a deleted Namespace stays Terminating,
// and a webhook can't be reached by its Service. The admission plugin
// ServiceAccount, which would refuse every Pod for want of a ServiceAccount, is
// off unless [Options] asks for it.
//
// # The node
//
// kube-controller-manager and kube-scheduler run beside the API server; kubelet,
// containerd and kube-proxy run in PID, mount, network, IPC and host name
// namespaces of their own, below one process (cmd/nodeinit). So whatever the
// node mounts, links or filters is gone with that process, however it ends: the
// kernel sees to it. On the host there are only the node's link and its routes,
// which go with the namespace, and its control groups, which package process
// removes. /run, /var/lib and /var/log are the node's own; so are the settings
// that a kubelet changes. The API server listens on the link, so that pods reach
// it; Services can be called from this machine. There is no DNS. containerd
// pulls from registries on this machine's loopback that [Node.AddRegistry]
// names, and its NRI socket is [Node].NRI.
//
// # What is left behind
//
// Nothing after [Cluster.Stop]. After a Start that failed, the components' logs
// for a day. After an owner that was killed, what the next Start removes; see
// package process.
package cluster
