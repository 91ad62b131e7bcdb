package render

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/initguard/initguard/webhook/policy"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	toolURL     = "https://github.com/initguard/initguard"
	// sourceRoot is what relative paths start from, by the name that code
	// scanning services know.
	sourceRoot = "%SRCROOT%"
)

// Tool is what a SARIF log says about the program.
type Tool struct {
	Version string
	// HelpURL gives the page about a finding; empty for none.
	HelpURL func(Finding) string
}

// SARIF writes a check as a SARIF 2.1.0 log
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
//
// A finding's level is an error where zombies were observed or the cluster
// would deny the workload, a warning where something in the pod can leave
// orphans, and a note else; a PID 1 that can't be told is a note. Containers
// that their workload exempts are suppressed results. Problems of the input are
// notifications.
func SARIF(w io.Writer, c Check, tool Tool) error {
	run := sarif.NewRunWithInformationURI("initguard", toolURL)
	run.Tool.Driver.WithVersion(tool.Version)
	for _, r := range rules() {
		descriptor := run.AddRule(string(r.id)).WithName(r.name).
			WithShortDescription(sarif.NewMultiformatMessageString().WithText(r.short)).
			WithFullDescription(sarif.NewMultiformatMessageString().WithText(r.full)).
			WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(r.level))
		if page := tool.HelpURL(r.id); page != "" {
			descriptor.WithHelpURI(page)
		}
	}
	for _, workload := range c.Workloads {
		for _, container := range workload.Containers {
			if container.Finding != NoFinding {
				run.AddResult(sarifResult(run, workload, container))
			}
		}
	}
	run.AddInvocation(sarifInvocation(c.Problems))
	report := sarif.NewReport()
	report.Schema = sarifSchema
	report.AddRun(run)
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err //nolint:wrapcheck // The caller says what was written.
}

// rule describes a finding.
type rule struct {
	id                       Finding
	name, level, short, full string
}

func rules() []rule {
	return []rule{
		{
			id: DoesNotReap, name: "PID1DoesNotReap", level: sarif.LevelWarning, short: "PID 1 does not reap zombies",
			full: "The container's first process does not wait for processes that it inherits. Each orphan stays behind as a zombie, " +
				"until the pod can't start processes any more. Put an init such as tini in front, or set shareProcessNamespace.",
		},
		{
			id: HarmedByOrphans, name: "PID1HarmedByOrphans", level: sarif.LevelWarning, short: "PID 1 is harmed by orphans",
			full: "The container's first process reaps what it inherits, but the exit of a process that it did not start hurts it. " +
				"An init such as tini in front spares it.",
		},
		{
			id: Unknown, name: "PID1Unknown", level: sarif.LevelNote, short: "Who PID 1 will be is not known",
			full: "It can't be told which program will be the container's first process, or whether that program reaps zombies.",
		},
	}
}

func sarifResult(run *sarif.Run, w Workload, c Container) *sarif.Result {
	result := sarif.NewRuleResult(string(c.Finding)).WithRuleIndex(run.GetRuleIndex(string(c.Finding))).
		WithLevel(sarifLevel(c)).WithMessage(sarif.NewTextMessage(w.Kind + "/" + w.Name + ": " + c.Message))
	place := w.Place
	place.Line = c.Line
	logical := sarif.NewLogicalLocation().WithName(c.Name).WithKind("member").
		WithFullyQualifiedName(path.Join(w.Namespace, w.Kind, w.Name, c.Path))
	result.AddLocation(sarifLocation(place).WithLogicalLocations([]*sarif.LogicalLocation{logical}))
	if !c.Counts() {
		result.AddSuppression(sarif.NewSuppression().WithKind("external").
			WithJustification("an annotation of the workload exempts this container"))
	}
	return result
}

func sarifLevel(c Container) string {
	switch {
	case c.Cluster == Deny || c.Risk == policy.Observed:
		return sarif.LevelError
	case c.Risk == policy.Exposed:
		return sarif.LevelWarning
	default:
		return sarif.LevelNote
	}
}

func sarifLocation(p Place) *sarif.Location {
	physical := sarif.NewPhysicalLocation().WithArtifactLocation(artifact(p.File))
	if p.Line > 0 {
		physical.WithRegion(sarif.NewRegion().WithStartLine(p.Line))
	}
	return sarif.NewLocationWithPhysicalLocation(physical)
}

// artifact names a file as SARIF does: by a URI, relative ones from the root of
// the source.
func artifact(file string) *sarif.ArtifactLocation {
	slashed := filepath.ToSlash(filepath.Clean(file))
	if path.IsAbs(slashed) {
		return sarif.NewSimpleArtifactLocation((&url.URL{Scheme: "file", Path: slashed}).String())
	}
	return sarif.NewSimpleArtifactLocation((&url.URL{Path: slashed}).String()).WithURIBaseID(sourceRoot)
}

func sarifInvocation(problems []Problem) *sarif.Invocation {
	invocation := sarif.NewInvocation().WithExecutionSuccessful(true)
	for _, p := range problems {
		notification := sarif.NewNotification().WithLevel(sarif.LevelError).WithMessage(sarif.NewTextMessage(p.Text))
		if p.File != "" {
			notification.AddLocation(sarifLocation(p.Place))
		}
		invocation.AddToolExecutionNotification(notification)
	}
	return invocation
}
