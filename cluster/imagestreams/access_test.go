package imagestreams

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/initguard/initguard/imageinspect"
)

// judge answers reviews and keeps the last.
type judge struct {
	allowed, denied bool
	fails           error
	asked           int
	last            authorizationv1.SubjectAccessReviewSpec
}

func (j *judge) Review(_ context.Context, r *authorizationv1.SubjectAccessReview) (*authorizationv1.SubjectAccessReview, error) {
	j.asked++
	j.last = r.Spec
	if j.fails != nil {
		return nil, j.fails
	}
	r.Status.Allowed, r.Status.Denied = j.allowed, j.denied
	return r, nil
}

func TestMayPull(t *testing.T) {
	for _, test := range []struct {
		name string
		j    judge
		why  string
		ttl  time.Duration
	}{
		{"allowed", judge{allowed: true}, "", AnswerTTL},
		{"not allowed", judge{}, "ServiceAccount default of namespace a may not get imagestreams/layers there", AnswerTTL},
		{"denied by one authorizer", judge{allowed: true, denied: true}, "may not get", AnswerTTL},
		{"forbidden", judge{fails: apierrors.NewForbidden(schema.GroupResource{Resource: "subjectaccessreviews"}, "", nil)}, "manifests/components/internal-registry", AnswerTTL},
		{"failed", judge{fails: errors.New("secret detail")}, "could not say", FailedTTL},
	} {
		t.Run(test.name, func(t *testing.T) {
			now := time.Unix(1_700_000_000, 0)
			a, err := New(&test.j, func() (string, error) { return "token", nil }, func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}
			ask := func() {
				t.Helper()
				err := a.MayPull(t.Context(), imageinspect.Query{Namespace: "a"}, "shop", "web")
				if (err == nil) != (test.why == "") || err != nil && (!strings.Contains(err.Error(), test.why) || strings.Contains(err.Error(), "secret")) {
					t.Errorf("error %v, want %q", err, test.why)
				}
			}
			ask()
			ask()
			if test.j.asked != 1 {
				t.Errorf("asked %d times within its time", test.j.asked)
			}
			now = now.Add(test.ttl)
			ask()
			if test.j.asked != 2 {
				t.Errorf("asked %d times after its time", test.j.asked)
			}
			got := test.j.last
			if got.User != "system:serviceaccount:a:default" || strings.Join(got.Groups, " ") != "system:serviceaccounts system:serviceaccounts:a system:authenticated" {
				t.Errorf("asked for %s in %v", got.User, got.Groups)
			}
			if r := got.ResourceAttributes; r.Namespace != "shop" || r.Name != "web" || r.Verb != "get" || r.Resource+"/"+r.Subresource != "imagestreams/layers" || r.Group != "image.openshift.io" {
				t.Errorf("asked about %+v", *r)
			}
		})
	}
}

// TestAnswersAreNotMixedUp: another account, namespace or stream is another
// question.
func TestAnswersAreNotMixedUp(t *testing.T) {
	j := &judge{allowed: true}
	a, err := New(j, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct{ namespace, account, in, stream string }{
		{"a", "", "shop", "web"}, {"a", "other", "shop", "web"}, {"b", "", "shop", "web"}, {"a", "", "desk", "web"}, {"a", "", "shop", "app"},
	} {
		before := j.asked
		if err := a.MayPull(t.Context(), imageinspect.Query{Namespace: q.namespace, ServiceAccount: q.account}, q.in, q.stream); err != nil || j.asked != before+1 {
			t.Errorf("%+v: asked %d times: %v", q, j.asked-before, err)
		}
	}
}
