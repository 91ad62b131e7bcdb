package cluster

import (
	"encoding/json"
	"fmt"
)

// kubeconfig returns the file that lets clients in as the owner of the key
// pair. It is JSON, which every reader of kubeconfigs takes as YAML.
func kubeconfig(server string, ca []byte, user string, pair keyPair) ([]byte, error) {
	type named map[string]any
	const name = "initguard-test"
	data, err := json.MarshalIndent(map[string]any{
		"apiVersion":      "v1",
		"kind":            "Config",
		"current-context": name,
		"clusters": []named{{
			"name":    name,
			"cluster": map[string]any{"server": server, "certificate-authority-data": ca},
		}},
		"users": []named{{
			"name": user,
			"user": map[string]any{"client-certificate-data": pair.certificate, "client-key-data": pair.key},
		}},
		"contexts": []named{{
			"name":    name,
			"context": map[string]any{"cluster": name, "user": user},
		}},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	return append(data, '\n'), nil
}
