package initdb

// A Go program's runtime waits only for the processes that the program itself
// started and waits for. That was measured with a Go program and with servers
// of many kinds; that a server is one is documented by its repository, which
// was searched for a Wait4(-1) and for a linked reaper before its row was
// written. Programs that have one (k3s, supercronic, git-sync, runmqserver) or
// once had (containerboot) have no row here.
const goRuntime = "a Go program: its runtime waits only for children that it started"

// goProgram are the programs of one repository on GitHub.
type goProgram struct {
	repository string
	names      []string
}

const certManager = "https://github.com/cert-manager/cert-manager"

func goServers() []Program {
	rows := []Program{
		server(leaves(goRuntime, documented("https://github.com/distribution/distribution")), "registry").generic(),
		server(leaves(goRuntime, documented(influxEnterprise)), "influxd-meta"),
		server(leaves(goRuntime, documented(certManager)), "controller").placed("/app/cmd/controller/controller"),
		server(leaves(goRuntime, documented(certManager)), "webhook").placed("/app/cmd/webhook/webhook"),
	}
	for _, m := range []struct {
		id    string
		names []string
	}{
		{"caddy", []string{"caddy"}},
		{"etcd", []string{"etcd"}},
		{"prometheus-node-exporter", []string{"node_exporter", "prometheus-node-exporter"}},
		{"prometheus", []string{"prometheus"}},
		{"prometheus-alertmanager", []string{"alertmanager", "prometheus-alertmanager"}},
		{"prometheus-blackbox-exporter", []string{"blackbox_exporter", "prometheus-blackbox-exporter"}},
		{"prometheus-process-exporter", []string{"process-exporter", "prometheus-process-exporter"}},
		{"nats-server", []string{"nats-server"}},
		{"influxd", []string{"influxd"}},
		{"containerd", []string{"containerd"}},
		{"docker-registry", []string{"docker-registry"}},
		{"syncthing", []string{"syncthing"}},
		{"rclone", []string{"rclone"}},
		{"podman", []string{"podman"}},
	} {
		rows = append(rows, server(leaves(goRuntime, measured(m.id)), m.names...))
	}
	for _, part := range [][]goProgram{goClusters(), goMonitors(), goStores(), goNetworks(), goApps(), goRunners()} {
		for _, g := range part {
			rows = append(rows, server(leaves(goRuntime, documented("https://github.com/"+g.repository)), g.names...))
		}
	}
	return rows
}

// goClusters are what Kubernetes and its neighbours are made of. Many of their
// images call the program manager, controller, operator or webhook: such names
// say nothing and have no row.
func goClusters() []goProgram {
	return []goProgram{
		{"argoproj/argo-cd", []string{
			"argocd", "argocd-server", "argocd-application-controller", "argocd-repo-server", "argocd-dex",
			"argocd-notifications", "argocd-applicationset-controller", "argocd-cmp-server", "argocd-commit-server",
		}},
		{"argoproj/argo-rollouts", []string{"rollouts-controller"}},
		{"argoproj/argo-workflows", []string{"argo", "argoexec", "workflow-controller"}},
		{"cert-manager/cert-manager", []string{"cainjector", "acmesolver"}},
		{"crossplane/crossplane", []string{"crossplane"}},
		{"dapr/dapr", []string{"daprd"}},
		{"external-secrets/external-secrets", []string{"external-secrets"}},
		{"flannel-io/flannel", []string{"flanneld"}},
		{"fluxcd/flux2", []string{"flux"}},
		{"fluxcd/helm-controller", []string{"helm-controller"}},
		{"fluxcd/kustomize-controller", []string{"kustomize-controller"}},
		{"fluxcd/notification-controller", []string{"notification-controller"}},
		{"fluxcd/source-controller", []string{"source-controller"}},
		{"hashicorp/consul-k8s", []string{"consul-k8s-control-plane"}},
		{"istio/istio", []string{"pilot-agent", "pilot-discovery", "istioctl"}},
		{"kedacore/keda", []string{"keda", "keda-adapter", "keda-admission-webhooks"}},
		{"kubernetes/autoscaler", []string{"cluster-autoscaler"}},
		{"kubernetes/dns", []string{"kube-dns", "node-cache", "dnsmasq-nanny"}},
		{"kubernetes/ingress-nginx", []string{"nginx-ingress-controller"}},
		{"kubernetes/kubernetes", []string{
			"kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler", "kubelet", "kubectl", "kubeadm",
		}},
		{"kubernetes/node-problem-detector", []string{"node-problem-detector"}},
		{"kubernetes-sigs/external-dns", []string{"external-dns"}},
		{"kubernetes-sigs/metrics-server", []string{"metrics-server"}},
		{"kyverno/kyverno", []string{"kyverno", "kyvernopre"}},
		{"longhorn/longhorn-manager", []string{"longhorn-manager"}},
		{"minio/operator", []string{"minio-operator"}},
		{"projectcalico/calico", []string{"calico-typha", "kube-controllers"}},
		{"projectcontour/contour", []string{"contour"}},
		{"rook/rook", []string{"rook"}},
		{"stakater/Reloader", []string{"Reloader"}},
		{"vmware-tanzu/velero", []string{"velero"}},
	}
}

