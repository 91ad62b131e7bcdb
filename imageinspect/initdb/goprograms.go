package initdb

// goStores keep data.
func goStores() []goProgram {
	return []goProgram{
		{"cockroachdb/cockroach", []string{"cockroach"}},
		{"dgraph-io/dgraph", []string{"dgraph"}},
		{"hashicorp/vault", []string{"vault"}},
		{"minio/minio", []string{"minio"}},
		{"nats-io/nats-streaming-server", []string{"nats-streaming-server"}},
		{"nsqio/nsq", []string{"nsqd", "nsqlookupd", "nsqadmin"}},
		{"openark/orchestrator", []string{"orchestrator"}},
		{"percona/percona-backup-mongodb", []string{"pbm-agent", "pbm"}},
		{"rqlite/rqlite", []string{"rqlited"}},
		{"seaweedfs/seaweedfs", []string{"weed"}},
		{"sorintlab/stolon", []string{"stolon-keeper", "stolon-proxy", "stolon-sentinel", "stolonctl"}},
		{"tikv/pd", []string{"pd-server"}},
		{"vitessio/vitess", []string{"vtgate", "vttablet", "vtctld", "vtorc", "vtadmin", "mysqlctld"}},
		{"weaviate/weaviate", []string{"weaviate", "weaviate-server"}},
	}
}

// influxEnterprise is not open: its release notes name the version of Go.
const influxEnterprise = "https://docs.influxdata.com/enterprise_influxdb/v1/about-the-project/release-notes/"

// goNetworks are proxies, tunnels and what names things.
func goNetworks() []goProgram {
	return []goProgram{
		{"AdguardTeam/AdGuardHome", []string{"AdGuardHome"}},
		{"authelia/authelia", []string{"authelia"}},
		{"cloudflare/cloudflared", []string{"cloudflared"}},
		{"centrifugal/centrifugo", []string{"centrifugo"}},
		{"coredns/coredns", []string{"coredns"}},
		{"dexidp/dex", []string{"dex"}},
		{"fatedier/frp", []string{"frpc", "frps"}},
		{"hashicorp/boundary", []string{"boundary"}},
		{"hashicorp/consul", []string{"consul"}},
		{"juanfont/headscale", []string{"headscale"}},
		{"krakend/krakend-ce", []string{"krakend"}},
		{"netbirdio/netbird", []string{"netbird", "netbird-mgmt", "netbird-signal"}},
		{"oauth2-proxy/oauth2-proxy", []string{"oauth2-proxy"}},
		{"open-policy-agent/opa", []string{"opa"}},
		{"ory/hydra", []string{"hydra"}},
		{"ory/kratos", []string{"kratos"}},
		{"php/frankenphp", []string{"frankenphp"}},
		{"pomerium/pomerium", []string{"pomerium"}},
		{"roadrunner-server/roadrunner", []string{"rr"}},
		{"smallstep/certificates", []string{"step-ca"}},
		{"tailscale/tailscale", []string{"tailscale", "tailscaled", "derper"}},
		{"traefik/traefik", []string{"traefik"}},
	}
}

// goApps are what people look at.
func goApps() []goProgram {
	return []goProgram{
		{"axllent/mailpit", []string{"mailpit"}},
		{"filebrowser/filebrowser", []string{"filebrowser"}},
		{"go-gitea/gitea", []string{"gitea"}},
		{"go-vikunja/vikunja", []string{"vikunja"}},
		{"goharbor/harbor", []string{"harbor_core", "harbor_jobservice", "harbor_registryctl", "harbor_exporter"}},
		{"gogs/gogs", []string{"gogs"}},
		{"gotify/server", []string{"gotify-app"}},
		{"harness/gitness", []string{"gitness"}},
		{"imgproxy/imgproxy", []string{"imgproxy"}},
		{"mailhog/MailHog", []string{"MailHog"}},
		{"miniflux/v2", []string{"miniflux"}},
		{"navidrome/navidrome", []string{"navidrome"}},
		{"notaryproject/notary", []string{"notary-server", "notary-signer"}},
		{"photoprism/photoprism", []string{"photoprism"}},
		{"pocketbase/pocketbase", []string{"pocketbase"}},
		{"portainer/portainer", []string{"portainer"}},
		{"temporalio/temporal", []string{"temporal-server"}},
	}
}

// goRunners start other programs and wait for these alone.
func goRunners() []goProgram {
	return []goProgram{
		{"DarthSim/hivemind", []string{"hivemind"}},
		{"DarthSim/overmind", []string{"overmind"}},
		{"F1bonacc1/process-compose", []string{"process-compose"}},
		{"concourse/concourse", []string{"concourse"}},
		{"containrrr/watchtower", []string{"watchtower"}},
		{"crowdsecurity/crowdsec", []string{"crowdsec"}},
		{"ddollar/forego", []string{"forego"}},
		{"drone/drone", []string{"drone-server", "drone-agent"}},
		{"drone-runners/drone-runner-docker", []string{"drone-runner-docker"}},
		{"gliderlabs/registrator", []string{"registrator"}},
		{"grafana/k6", []string{"k6"}},
		{"hashicorp/consul-template", []string{"consul-template"}},
		{"hashicorp/envconsul", []string{"envconsul"}},
		{"hashicorp/nomad", []string{"nomad"}},
		{"itzg/entrypoint-demoter", []string{"entrypoint-demoter"}},
		{"itzg/mc-server-runner", []string{"mc-server-runner"}},
		{"jwilder/dockerize", []string{"dockerize"}},
		{"mattn/goreman", []string{"goreman"}},
		{"mcuadros/ofelia", []string{"ofelia"}},
		{"moby/buildkit", []string{"buildkitd", "buildctl"}},
		{"nginx-proxy/docker-gen", []string{"docker-gen"}},
		{"rootless-containers/rootlesskit", []string{"rootlesskit"}},
		{"webdevops/go-crond", []string{"go-crond"}},
		{"woodpecker-ci/woodpecker", []string{"woodpecker-server", "woodpecker-agent"}},
	}
}
