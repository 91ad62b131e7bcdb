package initdb

// reapingPrograms are inits and programs that act as one when they are PID 1,
// by their source. Role Init is for those whose files bear marks that can be
// checked (imageinspect/identity): these have none.
func reapingPrograms() []Program {
	return []Program{
		{
			Names: []string{"go-init"}, Role: Supervisor,
			Behaviour: reaps(waitsForAny, code("https://github.com/pablo-ruth/go-init/blob/HEAD/main.go")),
		},
		{
			Names: []string{"runmqserver"}, Role: Supervisor,
			Behaviour: reaps(waitsForAny, code("https://github.com/ibm-messaging/mq-container/blob/HEAD/cmd/runmqserver/signals.go")),
		},
		{
			// It prepares the queue manager and ends in syscall.Exec.
			Names: []string{"runmqdevserver"}, Role: Supervisor,
			Behaviour: reaps("execs runmqserver, which waits for any child",
				code("https://github.com/ibm-messaging/mq-container/blob/HEAD/cmd/runmqdevserver/main.go")),
		},
		{
			Names: []string{"pod"}, Generic: true, Role: Server,
			Behaviour: reaps(waitsForAny, code("https://github.com/openshift/images/blob/HEAD/pod/pod.go")),
		},
		{
			Names: []string{"kube-state-metrics"}, Role: Server,
			Behaviour: depends("version 2 starts a reaper where it is PID 1, version 1 does not",
				code("https://github.com/kubernetes/kube-state-metrics/blob/main/main.go")),
		},
		{
			Names: []string{"git-sync"}, Role: Server,
			Behaviour: reaps("as PID 1 it runs itself as a child and waits for any",
				code("https://github.com/kubernetes/git-sync/blob/HEAD/pkg/pid1/pid1.go")),
		},
		{
			Names: []string{"horust"}, Role: Supervisor,
			Behaviour: reaps(waitsForAny, code("https://github.com/FedericoPonzi/Horust/blob/HEAD/horust/src/horust/supervisor/reaper.rs")),
		},
		{
			Names: []string{"supercronic"}, Role: Server,
			Behaviour: depends("reaps as PID 1 since version 0.2.33, of October 2024; older ones don't",
				code("https://github.com/aptible/supercronic/blob/HEAD/reaper.go")),
			Modes: []Mode{{
				When:      "with -no-reap",
				Match:     hasAny("-no-reap", "--no-reap"),
				Behaviour: leaves(goRuntime, code("https://github.com/aptible/supercronic/blob/HEAD/main.go")),
			}},
		},
		{
			Names: []string{"patroni", "patroni.py"}, Role: Server, Interpreter: "python", Modules: []string{"patroni"},
			Behaviour: reaps("as PID 1 it runs itself as a child and waits for any",
				code("https://github.com/patroni/patroni/blob/HEAD/patroni/__main__.py")).forwards(),
		},
		{
			Names: []string{"localstack-supervisor"}, Role: Init, Interpreter: "python",
			Behaviour: reaps(waitsForAny, code("https://github.com/localstack/localstack/blob/HEAD/bin/localstack-supervisor")).forwards(),
		},
		{
			Names: []string{"circusd"}, Role: Supervisor, Interpreter: "python", Modules: []string{"circus.circusd", "circus"},
			Behaviour: reaps("its arbiter waits for any child", code("https://github.com/circus-tent/circus/blob/HEAD/circus/arbiter.py")),
		},
		{
			// Crystal's runtime waits for any child from the start.
			Names: []string{"invidious", "lavinmq"}, Role: Server,
			Behaviour: reaps("a Crystal program: its runtime waits for any child",
				code("https://github.com/crystal-lang/crystal/blob/HEAD/src/crystal/system/unix/signal.cr")),
		},
		{
			Names: []string{"crond"}, Generic: true, Role: Server,
			Behaviour: depends("cronie's waits for any child, busybox's and dcron's only for their own",
				code("https://github.com/cronie-crond/cronie/blob/HEAD/src/cron.c")).forksHelpers(),
		},
	}
}
