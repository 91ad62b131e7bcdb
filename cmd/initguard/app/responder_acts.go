package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/initguard/initguard/scanner/alerts"
	"github.com/initguard/initguard/scanner/config"
	"github.com/initguard/initguard/scanner/remedy/desk"
	"github.com/initguard/initguard/scanner/responder"
)

// actors are what acts on reports: who tells people, who takes the platform's
// alerts, who evicts.
type actors struct {
	shelf    *alerts.Shelf
	teller   *teller
	contacts *contacts
	remedy   *desk.Desk
	kill     *killSwitch
}

func newActors(
	ctx context.Context, mgr manager.Manager, live client.Client, cluster *rest.Config, o *ResponderOptions, current func() *config.Config,
	owners *responder.Owners, heard func(node string) time.Time, log *slog.Logger,
) (*actors, error) {
	instance, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	a := &actors{
		contacts: &contacts{reader: live, name: types.NamespacedName{Namespace: o.Namespace, Name: contactsName}, log: log},
		kill:     &killSwitch{file: o.KillSwitchFile, log: log},
	}
	namespaces := a.contacts.before(namespaceNotes(ctx, mgr.GetCache()))
	if a.teller, err = newTeller(live, current, namespaces, a.contacts.Directory, owners, instance, metrics.Registry, log); err != nil {
		return nil, fmt.Errorf("notices: %w", err)
	}
	a.contacts.counts = a.teller.decided
	if a.remedy, err = newRemedy(cluster, current, a.kill, own(o), heard, instance, metrics.Registry, log); err != nil {
		return nil, fmt.Errorf("remedy: %w", err)
	}
	a.shelf = alerts.NewShelf(a.teller.Turn)
	return a, nil
}

// desks are what reports are shown to.
func (a *actors) desks() responder.Desks {
	return responder.Desks{Notices: a.shelf.Turn, Remedies: a.remedy.Turn}
}

// add has them work in the leader.
func (a *actors) add(mgr manager.Manager) error {
	return errors.Join(
		mgr.Add(manager.RunnableFunc(a.contacts.Run)), mgr.Add(manager.RunnableFunc(a.teller.Run)),
		mgr.Add(manager.RunnableFunc(a.remedy.Run)), mgr.Add(manager.RunnableFunc(a.kill.Run)),
	)
}
