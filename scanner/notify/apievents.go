package notify

import (
	"context"
	"fmt"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// APIEvents writes Events to the API server, with a client whose scheme has
// events.k8s.io/v1.
type APIEvents struct{ Writer client.Writer }

// Create writes one.
func (a APIEvents) Create(ctx context.Context, e *eventsv1.Event) error {
	if err := a.Writer.Create(ctx, e); err != nil {
		return fmt.Errorf("write an Event: %w", err)
	}
	return nil
}
