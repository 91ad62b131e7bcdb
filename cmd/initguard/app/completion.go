package app

import (
	"fmt"

	"github.com/spf13/cobra"
)

// addCompletion adds cobra's completion command, with what kubectl needs for a
// plugin's.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Long += fmt.Sprintf(`
kubectl completes its plugins by itself. Link this program into a directory of
your PATH under the names %[1]s and %[2]s:

	ln -s "$(command -v %[3]s)" /usr/local/bin/%[1]s
	ln -s "$(command -v %[3]s)" /usr/local/bin/%[2]s
`, pluginName, completerName, toolName)
	}
}
