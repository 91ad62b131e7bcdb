package webhook

import "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

// translate turns a judgement into the answer to the API server.
func translate(j Judgement, resource string) (admission.Response, decision) {
	response, d := admission.Allowed(""), decisionClean
	annotations := auditAnnotations(j)
	if len(annotations) > 0 {
		d = decisionAudited
	}
	if line := j.Warning(); line != "" {
		response, d = response.WithWarnings(line), decisionWarned
	}
	if denied := j.those(j.Denies); len(denied) > 0 {
		response, d = forbidden(denial(resource, j.Object, j.Modes.Enforce.String(), denied, j.Config.FixURL)), decisionDenied
	}
	response.AuditAnnotations = annotations
	return response, d
}

func auditAnnotations(j Judgement) map[string]string {
	acts := j.those(j.Audits)
	annotations := map[string]string{}
	if text := auditFindings(acts); text != "" {
		annotations["findings"] = text
	}
	if text := auditUnknown(acts); text != "" {
		annotations["unknown"] = text
	}
	if len(annotations) == 0 {
		return nil
	}
	return annotations
}
