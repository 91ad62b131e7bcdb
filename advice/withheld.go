package advice

// What stands in a patch in the place of words that are not to be shown.
const (
	wordsOfCommand    = "<the words of command as it is now>"
	wordsOfEntrypoint = "<the words of the image's ENTRYPOINT>"
	repeatCmd         = "# repeat the image's CMD here: a new ENTRYPOINT empties it"
)

// withhold puts a name in the place of what the container runs. What probes and
// hooks run is still needed to choose a fix; their patches leave it out.
func (s Situation) withhold() Situation {
	if len(s.Command) > 0 {
		s.Command = []string{wordsOfCommand}
	}
	s.Argv, s.Entrypoint = []string{wordsOfEntrypoint}, 1
	return s
}

// outline is the probe or hook without anything of its command; false where
// nothing would be left.
func (r reading) outline(e Exec) (string, bool) {
	const asNow = " # as in the command now"
	lines := []string{r.head(e)}
	switch r.method {
	case methodHTTP:
		lines = append(lines, "  httpGet:", "    port: PORT"+asNow, "    path: PATH"+asNow)
		if r.scheme == "https" {
			lines = append(lines, "    scheme: HTTPS")
		}
	case methodTCP:
		lines = append(lines, "  tcpSocket:", "    port: PORT"+asNow)
	case methodGRPC:
		lines = append(lines, "  grpc:", "    port: PORT"+asNow)
	case methodSleep:
		lines = append(lines, "  sleep:", "    seconds: SECONDS"+asNow)
	default:
		return "", false
	}
	return join(lines), true
}
