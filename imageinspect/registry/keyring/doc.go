// Package keyring says which logins of a pod's pull secrets fit an image, in
// the order in which the kubelet tries them.
//
// It follows k8s.io/kubernetes/pkg/credentialprovider, version 1.37, in what it
// takes from a secret, what it ignores there (identitytoken, registrytoken and
// credential helpers among others), and which keys match. It differs in three
// points: a secret that can't be read is passed over, where the kubelet
// refuses to pull at all; two keys of one secret that say the same are taken in
// the order of their text, where the kubelet's order is left to chance; and what
// is read is bounded. TestLikeTheKubelet holds it against answers of the kubelet's own code.
//
// No login can be printed: not by fmt, not by encoding/json.
package keyring
