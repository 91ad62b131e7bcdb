package registry

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestDamagedLayersOnDisk: layers that are missing, changed or no files.
func TestDamagedLayersOnDisk(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(t *testing.T, blob string)
		want   string
	}{
		{"missing", func(t *testing.T, blob string) { t.Helper(); must(t, os.Remove(blob)) }, "a layer could not be read"},
		{"changed", func(t *testing.T, blob string) { t.Helper(); must(t, os.WriteFile(blob, nil, 0o600)) }, "a layer is not what its digest says"},
		{"a folder", func(t *testing.T, blob string) {
			t.Helper()
			must(t, os.Remove(blob))
			must(t, os.Mkdir(blob, 0o700))
		}, "a layer could not be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			image := build(t, distro())
			must(t, newLayout(t, dir).AppendImage(image))
			layers, err := image.Layers()
			must(t, err)
			blob := blobOf(t, layout.Path(dir), layers[1])
			must(t, os.Chmod(blob, 0o600))
			tc.damage(t, blob)
			s, err := Open("oci:" + dir)
			must(t, err)
			images, err := s.Inspect(t.Context(), imageinspect.Query{})
			must(t, err)
			if got := unread(t, images, "/run.sh"); got.Reason != tc.want {
				t.Errorf("reason = %q, want %q", got, tc.want)
			}
		})
	}
}

func blobOf(t *testing.T, dir layout.Path, l v1.Layer) string {
	t.Helper()
	digest, err := l.Digest()
	must(t, err)
	return filepath.Join(string(dir), "blobs", digest.Algorithm, digest.Hex)
}

// TestLayerFaults: what a registry may do to a layer.
func TestLayerFaults(t *testing.T) {
	for _, tc := range []struct {
		name    string
		fault   imagetest.Fault
		reason  string
		cause   string
		lasting bool
	}{
		{"404", imagetest.Status(404), textNotRead, "status 404", false},
		{"401", imagetest.Status(401), textNotRead, "status 401", false},
		{"500", imagetest.Status(500), textNotRead, "status 500", false},
		{"hang", imagetest.Hang(), "the layers could not be read in time", "", false},
		{"cut short", imagetest.Truncate(), textNotRead, "larger than", false},
		{"other content", imagetest.Body("", ""), "a layer is not what its digest says", "", true},
		{"garbage", imagetest.Body("", "canary"), "a layer is damaged or no archive", "", true},
		{"larger than it says", imagetest.Stream(gib, true), textNotRead, "larger than", false},
		{"endless", imagetest.Stream(gib, false), textNotRead, "larger than", false},
		{"redirect to metadata", imagetest.Redirect("https://169.254.169.254/latest"), textNotRead, "metadata", false},
		{"redirect loop", imagetest.RedirectLoop(), textNotRead, "5 redirects", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", distro())
			c := newClient(t, r, func(o *Options) {
				if tc.name == "hang" {
					o.Timeout = 100 * time.Millisecond
				}
			})
			images := inspect(t, c, query(r, "web:1"))
			r.Break(imagetest.On(tc.fault, imagetest.GetBlob))
			got := unread(t, images, "/run.sh")
			if got.Reason != tc.reason || got.Lasting != tc.lasting {
				t.Errorf("error = %+v, want %q, lasting %v", got, tc.reason, tc.lasting)
			}
			if tc.cause != "" && (got.Cause == nil || !strings.Contains(got.Cause.Error(), tc.cause)) {
				t.Errorf("cause = %v, want %q", got.Cause, tc.cause)
			}
		})
	}
}

// TestLayerFailuresAreRemembered for a while, or for good where the image is to
// blame.
func TestLayerFailuresAreRemembered(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault imagetest.Fault
		held  time.Duration
		over  time.Duration // 0: for good
		all   bool          // other images too
	}{
		{"500", imagetest.Status(500), 14 * time.Second, 2 * time.Second, false},
		{"429 for 2 minutes", imagetest.Status(429, "Retry-After", "120"), 119 * time.Second, 2 * time.Second, true},
		{"garbage", imagetest.Body("", "canary"), time.Hour, 0, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := imagetest.New(t, imagetest.Options{})
			r.MustPush(t, "web:1", distro())
			r.MustPush(t, "web:2", node("linux/arm64"))
			clock := newClock()
			c := newClient(t, r, func(o *Options) { o.Now, o.TagTTL = clock.Now, 24*time.Hour })
			images := inspect(t, c, query(r, "web:1"))
			r.Break(imagetest.On(tc.fault, imagetest.GetBlob))
			first := unread(t, images, "/run.sh")
			r.Break(nil)
			r.ResetCounts()
			clock.Advance(tc.held)
			images = inspect(t, c, query(r, "web:1"))
			if again := unread(t, images, "/run.sh"); again.Reason != first.Reason {
				t.Errorf("remembered %q, want %q", again, first)
			}
			if tc.all {
				fails(t, c, query(r, "web:2", "linux/arm64"))
			}
			if len(r.Counts()) != 0 {
				t.Errorf("asked again: %v", r.Counts())
			}
			if tc.over == 0 {
				return
			}
			clock.Advance(tc.over + liveTTL)
			checkDistro(t, inspect(t, c, query(r, "web:1")))
		})
	}
}

// TestBodiesAreClosed: a stream that is cut gives its connection back.
func TestBodiesAreClosed(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	r.MustPush(t, "web:1", distro())
	c := newClient(t, r, nil)
	images := inspect(t, c, query(r, "web:1"))
	ended := make(chan struct{})
	r.Break(imagetest.On(func(w http.ResponseWriter, req *http.Request) bool {
		defer close(ended)
		// Content-Length is missing: nothing but leaving ends it.
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil || req.Context().Err() != nil {
				return true
			}
		}
	}, imagetest.GetBlob))
	if got := unread(t, images, "/run.sh"); got.Reason != textNotRead {
		t.Errorf("reason = %q", got)
	}
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("the connection is still open")
	}
}
