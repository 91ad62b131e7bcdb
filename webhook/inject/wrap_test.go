package inject

import (
	"strings"
	"testing"
)

// TestAnswerNeedsOurTini: a container counts as wrapped only where the tini that
// it starts can be none but that of initguard's image.
func TestAnswerNeedsOurTini(t *testing.T) {
	const pod = `
containers:
- name: app
  image: x
  command: [/.initguard/tini, --, node]
  volumeMounts: [{name: initguard-tini, mountPath: /.initguard, readOnly: true}APP]
initContainers:
- name: initguard-tini
  image: registry.example/initguard:v1
  command: [/initguard, install-tini, /.initguard]
  volumeMounts: [{name: initguard-tini, mountPath: /.initguard}INIT]
volumes: [{name: initguard-tini, emptyDir: {}}, {name: own, configMap: {name: own, defaultMode: 0755}}]
`
	tests := map[string]struct {
		app, init string
		want      bool
	}{
		"as initguard leaves it":                 {"", "", true},
		"with what other webhooks mount":         {", {name: own, mountPath: /etc/own}", ", {name: own, mountPath: /var/run/secrets/own}", true},
		"a mount over the folder":                {", {name: own, mountPath: /.initguard/tini, subPath: tini}", "", false},
		"a mount over the folder, written oddly": {", {name: own, mountPath: /x/../.initguard/tini, subPath: tini}", "", false},
		"the folder again, doubled slash":        {", {name: own, mountPath: //.initguard//tini, subPath: tini}", "", false},
		"another initguard":                      {"", ", {name: own, mountPath: /initguard, subPath: fake}", false},
		"another initguard, written oddly":       {"", ", {name: own, mountPath: /./initguard, subPath: fake}", false},
		"another tini to copy":                   {"", ", {name: own, mountPath: /usr/bin/tini-static, subPath: fake}", false},
		"another folder around it":               {"", ", {name: own, mountPath: /usr/}", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			spec := parse(t, strings.NewReplacer("APP", test.app, "INIT", test.init).Replace(pod))
			if r, got := Answer(spec, &spec.Containers[0], ownImage); got != test.want {
				t.Errorf("counts as wrapped: %v, want %v (%+v)", got, test.want, r.Verdict)
			}
		})
	}
}
