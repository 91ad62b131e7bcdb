package registry

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestRequests counts what is asked of the registry, logins apart.
func TestRequests(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{Username: "bot", Password: "secret", Token: true})
	single := r.MustPush(t, "single:1", node(""))
	r.MustPush(t, "single:2", node(""))
	index := r.MustPush(t, "index:1", node(imagetest.AttestationPlatform), node("linux/arm64"), node("linux/amd64"), node("linux/s390x"))
	cold := func(head, manifests, blobs int) imagetest.Counts {
		return imagetest.Counts{imagetest.HeadManifest: head, imagetest.GetManifest: manifests, imagetest.GetBlob: blobs}
	}
	both := []string{"linux/amd64", "linux/arm64"}
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now = clock.Now })
	for _, tc := range []struct {
		name      string
		image     string
		platforms []string
		wait      time.Duration
		want      imagetest.Counts
	}{
		{"cold tag", "single:1", both, 0, cold(1, 1, 1)},
		{"within the tag's time", "single:1", both, 59 * time.Second, cold(0, 0, 0)},
		{"after the tag's time", "single:1", both, 2 * time.Second, cold(1, 0, 0)},
		{"another tag of a known digest", "single:2", both, 0, cold(1, 0, 0)},
		{"a known digest", "single@" + single, both, 0, cold(1, 0, 0)},
		{"a known digest again", "single@" + single, both, 0, cold(0, 0, 0)},
		{"cold index, two platforms", "index:1", both, 0, cold(1, 3, 2)},
		{"one platform more", "index:1", []string{"linux/s390x"}, 0, cold(0, 1, 1)},
		{"a known index", "index@" + index, both, 0, cold(1, 0, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			clock.Advance(tc.wait)
			r.ResetCounts()
			inspect(t, c, query(r, tc.image, tc.platforms...))
			got := r.Counts()
			for kind, want := range tc.want {
				if got[kind] != want {
					t.Errorf("%s: %d requests, want %d (all: %v)", kind, got[kind], want, got)
				}
			}
		})
	}
}

// TestColdDigestIsProved: a digest is asked for by HEAD whether it is known or
// not, so that the registry's log tells nobody which.
func TestColdDigestIsProved(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	digest := r.MustPush(t, "web:1", node(""))
	r.ResetCounts()
	inspect(t, newClient(t, r, nil), query(r, "web@"+digest))
	if got := r.Counts(); got.Content() != 3 || got[imagetest.HeadManifest] != 1 {
		t.Errorf("%d requests, want 3, one of them HEAD: %v", got.Content(), got)
	}
}

// TestHeadWithoutDigest: some registries answer HEAD without the digest.
func TestHeadWithoutDigest(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	digest := r.MustPush(t, "web:1", node(""))
	r.ResetCounts()
	r.Break(imagetest.On(imagetest.Status(http.StatusOK), imagetest.HeadManifest))
	images := inspect(t, newClient(t, r, nil), query(r, "web:1"))
	if images[0].Digest != digest || r.Counts().Content() != 3 {
		t.Errorf("digest %s, want %s; requests %v, want 3", images[0].Digest, digest, r.Counts())
	}
}

func TestMovedTag(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	clock := newClock()
	c := newClient(t, r, func(o *Options) { o.Now = clock.Now })
	inspect(t, c, query(r, "web:1"))
	r.MustPush(t, "web:1", imagetest.Spec{Entrypoint: []string{"tini"}})
	clock.Advance(time.Minute)
	if got := inspect(t, c, query(r, "web:1"))[0].Config.Entrypoint[0]; got != "tini" {
		t.Errorf("entrypoint after the tag moved = %s, want tini", got)
	}
}

func TestHundredCallersOneInspection(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	r.ResetCounts()
	gate, open := imagetest.Gate()
	r.Break(imagetest.On(gate, imagetest.HeadManifest))
	counts := &tally{}
	c := newClient(t, r, func(o *Options) { o.Observer = counts })
	var callers sync.WaitGroup
	errs := make(chan error, 100)
	for range 100 {
		callers.Go(func() {
			_, err := c.Inspect(t.Context(), query(r, "web:1"))
			errs <- err
		})
	}
	eventually(t, "the inspection reaches the registry", func() bool { return r.Counts()[imagetest.HeadManifest] > 0 })
	open()
	callers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n := r.Counts().Content(); n != 3 {
		t.Errorf("%d requests, want 3: %v", n, r.Counts())
	}
	if got := counts.inspections(); len(got) != 1 || got[0] != "ok" {
		t.Errorf("inspections = %v, want one ok", got)
	}
	if counts.hits+counts.misses != 100 {
		t.Errorf("%d hits and %d misses, want 100 calls", counts.hits, counts.misses)
	}
}

// TestGoesOnInBackground: the caller's deadline passes, the inspection doesn't
// end with it.
func TestGoesOnInBackground(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", node(""))
	gate, open := imagetest.Gate()
	r.Break(gate)
	counts := &tally{}
	c := newClient(t, r, func(o *Options) { o.Observer = counts })
	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := c.Inspect(gone, query(r, "web:1"))
	if got := reason(t, err); got.Code != imageinspect.CodeStillInspecting || got.Text != "still inspecting the image" {
		t.Fatalf("reason = %+v", got)
	}
	open()
	eventually(t, "the inspection ends", func() bool { return len(counts.inspections()) == 1 })
	r.ResetCounts()
	inspect(t, c, query(r, "web:1"))
	if n := len(r.Counts()); n != 0 {
		t.Errorf("the answer was not there: %v", r.Counts())
	}
}

func TestCloseEndsInspections(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.Break(imagetest.Hang())
	c := newClient(t, r, nil)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Inspect(context.Background(), query(r, "web:1"))
		ended <- err
	}()
	eventually(t, "the inspection reaches the registry", func() bool { return len(r.Counts()) > 0 })
	c.Close()
	if got := reason(t, <-ended); got.Code != imageinspect.CodeUnreachable {
		t.Errorf("reason = %+v", got)
	}
}
