package responder

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/golang-lru/v2/expirable"
)

// FixedLimit is the same PID limit on every node; 0 is none that is known.
type FixedLimit int64

// Of is the limit.
func (f FixedLimit) Of(context.Context, string) int64 { return int64(f) }

const (
	limitsKept  = 10000
	limitsFresh = time.Hour
	// maxConfigz is far more than a kubelet's configuration has, in bytes.
	maxConfigz = 1 << 20
)

// KubeletLimits asks the kubelets, through the API server, what they were
// configured with. That takes the right to get nodes/proxy, which is far more
// than that: it is off unless somebody wants it.
type KubeletLimits struct {
	server string
	client *http.Client
	log    *slog.Logger
	known  *expirable.LRU[string, int64]
}

// NewKubeletLimits asks with an HTTP client that authenticates itself to the API
// server at a URL.
func NewKubeletLimits(server string, client *http.Client, log *slog.Logger) *KubeletLimits {
	return &KubeletLimits{server: server, client: client, log: log, known: expirable.NewLRU[string, int64](limitsKept, nil, limitsFresh)}
}

// Of is the podPidsLimit of a node's kubelet; 0 when there is none, or when the
// kubelet could not be asked, which is tried again after an hour.
func (k *KubeletLimits) Of(ctx context.Context, node string) int64 {
	if limit, ok := k.known.Get(node); ok {
		return limit
	}
	limit, err := k.ask(ctx, node)
	if ctx.Err() != nil {
		return 0
	}
	if err != nil {
		k.log.Warn("PID limit of a node not known", "node", node, "error", err)
	}
	k.known.Add(node, limit)
	return limit
}

func (k *KubeletLimits) ask(ctx context.Context, node string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	address, err := url.JoinPath(k.server, "api/v1/nodes", url.PathEscape(node), "proxy/configz")
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := k.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("configz of the kubelet: %s: may this ServiceAccount get nodes/proxy?", response.Status)
	}
	return configzLimit(response.Body)
}

// configzLimit reads podPidsLimit, which is -1 or missing where there is none.
func configzLimit(body io.Reader) (int64, error) {
	var configz struct {
		KubeletConfig struct {
			PodPidsLimit *int64 `json:"podPidsLimit"`
		} `json:"kubeletconfig"`
	}
	if err := json.NewDecoder(io.LimitReader(body, maxConfigz)).Decode(&configz); err != nil {
		return 0, fmt.Errorf("configz of the kubelet: %w", err)
	}
	if limit := configz.KubeletConfig.PodPidsLimit; limit != nil && *limit > 0 {
		return *limit, nil
	}
	return 0, nil
}
