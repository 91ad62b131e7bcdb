package responder

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/initguard/initguard/api/v1alpha1"
)

// Store keeps reports. Update and Delete fail where the report is no longer the
// one that was read, with the API server's own errors.
type Store interface {
	List(ctx context.Context) ([]v1alpha1.ZombieReport, error)
	Get(ctx context.Context, k Key) (*v1alpha1.ZombieReport, error)
	Create(ctx context.Context, r *v1alpha1.ZombieReport) error
	Update(ctx context.Context, r *v1alpha1.ZombieReport) error
	Delete(ctx context.Context, r *v1alpha1.ZombieReport) error
}

// pageSize is how many reports are listed at a time.
const pageSize = 500

// APIStore keeps them in the API server. Its client must not read from a cache:
// what was just written has to be there.
type APIStore struct{ Client client.Client }

// List reads all reports.
func (a APIStore) List(ctx context.Context) ([]v1alpha1.ZombieReport, error) {
	var all []v1alpha1.ZombieReport
	for next := ""; ; {
		var page v1alpha1.ZombieReportList
		if err := a.listPage(ctx, &page, next); err != nil {
			return nil, fmt.Errorf("list reports: %w", err)
		}
		all = append(all, page.Items...)
		if next = page.Continue; next == "" {
			return all, nil
		}
	}
}

func (a APIStore) listPage(ctx context.Context, page *v1alpha1.ZombieReportList, next string) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	return a.Client.List(ctx, page, client.Limit(pageSize), client.Continue(next))
}

// Get reads one report.
func (a APIStore) Get(ctx context.Context, k Key) (*v1alpha1.ZombieReport, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	r := new(v1alpha1.ZombieReport)
	return r, a.Client.Get(ctx, nameOf(k), r)
}

// Create makes a report.
func (a APIStore) Create(ctx context.Context, r *v1alpha1.ZombieReport) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	return a.Client.Create(ctx, r)
}

// Update replaces the report that was read, and fails where somebody else did.
func (a APIStore) Update(ctx context.Context, r *v1alpha1.ZombieReport) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	return a.Client.Update(ctx, r)
}

// Delete deletes the report that was read.
func (a APIStore) Delete(ctx context.Context, r *v1alpha1.ZombieReport) error {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	uid, version := r.UID, r.ResourceVersion
	return a.Client.Delete(ctx, r, client.Preconditions(metav1.Preconditions{UID: &uid, ResourceVersion: &version}))
}

func nameOf(k Key) client.ObjectKey { return client.ObjectKey{Namespace: k.Namespace, Name: k.Name} }
