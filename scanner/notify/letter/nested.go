package letter

import "strings"

// nested puts the lines that stand at a path, such as
// spec.template.spec.containers[0].command, into what is around them in a
// manifest. Containers are told by their name: their place in the list is that of
// today.
func nested(path, container string, patch []string) []string {
	var out []string
	indent := ""
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		field, _, listed := strings.Cut(part, "[")
		out = append(out, indent+clean(field, maxName)+":")
		if !listed {
			indent += "  "
			continue
		}
		out = append(out, indent+"- name: "+clean(container, maxName))
		indent += "  "
	}
	for _, line := range patch {
		out = append(out, indent+line)
	}
	return out
}
