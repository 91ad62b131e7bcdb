package inject

// hazard is something that speaks against a strategy. One of pod and container
// is set; the text that it returns is one clause, empty where there is nothing.
type hazard struct {
	name       string
	strategies []Strategy
	pod        func(p planner, s Strategy) string
	container  func(p planner, s Strategy, t target) string
}

// Rules are the names of all hazards by the strategy that they speak against.
func Rules() map[Strategy][]string {
	all := make(map[Strategy][]string)
	for _, h := range hazards() {
		for _, s := range h.strategies {
			all[s] = append(all[s], h.name)
		}
	}
	return all
}

// hazards are asked in order: those of a pod as a whole and those of the
// program come before those that could be mended by a setting.
func hazards() []hazard {
	both, sharePID, wrap := []Strategy{SharePID, Wrap}, []Strategy{SharePID}, []Strategy{Wrap}
	return []hazard{
		{name: "windows", strategies: both, pod: windows},
		{name: "host-pid", strategies: both, pod: hostPID},
		{name: "must-be-pid1", strategies: both, container: mustBePID1},
		{name: "names-pid1", strategies: both, container: namesPID1},
		{name: "script-names-pid1", strategies: both, container: scriptNamesPID1},
		{name: "opted-out", strategies: sharePID, pod: optedOut},
		{name: "several-containers", strategies: sharePID, pod: severalContainers},
		{name: "argv-not-known", strategies: wrap, container: argvNotKnown},
		{name: "platforms-differ", strategies: wrap, container: platformsDiffer},
		{name: "named-by-tag", strategies: wrap, container: namedByTag},
		{name: "folder-taken", strategies: wrap, container: folderTaken},
		{name: "confined", strategies: wrap, container: confined},
		{name: "little-memory", strategies: wrap, container: littleMemory},
		{name: "name-taken", strategies: wrap, pod: nameTaken},
		{name: "annotations-full", strategies: both, pod: annotationsFull},
		{name: "not-allowed", strategies: both, pod: notAllowed},
		{name: "no-image", strategies: wrap, pod: noImage},
		{name: "image-unseen", strategies: wrap, pod: imageUnseen},
	}
}
