// Package policy turns a pod and what is known about its containers' PID 1
// into assessments: verdict, risk, why, and the advice that fits.
//
// It is pure. A rule is one function in one file; podRules and riskRules are
// the lists of them. Every mode of the webhook and the offline commands only
// translate what Assess says.
package policy
