package advice

import "slices"

// distribution is how an image of a Linux distribution gets an init.
type distribution struct {
	// ids are the values of ID in os-release.
	ids []string
	// manager is the package manager, empty where no package is used.
	manager string
	// install are the lines of a Dockerfile that bring the init; init is where
	// it lies then.
	install, init string
}

// distributions are those that have an init of their own in the repositories
// that their images are set up with, or one step away. docs/fixes/init.md shows
// the same lines.
//
// Sources: Debian and Ubuntu: packages.debian.org/bookworm/amd64/tini/filelist,
// packages.ubuntu.com (universe). Alpine: pkgs.alpinelinux.org (community),
// path by tini's README. Wolfi: github.com/wolfi-dev/os, tini.yaml. Fedora and
// EPEL 8 and 9: packages.fedoraproject.org/pkgs/tini, tini.spec. Azure Linux:
// github.com/microsoft/azurelinux, SPECS/tini. openSUSE: build.opensuse.org,
// catatonit; tini is in no current Leap (software.opensuse.org/package/tini).
func distributions() []distribution {
	return []distribution{
		{
			ids: []string{"debian", "ubuntu"}, manager: "apt-get", init: "/usr/bin/tini",
			install: "RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*",
		},
		{ids: []string{"alpine"}, manager: "apk", install: "RUN apk add --no-cache tini", init: "/sbin/tini"},
		{ids: []string{"wolfi", "chainguard"}, manager: "apk", install: "RUN apk add --no-cache tini", init: "/usr/bin/tini"},
		{ids: []string{"fedora"}, manager: "dnf", install: "RUN dnf install -y tini && dnf clean all", init: "/usr/bin/tini"},
		{
			ids: []string{"centos", "rocky", "almalinux"}, manager: "dnf, EPEL", init: "/usr/bin/tini",
			install: "RUN dnf install -y epel-release && dnf install -y tini && dnf clean all",
		},
		{ids: []string{"azurelinux", "mariner"}, manager: "tdnf", install: "RUN tdnf install -y tini && tdnf clean all", init: "/usr/bin/tini"},
		{
			ids: []string{"opensuse-leap", "opensuse-tumbleweed", "opensuse"}, manager: "zypper", init: "/usr/bin/catatonit",
			install: "RUN zypper --non-interactive install catatonit && zypper clean --all",
		},
	}
}

// anyDistribution is the way that needs nothing of an image: a static binary,
// copied from a stage of the same platform. It is the one for UBI and RHEL,
// Amazon Linux and SUSE Linux Enterprise, whose own repositories hold no tini,
// and for images of no distribution.
//
// Sources: github.com/krallin/tini/issues/219 (RHEL);
// packages.debian.org/trixie/amd64/tini/filelist holds /usr/bin/tini-static.
func anyDistribution() distribution {
	return distribution{
		install: `# before the image's own FROM
FROM docker.io/library/debian:stable-slim AS init
RUN apt-get update && apt-get install -y --no-install-recommends tini

# in the image's own stage
COPY --from=init /usr/bin/tini-static /usr/local/bin/tini`,
		init: "/usr/local/bin/tini",
	}
}

func distributionOf(id string) distribution {
	for _, d := range distributions() {
		if slices.Contains(d.ids, id) {
			return d
		}
	}
	return anyDistribution()
}
