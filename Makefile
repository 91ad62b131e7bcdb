# Everything that is done with this repository. It needs Go, git and make, and
# gcc for RACE=1 alone. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# What the targets take, as in `make fuzz FUZZTIME=5m`.
RACE ?=
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
PACKAGES ?= ./...
TESTFLAGS ?=
FUZZTIME ?= 30s
BENCH ?= .
OUT ?= .
PLUGINS ?= $(HOME)/.local/bin
CORPUS ?=
REPOS ?=
CASE ?=
CORPUSFLAGS ?=
ARCH ?= $(shell go env GOARCH)
IMAGE ?= initguard:$(VERSION)
LAYOUT ?= dist/image
BUILDAH ?= buildah
MAIL ?=

# Without cgo no C compiler is needed and binaries are static.
export CGO_ENABLED := 0

MODULES := . tools $(patsubst %/go.mod,%,$(wildcard test/cluster/pins/*/go.mod))
VERSION_VARIABLE := github.com/initguard/initguard/cmd/initguard/app.version
PRODUCT_FLAGS = -trimpath -ldflags='-s -w -X $(VERSION_VARIABLE)=$(VERSION)'
SCANNER_FLAGS = -trimpath -ldflags='-s -w'
IMAGE_ARCHS := amd64 arm64
COMMIT = $(shell git rev-parse HEAD 2>/dev/null)
COMMIT_TIME = $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
TOOL := go tool -modfile=tools/go.mod
# The race detector needs cgo.
GOTEST := $(if $(RACE),CGO_ENABLED=1 )go test$(if $(RACE), -race) -timeout=$(if $(RACE),20m,10m) $(TESTFLAGS)

##@ Use

.PHONY: help
help: ## List the targets.
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Show the main job on a real API server; stays up until Ctrl-C, or not with DEMO_ONCE=1.
	go run ./test/demo

.PHONY: demo-node
demo-node: node ## The same with a node (root, Linux): pods run, and a table shows their zombies.
	go run ./test/demonode

.PHONY: cluster-up
cluster-up: node ## Start a cluster with a node in the background (root, Linux); prints a KUBECONFIG line.
	@go run ./test/cluster/cmd/clusterctl start

.PHONY: cluster-down
cluster-down: ## End the cluster that cluster-up started.
	@go run ./test/cluster/cmd/clusterctl stop

.PHONY: build
build: ## Build bin/initguard and bin/initguard-scanner, static and reproducible; VERSION=v1.2.3 sets the version.
	go build $(PRODUCT_FLAGS) -o bin/initguard ./cmd/initguard
	go build $(SCANNER_FLAGS) -o bin/initguard-scanner ./cmd/initguard/initguard-scanner

# The image's files of one platform. Built by make and by nothing else, so that
# the image can be built without a network.
image-files-%: bin/linux-%/tini-static bin/linux-%/ca-certificates.crt FORCE
	GOOS=linux GOARCH=$* go build $(PRODUCT_FLAGS) -o bin/linux-$*/initguard ./cmd/initguard
	GOOS=linux GOARCH=$* go build $(SCANNER_FLAGS) -o bin/linux-$*/initguard-scanner ./cmd/initguard/initguard-scanner

.PHONY: FORCE
FORCE:

# Debian's, unpacked and not installed: the static tini, and the public CAs by
# which registries are known. debian-packages says which versions they are.
.PRECIOUS: bin/linux-%/tini-static bin/linux-%/ca-certificates.crt
bin/linux-%/tini-static:
	$(call debian,tini,$*)
	cp bin/linux-$*/tini/usr/share/doc/tini/copyright bin/linux-$*/tini-copyright
	cp bin/linux-$*/tini/usr/bin/tini-static $@
	rm -r bin/linux-$*/tini

bin/linux-%/ca-certificates.crt:
	$(call debian,ca-certificates,$*)
	cp bin/linux-$*/ca-certificates/usr/share/doc/ca-certificates/copyright bin/linux-$*/ca-certificates-copyright
	cat bin/linux-$*/ca-certificates/usr/share/ca-certificates/mozilla/*.crt > $@
	rm -r bin/linux-$*/ca-certificates

# debian unpacks the package $(1) of the architecture $(2), from the machine's own
# sources, whose list of another architecture's packages is kept apart.
define debian
	@mkdir -p bin/linux-$(2)/$(1)
	cd bin/linux-$(2)/$(1) && options=(-q -o APT::Sandbox::User=root); \
	if [ '$(2)' != "$$(dpkg --print-architecture)" ]; then \
		mkdir -p apt/state/lists/partial apt/cache/archives/partial && touch apt/status; \
		options+=(-o APT::Architecture=$(2) -o APT::Architectures=$(2) -o Dir::State="$$PWD/apt/state" -o Dir::State::status="$$PWD/apt/status" -o Dir::Cache="$$PWD/apt/cache"); \
		apt-get "$${options[@]}" update; \
	fi; \
	apt-get "$${options[@]}" download $(1); \
	dpkg-deb -x $(1)_*.deb . && dpkg-deb -W --showformat='$${Package} $${Version} $${Architecture}\n' $(1)_*.deb > ../$(1).version
endef

# The same commit makes the same image: times are the commit's, and buildah adds
# no name of its own.
BUD = $(BUILDAH) bud --timestamp '$(COMMIT_TIME)' --identity-label=false \
	--label 'org.opencontainers.image.version=$(VERSION)' --label 'org.opencontainers.image.revision=$(COMMIT)'

.PHONY: image
image: image-files-$(ARCH) ## Build the image IMAGE (initguard:VERSION) for ARCH (this machine's) out of bin/ with Debian's buildah.
	$(BUD) --platform 'linux/$(ARCH)' --tag '$(IMAGE)' .

.PHONY: image-index
image-index: $(addprefix image-files-,$(IMAGE_ARCHS)) ## The same for amd64 and arm64 under one name; LAYOUT (dist/image) holds it as an OCI layout.
	@$(BUILDAH) manifest rm '$(IMAGE)' >/dev/null 2>&1 || true
	for arch in $(IMAGE_ARCHS); do $(BUD) --platform "linux/$$arch" --manifest '$(IMAGE)' .; done
	@rm -rf '$(LAYOUT)' && mkdir -p '$(dir $(LAYOUT))'
	$(BUILDAH) manifest push --all '$(IMAGE)' 'oci:$(LAYOUT):$(VERSION)'

# What a release holds, beside install.yaml and the image: the command for
# everyone's machine, and the scanner's own for Linux.
RELEASE_PLATFORMS := darwin/amd64 darwin/arm64 windows/amd64 # beside the image's
RELEASE_IMAGE ?= ghcr.io/initguard/initguard
RELEASE_FLAGS ?=

.PHONY: release
release: ## Write all files of a release into dist/: programs, install.yaml, the image, bill of materials, provenance, checksums.
	@[ -z "$$(git status --porcelain)" ] || { echo 'there are changes that no commit holds; a release is of a commit' >&2; exit 1; }
	rm -rf dist && mkdir dist
	$(MAKE) image-index LAYOUT=dist/image
	for platform in $(RELEASE_PLATFORMS); do \
		os=$${platform%/*} arch=$${platform#*/}; suffix=; [ $$os != windows ] || suffix=.exe; \
		GOOS=$$os GOARCH=$$arch go build $(PRODUCT_FLAGS) -o "dist/initguard_$${os}_$$arch$$suffix" ./cmd/initguard; \
	done
	for arch in $(IMAGE_ARCHS); do for program in initguard initguard-scanner; do \
		cp "bin/linux-$$arch/$$program" "dist/$${program}_linux_$$arch"; \
	done; done
	sed 's#image: initguard$$#image: $(RELEASE_IMAGE):$(VERSION)#' manifests/install.yaml >dist/install.yaml
	go run ./release -version '$(VERSION)' -commit '$(COMMIT)' -time '$(COMMIT_TIME)' $(RELEASE_FLAGS)

.PHONY: install-plugin
install-plugin: build ## Copy it into PLUGINS (~/.local/bin) as kubectl-initguard, with completion.
	install -D -m 0755 bin/initguard '$(PLUGINS)/kubectl-initguard'
	ln -sf kubectl-initguard '$(PLUGINS)/kubectl_complete-initguard'

##@ Test

.PHONY: test
test: control-plane prometheus ## Run all tests, against a real API server too; RACE=1 with the race detector (needs gcc).
	$(GOTEST) $(PACKAGES)

.PHONY: control-plane
control-plane: ## Build etcd, kube-apiserver and kubectl into the user's cache, once a version.
	go run ./test/cluster/cmd/clusterctl build

.PHONY: prometheus
prometheus: ## Build Prometheus and promtool, on which alerts and panels are tested, into the user's cache, once a version.
	@for name in prometheus promtool; do env -u KUBEBUILDER_ASSETS go run ./test/cluster/cmd/clusterctl path $$name >/dev/null; done

# A pod is one parallel test that mostly waits.
.PHONY: e2e
e2e: root node prometheus ## Run pods on a real node and count their zombies; needs root and Linux.
	go test -tags=e2e -count=1 -timeout=20m -parallel=48 $(TESTFLAGS) ./test/e2e ./test/alertmanager ./test/mailserver
	go test -tags=e2e -count=1 -timeout=10m -run '^TestAlertsArrive$$' $(TESTFLAGS) ./test/monitoring

.PHONY: e2e-full
e2e-full: root node ## Run all images of the injection, not a sample, and write the matrix of docs/injection.md.
	go test -tags=e2e -count=1 -timeout=30m -parallel=48 $(TESTFLAGS) -run '^TestInjection$$' ./test/e2e -full -update

.PHONY: root
root:
	@[ "$$(uname -s)" = Linux ] || { echo 'needs Linux: it runs a real Kubernetes node' >&2; exit 1; }
	@[ "$$(id -u)" = 0 ] || { echo 'needs root: it runs a real Kubernetes node; try: sudo -E env "PATH=$$PATH" make $(MAKECMDGOALS)' >&2; exit 1; }
	@for program in ip nft runc; do command -v $$program >/dev/null || \
		{ echo "needs $$program: apt-get install containernetworking-plugins iproute2 nftables runc" >&2; exit 1; }; done
	@[ -x /usr/lib/cni/bridge ] || { echo 'needs /usr/lib/cni/bridge: apt-get install containernetworking-plugins' >&2; exit 1; }

.PHONY: node
node: root ## Build a node's programs (kubelet, containerd ...) into the user's cache, once a version.
	@go run ./test/cluster/cmd/clusterctl -node build

.PHONY: cover
cover: control-plane ## Run all tests and write bin/cover.html.
	@mkdir -p bin
	$(GOTEST) -coverpkg=./... -coverprofile=bin/cover.out $(PACKAGES)
	go tool cover -html=bin/cover.out -o bin/cover.html
	go tool cover -func=bin/cover.out | tail -n 1

.PHONY: fuzz
fuzz: ## Run every fuzz test for FUZZTIME (30s).
	@grep -rlE --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u | while read -r dir; do \
		grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | cut -d' ' -f2 | while read -r name; do \
			echo "== $$dir $$name"; \
			go test -run='^$$' -fuzz="^$$name\$$" -fuzztime=$(FUZZTIME) "$$dir" </dev/null; \
		done; \
	done

.PHONY: bench
bench: ## Run the benchmarks whose names match BENCH (all).
	go test -run='^$$' -bench='$(BENCH)' -benchmem $(PACKAGES)

.PHONY: bench-scan
bench-scan: ## Measure a scan of /proc beside a loop in C and node_exporter; needs root, Linux and gcc.
	go run ./test/benchscan $(BENCHFLAGS)

.PHONY: bench-collector
bench-collector: ## Measure what it costs the responder to ask 5,000 nodes once a minute, over real TLS; Linux.
	go run ./bench/collector $(BENCHFLAGS)

.PHONY: bench-admission
bench-admission: control-plane ## Measure admission requests beside the Pod Security webhook; BENCHFLAGS='-images 10000' measures memory.
	go run ./bench/admission $(BENCHFLAGS)

.PHONY: bench-availability
bench-availability: control-plane ## Count what 100 applies a second lose while the webhook is restarted, killed or renewed (six minutes); writes docs/availability.md.
	go run ./bench/availability -write docs/availability.md $(BENCHFLAGS)

.PHONY: measure
measure: ## Measure what real programs do as PID 1 and print differences; needs root.
	go run ./test/measure $(MEASUREFLAGS)

.PHONY: measure-sample
measure-sample: ## Measure the fixed sample and fail where a program does something else; needs root.
	go run ./test/measure -sample -j 12

.PHONY: corpus
corpus: ## Judge the labelled images in CORPUS (a file) with the scripts in REPOS (a folder of git repositories); CASE=part-of-an-id for some.
	@go run ./test/corpus -corpus '$(CORPUS)' -repos '$(REPOS)' $(if $(CASE),-run '$(CASE)' -v) $(CORPUSFLAGS)

##@ Keep in order

.PHONY: verify
verify: verify-format verify-modules verify-repo verify-generated verify-vet verify-lint ## All checks below.
	@echo 'verify: all is well'

.PHONY: verify-format
verify-format: ## gofmt has nothing to change.
	@files=$$(gofmt -l .); [ -z "$$files" ] || { printf 'run make format:\n%s\n' "$$files" >&2; exit 1; }

.PHONY: verify-modules
verify-modules: ## Every go.mod is tidy.
	@for dir in $(MODULES); do \
		(cd "$$dir" && go mod tidy -diff) || { echo "$$dir/go.mod: run go mod tidy there" >&2; exit 1; }; \
	done

.PHONY: verify-repo
verify-repo: ## The rooms' arrows, file lengths, links and the list of dependencies.
	go test ./test/arch ./test/repo

.PHONY: verify-generated
verify-generated: ## make update has nothing to change.
	@fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(MAKE) update OUT="$$fresh"; \
	for name in $(GENERATED); do \
		diff -ruN "$$name" "$$fresh/$$name" || { echo "$$name: run make update" >&2; exit 1; }; \
	done

.PHONY: update-keyring
update-keyring: ## Ask the kubelet's own code how it chooses pull secrets, for the tests (a minute).
	go run -modfile=test/cluster/pins/kubernetes/go.mod ./imageinspect/registry/keyring/testdata/kubelet \
		>imageinspect/registry/keyring/testdata/kubelet.jsonl 2>/dev/null

.PHONY: update-mail-picture
update-mail-picture: root ## Send a mail by a real mail server and write docs/mail.png as a browser shows it; MAIL=FILE for one that arrived (root, Debian's chromium).
	go run ./test/mailpicture $(if $(MAIL),-mail '$(MAIL)') -out docs/mail.png

.PHONY: verify-vet
verify-vet: ## go vet, with all its checks.
	go vet ./...
	GOOS=linux go vet -tags=e2e ./test/e2e ./test/alertmanager ./test/mailserver ./test/monitoring

.PHONY: verify-lint
verify-lint: ## golangci-lint, as .golangci.yml says; building it takes minutes the first time.
	$(TOOL) golangci-lint run

.PHONY: format
format: ## Run gofmt on everything.
	gofmt -w .

.PHONY: fix
fix: format ## Let the linters mend what they can.
	$(TOOL) golangci-lint run --fix

# What update writes: files, and folders that hold nothing else. Each generator
# writes below OUT.
GENERATED := docs/reapers.md docs/cli docs/metrics.md api/v1alpha1/zz_generated.deepcopy.go manifests/crds/initguard.dev_zombiereports.yaml manifests/install.yaml

.PHONY: update
update: ## Write the generated files anew, below OUT (the repository).
	@mkdir -p '$(OUT)/docs/cli'
	go run ./test/measure -docs '$(OUT)/docs/reapers.md'
	go run ./cmd/initguard/gendocs -metrics '$(OUT)/docs/metrics.md' '$(OUT)/docs/cli'
	$(TOOL) controller-gen object crd paths=./api/v1alpha1 'output:object:dir=$(OUT)/api/v1alpha1' 'output:crd:dir=$(OUT)/manifests/crds'
	$(MAKE) manifests OUT='$(OUT)'

.PHONY: manifests
manifests: ## Write manifests/install.yaml, the default overlay in one file, below OUT (the repository).
	@mkdir -p '$(OUT)/manifests'
	"$$(go run ./test/cluster/cmd/clusterctl path kubectl)" kustomize manifests/overlays/default >'$(OUT)/manifests/install.yaml'

.PHONY: tools
tools: ## Build the tools, so that the first verify is quick.
	$(TOOL) golangci-lint version

.PHONY: clean
clean: ## Remove what was built here; caches outside stay.
	rm -rf bin dist
