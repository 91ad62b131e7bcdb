package seen

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const image = "registry.example:5000/initguard:v2"

func TestDecide(t *testing.T) {
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	node := func(name string, labels map[string]string, change ...func(*Node)) Node {
		n := Node{Name: name, Labels: labels, Created: now.Add(-time.Hour), Ready: true}
		for _, c := range change {
			c(&n)
		}
		return n
	}
	cpu, gpu := map[string]string{"pool": "cpu", "size": "4"}, map[string]string{"pool": "gpu"}
	pools := []Node{
		node("a", cpu), node("b", cpu),
		node("g", gpu, func(n *Node) {
			n.Taints = []corev1.Taint{{Key: "gpu", Value: "yes", Effect: corev1.TaintEffectNoSchedule}}
		}),
	}
	onCPU := []Run{{"a", image}, {"b", "registry.example:5000/initguard:v1"}}
	const nowhere, some = "initguard's image was not seen to run on any node", "initguard's image was not seen to run on 1 of the 3 nodes on which the pod may land"
	tests := map[string]struct {
		spec  string
		nodes []Node
		runs  []Run
		want  string
	}{
		"seen on all":                     {"{}", pools, onCPU, ""},
		"nowhere":                         {"{}", pools, nil, nowhere},
		"only another version":            {"{}", pools, onCPU[1:], nowhere},
		"another repository":              {"{}", pools, []Run{{"a", image}, {"b", "registry.example:5000/other:v2"}}, "initguard's image was not seen to run on 1 of the 2 nodes on which the pod may land"},
		"a pool that is tolerated":        {"tolerations: [{operator: Exists}]", pools, onCPU, some},
		"tolerated by its value":          {"tolerations: [{key: gpu, value: 'yes'}]", pools, onCPU, some},
		"not tolerated by another value":  {"tolerations: [{key: gpu, value: 'no'}]", pools, onCPU, ""},
		"tolerated but selected away":     {"tolerations: [{operator: Exists}]\nnodeSelector: {pool: cpu}", pools, onCPU, ""},
		"a pool that has none":            {"tolerations: [{operator: Exists}]\nnodeSelector: {pool: gpu}", pools, onCPU, "initguard's image was not seen to run on 1 of the 1 nodes on which the pod may land"},
		"no such node":                    {"nodeSelector: {pool: new}", pools, onCPU, "no node of today is one on which the pod may land"},
		"nodeName":                        {"nodeName: a", pools, onCPU, ""},
		"nodeName, unseen":                {"nodeName: g", pools, onCPU, "initguard's image was not seen to run on 1 of the 1 nodes on which the pod may land"},
		"affinity by name, as DaemonSets": {"tolerations: [{operator: Exists}]\naffinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]}}}", pools, onCPU, ""},
		"affinity by label":               {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: size, operator: Gt, values: ['3']}, {key: pool, operator: NotIn, values: [gpu]}]}]}}}", pools, onCPU, ""},
		"an empty affinity term":          {"affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{}]}}}", pools, onCPU, "no node of today is one on which the pod may land"},
		"a new node is not waited for":    {"{}", append(pools[:2:2], node("n", cpu, func(n *Node) { n.Created = now.Add(-time.Minute) })), onCPU, ""},
		"nor one that takes no pods":      {"{}", append(pools[:2:2], node("n", cpu, func(n *Node) { n.Ready = false })), onCPU, ""},
		"an old one is":                   {"{}", append(pools[:2:2], node("n", cpu)), onCPU, some},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var spec corev1.PodSpec
			if err := yaml.UnmarshalStrict([]byte(test.spec), &spec); err != nil {
				t.Fatal(err)
			}
			if got := Decide(image, &spec, test.nodes, test.runs, now); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRunsOf(t *testing.T) {
	started := metav1.NewTime(time.Unix(1, 0))
	tests := map[string]struct {
		state corev1.ContainerState
		want  bool
	}{
		"running":           {corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}, true},
		"ended":             {corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: started, Reason: "Error", ExitCode: 1}}, true},
		"can't be pulled":   {corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}, false},
		"no such program":   {corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: started, Reason: "StartError", ExitCode: 128}}, false},
		"no such program 2": {corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: started, Reason: "ContainerCannotRun", ExitCode: 127}}, false},
		"lost with a node":  {corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "ContainerStatusUnknown"}}, false},
		"nothing":           {corev1.ContainerState{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for place, status := range map[string]corev1.ContainerStatus{"now": {Name: "c", State: test.state}, "before": {Name: "c", LastTerminationState: test.state}} {
				if place == "before" && test.state.Running != nil {
					continue
				}
				pod := &corev1.Pod{
					Spec:   corev1.PodSpec{NodeName: "a", Containers: []corev1.Container{{Name: "c", Image: image}}},
					Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{status}},
				}
				stripped, err := strip(pod)
				if err != nil {
					t.Fatal(err)
				}
				got := runsOf(stripped.(*corev1.Pod))
				if (len(got) == 1) != test.want || test.want && got[0] != (Run{"a", image}) {
					t.Errorf("%s: got %v", place, got)
				}
			}
		})
	}
}
