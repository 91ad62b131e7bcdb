package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/initguard/initguard/imageinspect"
)

// Bounds on what is read of one image. The first is the size that the OCI
// distribution specification has registries accept at least.
// Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-manifests
const (
	maxManifestBytes = 4 << 20
	maxConfigBytes   = 8 << 20
	// maxList bounds the entries of any list: manifests of an index, words of
	// argv, variables.
	maxList = 4096
	// maxProcessBytes bounds argv and environment, which are what is kept of
	// a config. Linux takes no more than 2 MiB for both, and 128 KiB for one
	// string.
	maxProcessBytes = 256 << 10
)

// entry is one manifest of an index, or the only manifest of an image.
type entry struct {
	digest v1.Hash
	// platform is the zero value when the index doesn't say; the config does.
	platform platform
	// index marks an index within an index.
	index bool
}

// top is what a reference leads to: an index's entries, or one entry.
type top struct {
	// digest is that of the top itself, the zero value where there is none.
	digest  v1.Hash
	entries []entry
	// single is true when the top is itself the manifest of an image.
	single bool
}

// wireManifest holds the fields that tell image, index and schema 1 apart.
type wireManifest struct {
	SchemaVersion int                   `json:"schemaVersion"`
	MediaType     types.MediaType       `json:"mediaType"`
	Config        *wireDescriptor       `json:"config"`
	Layers        list[wireDescriptor]  `json:"layers"`
	Manifests     *list[wireDescriptor] `json:"manifests"`
	FSLayers      json.RawMessage       `json:"fsLayers"`
}

type wireDescriptor struct {
	MediaType   types.MediaType `json:"mediaType"`
	Digest      string          `json:"digest"`
	Size        int64           `json:"size"`
	Platform    *wirePlatform   `json:"platform"`
	Annotations wireAnnotations `json:"annotations"`
}

// wireAnnotations are the annotations that are looked at. Sources:
// https://docs.docker.com/build/metadata/attestations/attestation-storage/ and
// https://github.com/opencontainers/image-spec/blob/main/annotations.md
type wireAnnotations struct {
	ReferenceType  string `json:"vnd.docker.reference.type"`
	RefName        string `json:"org.opencontainers.image.ref.name"`
	ContainerdName string `json:"io.containerd.image.name"`
}

// list is a JSON array that stops being read past maxList: a few MiB of empty
// entries would otherwise take many times that in memory.
type list[T any] []T

// UnmarshalJSON reads the array entry by entry.
func (l *list[T]) UnmarshalJSON(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	start, err := decoder.Token()
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	if start == nil {
		return nil
	}
	if start != json.Delim('[') {
		return errors.New("want a list")
	}
	out := list[T]{}
	for decoder.More() {
		if len(out) == maxList {
			return fmt.Errorf("list has more than %d entries", maxList)
		}
		var v T
		if err := decoder.Decode(&v); err != nil {
			return fmt.Errorf("list entry %d: %w", len(out), err)
		}
		out = append(out, v)
	}
	*l = out
	return nil
}

type wirePlatform struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
}

// manifest is a parsed manifest: an index (config is nil) or an image.
type manifest struct {
	entries []entry
	config  *v1.Hash
	layers  []layerRef
}

// parseManifest reads an image manifest or an index. The kind is told by the
// fields that are there: the Content-Type is the registry's word only.
func parseManifest(raw []byte) (manifest, error) {
	var w wireManifest
	if err := json.Unmarshal(raw, &w); err != nil {
		return manifest{}, fmt.Errorf("manifest is not JSON: %w", err)
	}
	switch {
	case w.SchemaVersion == 1 || w.FSLayers != nil:
		return manifest{}, errors.New("manifest has schema version 1, which runtimes no longer take: push the image again with a current tool")
	case w.Manifests != nil && w.Config != nil:
		return manifest{}, errors.New("manifest is an image and an index at once: each reader would see another image")
	case w.Manifests != nil:
		if w.MediaType != "" && !w.MediaType.IsIndex() {
			return manifest{}, fmt.Errorf("manifest lists manifests, but its mediaType is %q", clip(string(w.MediaType)))
		}
		return parseIndex(*w.Manifests)
	case w.Config != nil:
		if w.MediaType != "" && !w.MediaType.IsImage() {
			return manifest{}, fmt.Errorf("manifest has a config, but its mediaType is %q", clip(string(w.MediaType)))
		}
		return parseImage(*w.Config, w.Layers)
	default:
		return manifest{}, errors.New("manifest has neither a config nor manifests: it is no image")
	}
}

