package desk

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/initguard/initguard/scanner/remedy"
)

// Evict implements Cluster. The request is made once: what is refused is asked
// for again by the desk, not by the client, which would wait here.
func (a *API) Evict(ctx context.Context, t Target, dryRun bool) (Answer, error) {
	uid := types.UID(t.UID)
	eviction := &policyv1.Eviction{
		TypeMeta:      metav1.TypeMeta{APIVersion: policyv1.SchemeGroupVersion.String(), Kind: "Eviction"},
		ObjectMeta:    metav1.ObjectMeta{Namespace: t.Namespace, Name: t.Pod},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}},
	}
	request := a.core.Post().Namespace(t.Namespace).Resource("pods").Name(t.Pod).SubResource("eviction").MaxRetries(0)
	if dryRun {
		eviction.DeleteOptions.DryRun = []string{metav1.DryRunAll}
		request = request.Param("dryRun", metav1.DryRunAll)
	}
	err := request.Body(eviction).Do(ctx).Error()
	if apierrors.IsConflict(err) {
		return a.conflict(ctx, t, err)
	}
	return answer(err)
}

// conflict is the answer where the UID is another one's; other conflicts pass.
func (a *API) conflict(ctx context.Context, t Target, conflict error) (Answer, error) {
	pod, err := a.pod(ctx, t)
	switch {
	case err != nil:
		return Answer{}, err
	case pod == nil:
		return Answer{Reason: remedy.PodGone, Detail: remedy.Printable(conflict.Error())}, nil
	}
	return Answer{}, fmt.Errorf("evict: %w", conflict)
}

// answer reads what the API server said. Where it doesn't say for certain that
// nothing was done, that is an error.
func answer(err error) (Answer, error) {
	if err == nil {
		return Answer{}, nil
	}
	s := status(err)
	a := Answer{Detail: remedy.Printable(err.Error())}
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		a.After = time.Duration(min(seconds, 3600)) * time.Second
	}
	switch {
	case s == nil:
		return a, fmt.Errorf("evict: %w", err)
	case apierrors.IsNotFound(err):
		a.Reason = remedy.PodGone
	case apierrors.IsForbidden(err) && strings.Contains(s.Message, `cannot create resource "pods/eviction"`):
		a.Reason = remedy.NoRight
	case apierrors.HasStatusCause(err, policyv1.DisruptionBudgetCause):
		a.Reason = remedy.DisruptionBudget
	case s.Code == http.StatusInternalServerError && strings.Contains(s.Message, "more than one PodDisruptionBudget"):
		a.Reason = remedy.NotAllowed
	case s.Code == http.StatusTooManyRequests, s.Code == http.StatusRequestTimeout, s.Code < http.StatusBadRequest, s.Code >= http.StatusInternalServerError:
		return a, fmt.Errorf("evict: %w", err)
	default: // an admission webhook, a namespace that ends
		a.Reason = remedy.NotAllowed
	}
	return a, nil
}
