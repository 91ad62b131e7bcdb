package initdb

// A Go program's runtime waits only for the processes that the program itself
// started and waits for. That was measured with a Go program; that a server is
// one is documented by its repository. Programs that link a reaper of their
// own, such as k3s, have no row here.
const goRuntime = "a Go program: its runtime waits only for children that it started"

func goServers() []Program {
	rows := []Program{
		server(leaves(goRuntime, measured("caddy")), "caddy"),
		server(leaves(goRuntime, measured("etcd")), "etcd"),
		server(leaves(goRuntime, measured("prometheus-node-exporter")), "node_exporter", "prometheus-node-exporter"),
		server(leaves(goRuntime, documented("https://github.com/distribution/distribution")), "registry").generic(),
	}
	for _, g := range []struct {
		repository string
		names      []string
	}{
		{"AdguardTeam/AdGuardHome", []string{"AdGuardHome"}},
		{"argoproj/argo-cd", []string{"argocd", "argocd-server", "argocd-application-controller"}},
		{"cloudflare/cloudflared", []string{"cloudflared"}},
		{"cockroachdb/cockroach", []string{"cockroach"}},
		{"coredns/coredns", []string{"coredns"}},
		{"ddollar/forego", []string{"forego"}},
		{"fatedier/frp", []string{"frpc", "frps"}},
		{"go-gitea/gitea", []string{"gitea"}},
		{"gogs/gogs", []string{"gogs"}},
		{"grafana/grafana", []string{"grafana", "grafana-server"}},
		{"grafana/loki", []string{"loki", "promtail"}},
		{"grafana/tempo", []string{"tempo"}},
		{"hashicorp/vault", []string{"vault"}},
		{"influxdata/chronograf", []string{"chronograf"}},
		{"influxdata/influxdb", []string{"influxd"}},
		{"influxdata/kapacitor", []string{"kapacitord"}},
		{"influxdata/telegraf", []string{"telegraf"}},
		{"kubernetes/kube-state-metrics", []string{"kube-state-metrics"}},
		{"kubernetes/kubernetes", []string{"kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler"}},
		{"kubernetes-sigs/metrics-server", []string{"metrics-server"}},
		{"mailhog/MailHog", []string{"MailHog"}},
		{"minio/minio", []string{"minio"}},
		{"nats-io/nats-server", []string{"nats-server"}},
		{"oauth2-proxy/oauth2-proxy", []string{"oauth2-proxy"}},
		{"open-telemetry/opentelemetry-collector", []string{"otelcol", "otelcol-contrib"}},
		{"prometheus/alertmanager", []string{"alertmanager"}},
		{"prometheus/blackbox_exporter", []string{"blackbox_exporter"}},
		{"prometheus/prometheus", []string{"prometheus"}},
		{"prometheus/pushgateway", []string{"pushgateway"}},
		{"temporalio/temporal", []string{"temporal-server"}},
		{"thanos-io/thanos", []string{"thanos"}},
		{"traefik/traefik", []string{"traefik"}},
		{"webdevops/go-crond", []string{"go-crond"}},
	} {
		rows = append(rows, server(leaves(goRuntime, documented("https://github.com/"+g.repository)), g.names...))
	}
	return rows
}
