package advice

import (
	"encoding/json"
	"strings"
)

// flow writes words as a JSON list, which is the exec form of a Dockerfile and
// valid YAML.
func flow(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func quote(word string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(word); err != nil {
		return `""` // a string can always be encoded
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// escaped are words of an image for a pod: there the kubelet takes $(NAME) for
// a variable and $$ for a dollar sign.
func escaped(words []string) []string {
	out := make([]string, len(words))
	for i, word := range words {
		out[i] = strings.ReplaceAll(word, "$", "$$")
	}
	return out
}
