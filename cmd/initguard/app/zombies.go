package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/initguard/initguard/api/v1alpha1"
	"github.com/initguard/initguard/cmd/initguard/render"
)

// ZombiesOptions are the flags of `initguard zombies`.
type ZombiesOptions struct {
	clusterOptions
	lookupOptions
	AllNamespaces bool
	Watch         bool
	// Past lists workloads whose zombies are gone, too.
	Past   bool
	Output string
	// NoImages asks no registry: the fixes are then those that need no image.
	NoImages bool
}

// NewZombiesOptions gives the defaults.
func NewZombiesOptions() *ZombiesOptions {
	return &ZombiesOptions{lookupOptions: lookupOptions{Timeout: 30 * time.Second}}
}

func zombiesOutputs() []string { return []string{"wide", "json", "yaml"} }

// AddFlags adds the flags.
func (o *ZombiesOptions) AddFlags(fs *pflag.FlagSet) {
	fs.BoolVarP(&o.AllNamespaces, "all-namespaces", "A", o.AllNamespaces, "list those of all namespaces")
	fs.BoolVarP(&o.Watch, "watch", "w", o.Watch, "go on and print what changes")
	fs.BoolVar(&o.Past, "past", o.Past, "list workloads whose zombies are gone, too: they are kept for 30 days")
	fs.StringVarP(&o.Output, "output", "o", o.Output, "`format`: wide, json or yaml; text for people when empty")
	fs.BoolVar(&o.NoImages, "no-images", o.NoImages, "ask no registry; the fixes then know less of the image")
	o.clusterOptions.addFlags(fs)
	o.lookupOptions.addFlags(fs)
}

// Validate names every flag that can't be used.
func (o *ZombiesOptions) Validate(names int) []error {
	var errs []error
	if o.Output != "" {
		errs = oneOf("--output", o.Output, zombiesOutputs()...)
	}
	if o.AllNamespaces && o.Namespace != "" {
		errs = append(errs, errors.New("--all-namespaces and --namespace: only one of them can be meant"))
	}
	if o.AllNamespaces && names > 0 {
		errs = append(errs, errors.New("--all-namespaces: a pod or workload is in one namespace; name it with -n"))
	}
	if o.Watch && names > 0 {
		errs = append(errs, errors.New("--watch: only the list can be watched"))
	}
	if o.Watch && (o.Output == "json" || o.Output == "yaml") {
		errs = append(errs, fmt.Errorf("--watch: not with -o %s; `kubectl get zombies -w -o %s` does that", o.Output, o.Output))
	}
	return append(errs, o.validate()...)
}

func newZombiesCommand(s Streams) *cobra.Command {
	o := NewZombiesOptions()
	cmd := &cobra.Command{
		Use:   "zombies [POD | KIND/NAME]",
		Short: "List the workloads that have zombies, or explain one: why, since when, and what mends it",
		Long: `List the workloads that have zombies, or explain one: what they are, why they are
there, since when, which probe starts them, when the pod's PID limit is reached,
the quick fix, and the proper fix with the exact lines.

It reads the ZombieReports that initguard's responder writes, with your own
rights; whoever may view a namespace may read its reports. The fixes are those of
"initguard check": for them the workload and its image are read, too. What can't
be read is said, and the fixes know less.

KIND is a kind or what kubectl calls it, such as sts, deploy or pod. A name alone
is a pod's, or else a workload's.

Exit codes: 0 the list or the explanation is complete; 2 something could not be
read, there is no such pod or workload, or the command line is wrong.`,
		Example: `  # All that I may see
  initguard zombies -A

  # Why does this pod have zombies, and what mends it?
  initguard zombies -n shop mongo-0

  # A whole workload, for a program
  initguard zombies -n shop sts/mongo -o json`,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := invalid(o.Validate(len(args))); err != nil {
				return err
			}
			return runZombies(cmd.Context(), o, args, s)
		},
	}
	o.AddFlags(cmd.Flags())
	completeWords(cmd, "output", zombiesOutputs()...)
	completeZombies(cmd, o)
	return cmd
}

