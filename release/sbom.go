package main

import (
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// module is the product's.
const module = "github.com/initguard/initguard"

// document is an SPDX document (https://spdx.github.io/spdx-spec/v2.3/), as far
// as it is used.
type document struct {
	SPDXVersion   string         `json:"spdxVersion"`
	DataLicense   string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []pkg          `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type pkg struct {
	Name             string        `json:"name"`
	ID               string        `json:"SPDXID"`
	Version          string        `json:"versionInfo"`
	Supplier         string        `json:"supplier,omitempty"`
	DownloadLocation string        `json:"downloadLocation"`
	FilesAnalyzed    bool          `json:"filesAnalyzed"`
	LicenseDeclared  string        `json:"licenseDeclared"`
	LicenseConcluded string        `json:"licenseConcluded"`
	Copyright        string        `json:"copyrightText"`
	Checksums        []checksum    `json:"checksums,omitempty"`
	ExternalRefs     []externalRef `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type externalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// Relationships, and what is said where nothing was looked into.
const (
	describes   = "DESCRIBES"
	contains    = "CONTAINS"
	dependsOn   = "DEPENDS_ON"
	noAssertion = "NOASSERTION"
	documentID  = "SPDXRef-DOCUMENT"
)

// sbom says which modules are linked into each program, by what the programs say
// of themselves, and which of Debian's packages are in the image.
func (r release) sbom(files []artifact, image string) (document, error) {
	d := document{
		SPDXVersion: "SPDX-2.3", DataLicense: "CC0-1.0", ID: documentID, Name: "initguard-" + r.version,
		Namespace: "https://" + module + "/spdx/" + url.PathEscape(r.version) + "/" + r.commit,
		Creation:  creation{Created: r.made.Format(time.RFC3339), Creators: []string{"Organization: initguard", "Tool: initguard-release"}},
	}
	for _, f := range files {
		info, err := buildinfo.ReadFile(filepath.Join(r.dir, f.name))
		if err != nil {
			continue // not a program: install.yaml
		}
		program := d.own(f, r.version)
		d.modules(program, info)
	}
	if len(d.Packages) == 0 {
		return d, errors.New("there is no program")
	}
	err := r.image(&d, image)
	return d, err
}

// image adds the image, with the programs in it and Debian's packages.
func (r release) image(d *document, digest string) error {
	image := d.own(artifact{imageFolder, digest}, r.version)
	folders, err := filepath.Glob(filepath.Join(r.bin, "linux-*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		arch := strings.TrimPrefix(filepath.Base(folder), "linux-")
		for _, program := range []string{"initguard", "initguard-scanner"} {
			built, published := filepath.Join(folder, program), program+"_linux_"+arch
			same, err := equal(built, filepath.Join(r.dir, published))
			if err != nil {
				return err
			}
			if !same {
				return fmt.Errorf("%s in the image is another one than %s", built, published)
			}
			d.relate(image, contains, id(published))
		}
		versions, err := filepath.Glob(filepath.Join(folder, "*.version"))
		if err != nil {
			return err
		}
		if len(versions) == 0 {
			return fmt.Errorf("%s does not say which of Debian's packages it holds: remove it and run make again", folder)
		}
		for _, file := range versions {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			fields := strings.Fields(string(text))
			if len(fields) != 3 {
				return fmt.Errorf("%s: want name, version and architecture: %q", file, text)
			}
			d.relate(image, contains, d.debian(fields[0], fields[1], fields[2]))
		}
	}
	if len(folders) == 0 {
		return fmt.Errorf("%s holds nothing of the image: %w", r.bin, fs.ErrNotExist)
	}
	return nil
}

func equal(a, b string) (bool, error) {
	first, err1 := sumFile(a)
	second, err2 := sumFile(b)
	return first == second, errors.Join(err1, err2)
}

// own adds something of ours.
func (d *document) own(a artifact, version string) string {
	of := id(a.name)
	d.add(pkg{
		Name: a.name, ID: of, Version: version, Supplier: "Organization: initguard", LicenseDeclared: "Apache-2.0",
		Checksums: []checksum{{"SHA256", a.sha256}},
	})
	d.relate(documentID, describes, of)
	return of
}

// modules adds what is linked into a program.
func (d *document) modules(program string, info *buildinfo.BuildInfo) {
	d.relate(program, dependsOn, d.golang("stdlib", goVersion(info.GoVersion)))
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		d.relate(program, dependsOn, d.golang(m.Path, m.Version))
	}
}

func (d *document) golang(name, version string) string {
	return d.add(pkg{Name: name, ID: id("go-" + name + "-" + version), Version: version, ExternalRefs: purl(golangURL(name, version))})
}

func (d *document) debian(name, version, arch string) string {
	locator := "pkg:deb/debian/" + name + "@" + url.QueryEscape(version) + "?arch=" + arch
	return d.add(pkg{Name: name, ID: id("deb-" + name + "-" + version + "-" + arch), Version: version, Supplier: "Organization: Debian", ExternalRefs: purl(locator)})
}

func purl(locator string) []externalRef {
	return []externalRef{{"PACKAGE-MANAGER", "purl", locator}}
}

// golangURL is a module's package URL; versions of modules need no escape but for
// the plus sign of +incompatible.
func golangURL(name, version string) string {
	return "pkg:golang/" + name + "@" + strings.ReplaceAll(version, "+", "%2B")
}

// goVersion is a version of Go as packages of it are named.
func goVersion(version string) string {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "go"), " ")
	return version
}

// add adds a package once and returns its id.
func (d *document) add(p pkg) string {
	if slices.ContainsFunc(d.Packages, func(other pkg) bool { return other.ID == p.ID }) {
		return p.ID
	}
	p.DownloadLocation, p.LicenseConcluded, p.Copyright = noAssertion, noAssertion, noAssertion
	if p.LicenseDeclared == "" {
		p.LicenseDeclared = noAssertion
	}
	d.Packages = append(d.Packages, p)
	return p.ID
}

func (d *document) relate(from, how, to string) {
	d.Relationships = append(d.Relationships, relationship{from, how, to})
}

// id makes an SPDX id of a name: letters, digits, dots and hyphens. Another sign
// is written as its code.
func id(name string) string {
	return "SPDXRef-" + notInIDs().ReplaceAllStringFunc(name, func(sign string) string { return "." + hex.EncodeToString([]byte(sign)) + "." })
}

func notInIDs() *regexp.Regexp { return regexp.MustCompile(`[^a-zA-Z0-9.-]`) }
