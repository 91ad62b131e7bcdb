// Package cluster starts real Kubernetes control planes for tests and the demo:
// etcd and kube-apiserver, on free loopback ports, as the current user, without
// a container runtime. Several may run side by side.
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
// clientConfig.url are called. There is no controller-manager, no scheduler and
// no node. So nothing makes ReplicaSets or Pods out of a Deployment, the
// ServiceAccount "default" is missing, a deleted Namespace stays Terminating,
// and a webhook can't be reached by its Service. The admission plugin
// ServiceAccount, which would refuse every Pod for want of a ServiceAccount, is
// off unless [Options] asks for it.
//
// # What is left behind
//
// Nothing after [Cluster.Stop]. After a Start that failed, the components' logs
// for a day. After an owner that was killed, what the next Start removes; see
// package process.
package cluster