func runZombies(ctx context.Context, o *ZombiesOptions, args []string, s Streams) error {
	c, err := o.connect()
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	if len(args) > 0 {
		return explainZombies(ctx, o, c, args[0], s)
	}
	namespace := c.namespace
	if o.AllNamespaces {
		namespace = ""
	}
	list, err := c.reports(ctx, namespace)
	if err != nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	version := list.ResourceVersion
	if !o.Past {
		list.Items = current(list.Items)
	}
	if o.Output == "json" || o.Output == "yaml" {
		return written(render.Encode(s.Out, o.Output, list))
	}
	table := render.ReportTable{
		Style: render.Style{Color: s.Color, Width: s.Width}, Namespaces: o.AllNamespaces, Wide: o.Output == "wide", Now: time.Now(),
	}
	if err := table.Write(s.Out, list.Items); err != nil {
		return written(err)
	}
	if !o.Watch {
		if len(list.Items) == 0 {
			fmt.Fprintln(s.ErrOut, noZombies(namespace))
		}
		return nil
	}
	return watchZombies(ctx, o, c, namespace, version, table, s)
}

// noZombies is what stands in place of an empty list.
func noZombies(namespace string) string {
	where := "any namespace"
	if namespace != "" {
		where = "namespace " + namespace
	}
	return "No zombies are reported in " + where + "."
}

// current are the reports of workloads that have zombies now.
func current(all []v1alpha1.ZombieReport) []v1alpha1.ZombieReport {
	out := make([]v1alpha1.ZombieReport, 0, len(all))
	for _, r := range all {
		if r.Status.Summary.Zombies > 0 {
			out = append(out, r)
		}
	}
	return out
}

// watchZombies prints each report that changes, until ctx ends.
func watchZombies(ctx context.Context, o *ZombiesOptions, c *callersCluster, namespace, version string, table render.ReportTable, s Streams) error {
	err := c.watch(ctx, namespace, version, func(r v1alpha1.ZombieReport) error {
		if !o.Past && r.Status.Summary.Zombies == 0 && len(r.Status.History) == 0 {
			return nil
		}
		table.Now = time.Now()
		return table.Row(s.Out, r)
	})
	if err != nil && ctx.Err() == nil {
		return exitError{code: ExitUnanswered, message: err.Error()}
	}
	return nil
}

// target is what somebody asked for.
type target struct {
	// kind is empty for a name alone.
	kind, name string
}

// parseTarget reads NAME or KIND/NAME.
func parseTarget(text string) (target, error) {
	kind, name, ok := strings.Cut(text, "/")
	if !ok {
		kind, name = "", text
	}
	if name == "" || ok && kind == "" || strings.Contains(name, "/") {
		return target{}, fmt.Errorf("%q is not POD or KIND/NAME", text)
	}
	return target{kind: fullKind(kind), name: name}, nil
}

// fullKind is a kind as it is said, in small letters.
func fullKind(kind string) string {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ".") // statefulsets.apps
	for full, short := range map[string][]string{
		"pod": {"po", "pods"}, "deployment": {"deploy", "deployments"}, "statefulset": {"sts", "statefulsets"},
		"daemonset": {"ds", "daemonsets"}, "replicaset": {"rs", "replicasets"}, "replicationcontroller": {"rc", "replicationcontrollers"},
		"job": {"jobs"}, "cronjob": {"cj", "cronjobs"}, "deploymentconfig": {"dc", "deploymentconfigs"},
	} {
		for _, s := range short {
			if kind == s {
				return full
			}
		}
	}
	return kind
}

// find is the report that a target means, and the pod's name where it means one
// pod.
func (t target) find(reports []v1alpha1.ZombieReport) (report *v1alpha1.ZombieReport, pod string) {
	if t.kind == "" || t.kind == "pod" {
		for i := range reports {
			for _, p := range reports[i].Status.Pods {
				if p.Name == t.name {
					return &reports[i], p.Name
				}
			}
		}
	}
	for i := range reports {
		w := reports[i].Status.Workload
		if w.Name == t.name && (t.kind == "" || t.kind == strings.ToLower(w.Kind)) {
			return &reports[i], ""
		}
	}
	return nil, ""
}
