package app

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cluster/observed"
)

// observedPageSize is how many reports one answer of the API server holds: one
// takes up to 400 KiB.
const observedPageSize = 50

// observations reads where zombies were seen. A cluster without ZombieReports has
// none; that they may not be read is a problem.
func (c *callersCluster) observations(ctx context.Context, namespace string, found *running) (*observed.Index, error) {
	index := observed.NewIndex(nil)
	for next := ""; ; {
		var list v1alpha1.ZombieReportList
		err := c.reportsPage(ctx, &list, client.InNamespace(namespace), client.Limit(observedPageSize), client.Continue(next))
		switch {
		case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
			return index, nil
		case apierrors.IsForbidden(err):
			found.problems = append(found.problems, fmt.Sprintf("you may not list zombiereports.initguard.dev %s: risk observed is not known", inWhere(namespace)))
			return index, nil
		case err != nil:
			return nil, fmt.Errorf("list zombiereports %s: %w", inWhere(namespace), err)
		}
		for i := range list.Items {
			index.Put(&list.Items[i])
		}
		if next = list.Continue; next == "" {
			return index, nil
		}
	}
}

func (c *callersCluster) reportsPage(ctx context.Context, list *v1alpha1.ZombieReportList, options ...client.ListOption) error {
	ctx, cancel := context.WithTimeout(ctx, requestMost)
	defer cancel()
	return c.client.List(ctx, list, options...) //nolint:wrapcheck // The caller says what was read.
}
