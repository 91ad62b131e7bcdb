package registry

import (
	"errors"
	"reflect"
	"runtime"
	"testing"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/imagetest"
)

// TestWaysAreRemembered: over which links a file was found, or not found, is
// known as long as the file is: the next pod may mount something there.
func TestWaysAreRemembered(t *testing.T) {
	r := imagetest.New(t, imagetest.Options{})
	s := node("")
	s.Layers = []imagetest.Layer{imagetest.Files(
		imagetest.Symlink("app", "opt/app"), imagetest.Symlink("made", "/data/made"), imagetest.Program("opt/app/run", "#!/bin/sh"),
	)}
	r.MustPush(t, "web:1", s)
	c := newClient(t, r, nil)
	app := []imageinspect.Link{{From: "/app", To: "/opt/app"}}
	made := []imageinspect.Link{{From: "/made", To: "/data/made"}}
	want := map[string]imageinspect.Way{
		"/opt/app/run": {Links: app}, "/app/run": {Over: []string{"/app", "/opt/app/run"}, Links: app},
		"/made": {Over: []string{"/data/made"}, Links: made}, "/made/x": {Over: []string{"/made", "/data/made/x"}, Links: made}, "/nothing": {},
	}
	for _, held := range []string{"read", "remembered"} {
		images := inspect(t, c, query(r, "web:1"))
		for path, way := range want {
			f, err := fileOf(t, images, path)
			if err != nil && !errors.Is(err, imageinspect.ErrNoFile) || !reflect.DeepEqual(f.Way, way) {
				t.Errorf("%s, %s: %+v, %v; want %+v", path, held, f.Way, err, way)
			}
		}
		r.ResetCounts()
		runtime.GC() // nobody holds the layers any more
		runtime.GC()
	}
	if n := r.Counts()[imagetest.GetBlob]; n != 0 {
		t.Errorf("%d blobs were read again", n)
	}
}
