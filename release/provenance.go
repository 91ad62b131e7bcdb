package main

import (
	"runtime"
)

// buildType says what the parameters below mean, and how the build is done again.
const buildType = "https://github.com/initguard/initguard/blob/main/docs/release.md"

// statement is an in-toto statement (https://in-toto.io/Statement/v1), as far as
// it is used.
type statement struct {
	Type          string     `json:"_type"`
	Subject       []subject  `json:"subject"`
	PredicateType string     `json:"predicateType"`
	Predicate     provenance `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// provenance is SLSA's, version 1 (https://slsa.dev/provenance/v1).
type provenance struct {
	BuildDefinition buildDefinition `json:"buildDefinition"`
	RunDetails      runDetails      `json:"runDetails"`
}

type buildDefinition struct {
	BuildType            string            `json:"buildType"`
	ExternalParameters   map[string]string `json:"externalParameters"`
	InternalParameters   map[string]string `json:"internalParameters"`
	ResolvedDependencies []dependency      `json:"resolvedDependencies"`
}

type dependency struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest,omitempty"`
}

type runDetails struct {
	Builder struct {
		ID string `json:"id"`
	} `json:"builder"`
}

// provenance says of what the artifacts were built, and how. Nobody has signed it.
func (r release) provenance(artifacts []artifact) statement {
	s := statement{Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1"}
	for _, a := range artifacts {
		s.Subject = append(s.Subject, subject{a.name, map[string]string{"sha256": a.sha256}})
	}
	s.Predicate.BuildDefinition = buildDefinition{
		BuildType:          buildType,
		ExternalParameters: map[string]string{"target": "release", "version": r.version},
		InternalParameters: map[string]string{"go": runtime.Version()},
		ResolvedDependencies: []dependency{
			{URI: "git+https://" + module + "@" + r.version, Digest: map[string]string{"gitCommit": r.commit}},
			{URI: golangURL("stdlib", goVersion(runtime.Version()))},
		},
	}
	s.Predicate.RunDetails.Builder.ID = r.builder
	return s
}
