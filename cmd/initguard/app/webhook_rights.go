package app

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/cluster/imagestreams"
	"github.com/initguard/initguard/cluster/pullsecrets"
	"github.com/initguard/initguard/imageinspect/registry"
)

// rightsOfPods has images read with the rights of the pods that they are for.
func rightsOfPods(o *registry.Options, cluster *rest.Config) error {
	api, err := pullsecrets.NewAPI(cluster)
	if err != nil {
		return err
	}
	if o.PullSecrets, err = pullsecrets.New(api, nil); err != nil {
		return err
	}
	reviewer, err := imagestreams.NewReviewer(cluster)
	if err != nil {
		return err
	}
	o.ImageStreams, err = imagestreams.New(reviewer, func() (string, error) { return ownToken(cluster) }, nil)
	return err
}

// ownToken is initguard's own token for the API server. That of a pod is
// replaced every hour or so, so that its file is read each time.
func ownToken(cluster *rest.Config) (string, error) {
	if cluster.BearerTokenFile == "" {
		if cluster.BearerToken == "" {
			return "", errors.New("initguard has no token of its own: run it in a pod")
		}
		return cluster.BearerToken, nil
	}
	token, err := os.ReadFile(cluster.BearerTokenFile)
	if err != nil {
		return "", fmt.Errorf("initguard's own token: %w", err)
	}
	return strings.TrimSpace(string(token)), nil
}
