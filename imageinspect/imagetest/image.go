package imagetest

import (
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// DefaultPlatform is the platform of a Spec that names none.
const DefaultPlatform = "linux/amd64"

// AttestationPlatform is what BuildKit writes for an index entry that is no
// image. Source: https://docs.docker.com/build/metadata/attestations/attestation-storage/
const AttestationPlatform = "unknown/unknown"

// Spec is what an image says about its process, and the files that it has.
type Spec struct {
	// Platform is os/arch[/variant]; AttestationPlatform makes an attestation
	// manifest instead of an image.
	Platform   string
	Entrypoint []string
	Cmd        []string
	Env        []string
	WorkingDir string
	User       string
	// Layers are the image's layers, lowest first.
	Layers []Layer
}

// Build makes an image.
func Build(s Spec) (v1.Image, error) {
	platform, err := s.platform()
	if err != nil {
		return nil, err
	}
	config := &v1.ConfigFile{
		OS:           platform.OS,
		Architecture: platform.Architecture,
		Variant:      platform.Variant,
		RootFS:       v1.RootFS{Type: "layers"},
		Config: v1.Config{
			Entrypoint: s.Entrypoint,
			Cmd:        s.Cmd,
			Env:        s.Env,
			WorkingDir: s.WorkingDir,
			User:       s.User,
		},
	}
	base := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	image, err := mutate.ConfigFile(mutate.ConfigMediaType(base, types.OCIConfigJSON), config)
	if err != nil {
		return nil, fmt.Errorf("image for %s: %w", platform, err)
	}
	for i, l := range s.Layers {
		layer, err := l.Build()
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if image, err = Append(image, layer); err != nil {
			return nil, err
		}
	}
	return image, nil
}

// Append puts a layer on top of an image.
func Append(image v1.Image, layer v1.Layer) (v1.Image, error) {
	mediaType, err := layer.MediaType()
	if err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	image, err = mutate.Append(image, mutate.Addendum{Layer: layer, MediaType: mediaType})
	if err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	return image, nil
}

// BuildIndex makes an index with one entry for each Spec, in their order.
func BuildIndex(specs ...Spec) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, s := range specs {
		image, err := Build(s)
		if err != nil {
			return nil, err
		}
		platform, err := s.platform()
		if err != nil {
			return nil, err
		}
		descriptor := v1.Descriptor{Platform: platform}
		if s.Platform == AttestationPlatform {
			descriptor.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest"}
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: descriptor})
	}
	return index, nil
}

func (s Spec) platform() (*v1.Platform, error) {
	if s.Platform == "" {
		s.Platform = DefaultPlatform
	}
	platform, err := v1.ParsePlatform(s.Platform)
	if err != nil {
		return nil, fmt.Errorf("platform %q: want os/arch[/variant]: %w", s.Platform, err)
	}
	return platform, nil
}