func parseImage(config wireDescriptor, layers []wireDescriptor) (manifest, error) {
	if config.MediaType != "" && !config.MediaType.IsConfig() {
		return manifest{}, fmt.Errorf("config has media type %q: this is an artifact, no container image", clip(string(config.MediaType)))
	}
	digest, err := v1.NewHash(config.Digest)
	if err != nil {
		return manifest{}, fmt.Errorf("digest of the config: %w", err)
	}
	return manifest{config: &digest, layers: layersOf(layers)}, nil
}

func parseIndex(descriptors []wireDescriptor) (manifest, error) {
	var m manifest
	for i, d := range descriptors {
		e, ok, err := parseEntry(d)
		if err != nil {
			return manifest{}, fmt.Errorf("index entry %d: %w", i, err)
		}
		if ok {
			m.entries = append(m.entries, e)
		}
	}
	return m, nil
}

// parseEntry reads one entry of an index; ok is false for one that is no image.
func parseEntry(d wireDescriptor) (e entry, ok bool, err error) {
	if d.Annotations.ReferenceType != "" || !d.MediaType.IsImage() && !d.MediaType.IsIndex() {
		return entry{}, false, nil
	}
	if d.Platform != nil {
		e.platform, err = newPlatform(d.Platform.OS, d.Platform.Architecture, d.Platform.Variant)
		if err != nil {
			return entry{}, false, err
		}
		if d.Platform.OS == "unknown" || d.Platform.Architecture == "unknown" {
			return entry{}, false, nil
		}
	}
	e.digest, err = v1.NewHash(d.Digest)
	if err != nil {
		return entry{}, false, err
	}
	e.index = d.MediaType.IsIndex()
	return e, true, nil
}

// wireConfig holds the fields of an image config that say what is started.
type wireConfig struct {
	OS           string `json:"os"`
	Architecture string `json:"architecture"`
	Variant      string `json:"variant"`
	Config       struct {
		Entrypoint list[string] `json:"Entrypoint"`
		Cmd        list[string] `json:"Cmd"`
		Env        list[string] `json:"Env"`
		WorkingDir string       `json:"WorkingDir"`
		User       string       `json:"User"`
	} `json:"config"`
}

// facts are what is known of one platform of an image.
type facts struct {
	platform platform
	config   imageinspect.Config
	layers   []layerRef // lowest first
	id       sum        // digest of the config
}

// parseConfig reads an image config.
func parseConfig(raw []byte) (facts, error) {
	var w wireConfig
	if err := json.Unmarshal(raw, &w); err != nil {
		return facts{}, fmt.Errorf("config is not an image's: %w", err)
	}
	if w.OS == "" {
		// As containerd does on the nodes, all of which run Linux for us.
		// Source: https://github.com/containerd/platforms, Normalize.
		w.OS = "linux"
	}
	p, err := newPlatform(w.OS, w.Architecture, w.Variant)
	if err != nil {
		return facts{}, fmt.Errorf("config: %w", err)
	}
	f := facts{platform: p, config: imageinspect.Config{
		Entrypoint: w.Config.Entrypoint,
		Cmd:        w.Config.Cmd,
		Env:        w.Config.Env,
		WorkingDir: w.Config.WorkingDir,
		User:       w.Config.User,
	}}
	size := 0
	single := []string{w.Config.WorkingDir, w.Config.User}
	for _, words := range [][]string{w.Config.Entrypoint, w.Config.Cmd, w.Config.Env, single} {
		for _, word := range words {
			size += len(word) + 16
			if strings.ContainsRune(word, 0) {
				return facts{}, errors.New("config: a word of argv or environment holds a NUL byte: no kernel can start it")
			}
		}
	}
	if size > maxProcessBytes {
		return facts{}, fmt.Errorf("config: argv and environment take over %d KiB", maxProcessBytes>>10)
	}
	return f, nil
}
