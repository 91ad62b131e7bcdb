package identity

// goPrograms are known programs that Go built.
func goPrograms() []program {
	return []program{
		{
			// tianon/gosu, main.go, 1.10 to 1.19. Old releases were
			// built outside of a module. Debian's gosu 1.14-1:
			//        {{ .Self }} nobody:root bash -c 'whoami && id'
			name:      "gosu",
			golang:    true,
			goPackage: "github.com/tianon/gosu",
			all: []string{
				"https://github.com/tianon/gosu",
				"nobody:root bash -c 'whoami && id'",
			},
			most: 8 * mib,
		},
	}
}

// reapers are ends of names that Go functions have which wait for any child.
// Of 86 Go programs of Debian, Kubernetes and Google's SDK only containerd's
// shims have one, and those reap; kubelet, dockerd, podman and terraform don't.
func reapers() []string {
	return []string{
		// github.com/ramr/go-reaper and github.com/ochinchina/go-reaper,
		// github.com/hashicorp/go-reap (remco, coder), and many a main.
		".reapChild", ".ReapChild",
		// github.com/openshift/library-go/pkg/proc (OpenShift's router),
		// k8s.io/kube-state-metrics/v2/pkg/util/proc.
		".StartReaper", ".startReaper",
		// github.com/containerd/containerd/v2/pkg/sys/reaper (shims).
		"/sys/reaper.Reap",
		// github.com/ochinchina/supervisord, github.com/pablo-ruth/go-init.
		".ReapZombie", ".reapZombie", ".removeZombies",
	}
}
