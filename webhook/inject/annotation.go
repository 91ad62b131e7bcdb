package inject

import (
	"encoding/json"
	"slices"
)

// Annotation is the key under which a pod says what was done to it.
const Annotation = "initguard.dev/injected"

// Record is the annotation's value, as JSON. It is for people, and to take
// back what was done; it proves nothing.
type Record struct {
	// Version is that of the initguard which did it.
	Version  string   `json:"version"`
	Strategy Strategy `json:"strategy"`
	// Containers are those that are safe with it.
	Containers []string `json:"containers"`
}

// maxRecord bounds the annotation's value, in bytes.
const maxRecord = 64 << 10

// Read gives the record of a pod's annotations; false where there is none that
// can be read.
func Read(annotations map[string]string) (Record, bool) {
	value, ok := annotations[Annotation]
	if !ok || len(value) > maxRecord {
		return Record{}, false
	}
	var r Record
	if err := json.Unmarshal([]byte(value), &r); err != nil {
		return Record{}, false
	}
	return r, r.Strategy == SharePID || r.Strategy == Wrap
}

// annotate says what was done.
func (p planner) annotate(b *builder, plan Plan) {
	record := Record{Version: p.Options.Version, Strategy: plan.Strategy, Containers: plan.Containers}
	if before, ok := Read(p.Pod.Annotations); ok && before.Strategy == record.Strategy && slices.Equal(before.Containers, record.Containers) {
		return
	}
	value, err := json.Marshal(record)
	if err != nil {
		return // strings can always be marshalled
	}
	annotations := map[string]string{Annotation: string(value)}
	switch {
	case p.Pod.NoMetadata:
		b.add("/metadata", map[string]any{"annotations": annotations})
	case len(p.Pod.Annotations) == 0:
		b.add("/metadata/annotations", annotations)
	default:
		b.add("/metadata/annotations/"+escapePointer(Annotation), string(value))
	}
}
