// Package openshift stands for what an OpenShift cluster has and the test cluster
// lacks: stubs of its kinds, and what its service CA does. No code of OpenShift
// runs here, so that a test with it shows what initguard does when a cluster
// behaves as OpenShift's documentation says, and not that one does.
package openshift

import (
	_ "embed"
)

// SCC is the kind SecurityContextConstraints as a cluster without OpenShift can
// have it: its fields by name and type, so that a wrong one is refused. Nothing
// acts on it.
//
//go:embed scc.yaml
var SCC string

// DeploymentConfig is that kind, with any fields. Nothing acts on it.
//
//go:embed deploymentconfig.yaml
var DeploymentConfig string
