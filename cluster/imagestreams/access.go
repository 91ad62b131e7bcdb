// Package imagestreams asks who may pull from OpenShift's internal registry.
// The registry itself asks the same of whoever logs in; initguard logs in with
// its own token and asks for the pod's ServiceAccount, so that it needs none of
// the pod's secrets.
package imagestreams

import (
	"context"
	"errors"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/initguard/initguard/cluster/kubeapi"
	"github.com/initguard/initguard/cluster/memo"
	"github.com/initguard/initguard/imageinspect"
)

// How long an answer holds, and one that could not be had.
const (
	AnswerTTL = 30 * time.Second
	FailedTTL = 5 * time.Second
)

const (
	maxRemembered = 8192
	maxBytes      = 4 << 20
)

// Reviewer asks the API server whether somebody may do something.
type Reviewer interface {
	Review(ctx context.Context, review *authorizationv1.SubjectAccessReview) (*authorizationv1.SubjectAccessReview, error)
}

// Access says who may pull. It is safe for concurrent use.
type Access struct {
	reviewer Reviewer
	token    func() (string, error)
	answers  *memo.Memo[key, string] // why not; empty when it may
}

// key is a ServiceAccount and an image stream.
type key struct{ namespace, account, streamNamespace, stream string }

// New makes an Access. token reads initguard's own token anew each time; now is
// the clock, and nil means time.Now.
func New(reviewer Reviewer, token func() (string, error), now func() time.Time) (*Access, error) {
	a := &Access{reviewer: reviewer, token: token}
	answers, err := memo.New(memo.Options[key, string]{
		Read: a.review, Owner: func(k key) string { return k.namespace },
		Size: maxRemembered, MaxWeight: maxBytes, Weigh: func(why string) int { return 384 + len(why) }, Now: now,
	})
	if err != nil {
		return nil, fmt.Errorf("access to image streams: %w", err)
	}
	a.answers = answers
	return a, nil
}

// Token is initguard's own.
func (a *Access) Token() (string, error) { return a.token() }

// MayPull is nil when the query's ServiceAccount may pull the image stream. Its
// error says for the platform why not, or is that of ctx.
func (a *Access) MayPull(ctx context.Context, q imageinspect.Query, namespace, name string) error {
	k := key{namespace: q.Namespace, account: q.ServiceAccount, streamNamespace: namespace, stream: name}
	if k.account == "" {
		k.account = "default"
	}
	answers, err := a.answers.Get(ctx, k)
	if err != nil {
		return fmt.Errorf("access to image streams: %w", err)
	}
	if answers[0] != "" {
		return errors.New(answers[0])
	}
	return nil
}

// review asks for the right that the role system:image-puller gives, which is
// what the registry looks for in whoever pulls.
func (a *Access) review(ctx context.Context, k key) (why string, holds time.Duration) {
	answer, err := a.reviewer.Review(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:   "system:serviceaccount:" + k.namespace + ":" + k.account,
			Groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + k.namespace, "system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: k.streamNamespace, Name: k.stream, Verb: "get",
				Group: "image.openshift.io", Resource: "imagestreams", Subresource: "layers",
			},
		},
	})
	switch {
	case apierrors.IsForbidden(err):
		return "initguard may not ask who may pull: apply manifests/components/internal-registry", AnswerTTL
	case err != nil:
		return "the API server could not say whether the ServiceAccount may pull", FailedTTL
	case !answer.Status.Allowed || answer.Status.Denied:
		return fmt.Sprintf("ServiceAccount %s of namespace %s may not get imagestreams/layers there: give it the role system:image-puller", k.account, k.namespace), AnswerTTL
	default:
		return "", AnswerTTL
	}
}

// NewReviewer makes the Reviewer of a cluster.
func NewReviewer(cluster *rest.Config) (Reviewer, error) {
	client, err := kubeapi.New(cluster, authorizationv1.SchemeGroupVersion, authorizationv1.AddToScheme)
	if err != nil {
		return nil, err
	}
	return reviewer{client}, nil
}

type reviewer struct{ client rest.Interface }

// Review sends one SubjectAccessReview.
func (r reviewer) Review(ctx context.Context, review *authorizationv1.SubjectAccessReview) (*authorizationv1.SubjectAccessReview, error) {
	answer := &authorizationv1.SubjectAccessReview{}
	err := r.client.Post().Resource("subjectaccessreviews").Body(review).Do(ctx).Into(answer)
	return answer, err
}