// goMonitors measure and show. That a name ends in _exporter proves nothing:
// exporters are also written in Python and Java.
func goMonitors() []goProgram {
	return []goProgram{
		{"VictoriaMetrics/VictoriaMetrics", []string{
			"victoria-metrics", "victoria-metrics-prod", "vmagent", "vmagent-prod", "vmalert", "vmalert-prod", "vmauth", "vmauth-prod",
			"vmbackup-prod", "vmctl-prod", "vminsert-prod", "vmrestore-prod", "vmselect-prod", "vmstorage-prod",
		}},
		{"danielqsj/kafka_exporter", []string{"kafka_exporter"}},
		{"google/cadvisor", []string{"cadvisor"}},
		{"grafana/alloy", []string{"alloy"}},
		{"grafana/grafana", []string{"grafana", "grafana-server"}},
		{"grafana/loki", []string{"loki", "promtail"}},
		{"grafana/tempo", []string{"tempo"}},
		{"influxdata/chronograf", []string{"chronograf"}},
		{"influxdata/kapacitor", []string{"kapacitord"}},
		{"influxdata/telegraf", []string{"telegraf"}},
		{"jaegertracing/jaeger", []string{
			"jaeger", "jaeger-agent", "jaeger-all-in-one", "jaeger-collector", "jaeger-ingester", "jaeger-query",
			"all-in-one-linux", "agent-linux", "collector-linux", "query-linux", "ingester-linux",
		}},
		{"nginx/nginx-prometheus-exporter", []string{"nginx-prometheus-exporter"}},
		{"oliver006/redis_exporter", []string{"redis_exporter"}},
		{"open-telemetry/opentelemetry-collector", []string{"otelcol", "otelcol-contrib", "otelcol-k8s"}},
		{"percona/mongodb_exporter", []string{"mongodb_exporter"}},
		{"prometheus/haproxy_exporter", []string{"haproxy_exporter"}},
		{"prometheus/memcached_exporter", []string{"memcached_exporter"}},
		{"prometheus/mysqld_exporter", []string{"mysqld_exporter"}},
		{"prometheus/pushgateway", []string{"pushgateway"}},
		{"prometheus/snmp_exporter", []string{"snmp_exporter"}},
		{"prometheus/statsd_exporter", []string{"statsd_exporter"}},
		{"prometheus-community/elasticsearch_exporter", []string{"elasticsearch_exporter"}},
		{"prometheus-community/postgres_exporter", []string{"postgres_exporter"}},
		{"prometheus-operator/prometheus-operator", []string{"prometheus-operator", "prometheus-config-reloader"}},
		{"thanos-io/thanos", []string{"thanos"}},
	}
}
