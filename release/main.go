// Command release writes what stands beside the files of a release: a bill of
// materials (SPDX), where they come from (an in-toto statement with SLSA
// provenance) and their checksums. `make release` runs it after it has built the
// rest. The same commit gives the same files.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Names of what is written; all else in the folder is what it is about.
const (
	sbomFile       = "initguard.spdx.json"
	provenanceFile = "initguard.intoto.json"
	checksumsFile  = "checksums.txt"
	imageFolder    = "image" // an OCI layout
)

func main() {
	r := release{}
	var made int64
	flag.StringVar(&r.dir, "dir", "dist", "folder that holds the release")
	flag.StringVar(&r.bin, "bin", "bin", "folder that holds, for each platform, what the image is made of")
	flag.StringVar(&r.version, "version", "", "version of the release")
	flag.StringVar(&r.commit, "commit", "", "commit that it is built from")
	flag.StringVar(&r.builder, "builder", "https://github.com/initguard/initguard/blob/main/docs/release.md#by-hand", "who built it, an URI")
	flag.Int64Var(&made, "time", 0, "time of the commit, in seconds since 1970")
	flag.Parse()
	r.made = time.Unix(made, 0).UTC()
	if err := r.write(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release is what is known of a release.
type release struct {
	dir, bin, version, commit, builder string
	made                               time.Time
}

// artifact is a file of a release, or the image.
type artifact struct {
	name, sha256 string
}

// write writes all files.
func (r release) write() error {
	if r.version == "" || r.commit == "" {
		return errors.New("-version and -commit have to be given")
	}
	for _, stale := range []string{sbomFile, provenanceFile, checksumsFile} {
		if err := os.Remove(filepath.Join(r.dir, stale)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	programs, err := r.files()
	if err != nil {
		return err
	}
	image, err := imageDigest(filepath.Join(r.dir, imageFolder))
	if err != nil {
		return err
	}
	bill, err := r.sbom(programs, image)
	if err != nil {
		return fmt.Errorf("bill of materials: %w", err)
	}
	if err := writeJSON(filepath.Join(r.dir, sbomFile), bill); err != nil {
		return err
	}
	all, err := r.files()
	if err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(r.dir, provenanceFile), r.provenance(append(all, artifact{imageFolder, image}))); err != nil {
		return err
	}
	if all, err = r.files(); err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, a := range all {
		fmt.Fprintf(&sums, "%s  %s\n", a.sha256, a.name) // as sha256sum -c reads it
	}
	return os.WriteFile(filepath.Join(r.dir, checksumsFile), sums.Bytes(), 0o644) //nolint:gosec // to be published
}

// files are the regular files of the folder, sorted by name.
func (r release) files() ([]artifact, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	var found []artifact
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		sum, err := sumFile(filepath.Join(r.dir, e.Name()))
		if err != nil {
			return nil, err
		}
		found = append(found, artifact{e.Name(), sum})
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no files: run make release", r.dir)
	}
	return found, nil
}

func sumFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // only read
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// imageDigest is the digest of the one thing that an OCI layout holds: the index
// over the platforms' images.
func imageDigest(folder string) (string, error) {
	text, err := os.ReadFile(filepath.Join(folder, "index.json"))
	if err != nil {
		return "", fmt.Errorf("the image: %w", err)
	}
	var index struct {
		Manifests []struct{ Digest string }
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return "", fmt.Errorf("the image: %s: %w", folder, err)
	}
	if len(index.Manifests) != 1 {
		return "", fmt.Errorf("the image: %s holds %d", folder, len(index.Manifests))
	}
	digest, isSHA256 := bytes.CutPrefix([]byte(index.Manifests[0].Digest), []byte("sha256:"))
	if !isSHA256 {
		return "", fmt.Errorf("the image: digest %q", index.Manifests[0].Digest)
	}
	return string(digest), nil
}

func writeJSON(name string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644) //nolint:gosec // to be published
}
