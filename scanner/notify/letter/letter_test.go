package letter

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/initguard/initguard/scanner/notice"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got); -update writes it:\n%s", path, diff)
	}
}

func samples() map[string]notice.Digest {
	lost := digest(firing(worker(), "Warning"))
	lost.Severity, lost.NoContact = "Warning", "the namespace has no annotation example.org/owner"
	lost.To = []notice.Contact{{Role: "platform", Address: "platform@example.org"}}
	lost.Items[0].Again = true
	over := digest(resolved(gone()))
	over.Severity = "Warning"
	return map[string]notice.Digest{"firing": digest(firing(report(), "Critical"), firing(worker(), "Warning"), resolved(gone())), "lost": lost, "resolved": over}
}

func TestGoldens(t *testing.T) {
	var want []string
	for name, d := range samples() {
		t.Run(name, func(t *testing.T) {
			l := Write(d, settings())
			golden(t, name+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
			golden(t, name+".html", l.HTML)
		})
		want = append(want, name+".txt", name+".html")
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !f.IsDir() && !strings.Contains(strings.Join(want, " ")+" ", f.Name()+" ") {
			t.Errorf("testdata/%s belongs to no sample", f.Name())
		}
	}
}

// TestNothingOfArgv: what a container runs is in no mail.
func TestNothingOfArgv(t *testing.T) {
	l := Write(samples()["firing"], settings())
	if s := l.Subject + l.Text + l.HTML; strings.Contains(s, "hunter2") || strings.Contains(s, "8080") {
		t.Errorf("a mail shows argv:\n%s", l.Text)
	}
}

// TestManyWorkloads: the worst are told in full, then there is a table, then a
// number, and the mail stays below what mail programs cut.
func TestManyWorkloads(t *testing.T) {
	var items []notice.Item
	for n := range 2000 {
		r := report()
		r.Status.Workload.Name = fmt.Sprintf("mongo-%04d", n)
		items = append(items, firing(r, "Critical"))
	}
	l := Write(digest(items...), settings())
	if len(l.HTML) > 100_000 || len(l.Text) > 100_000 {
		t.Errorf("%d bytes of HTML, %d of text", len(l.HTML), len(l.Text))
	}
	for _, want := range []string{"StatefulSet/mongo-0000 (Critical)", "StatefulSet/mongo-0040, Critical, 2,341 zombies", "workloads more"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("lacks %q", want)
		}
	}
	if !strings.Contains(l.Subject, "4,682,000 zombies in 2,000 workloads") {
		t.Errorf("subject %q", l.Subject)
	}
	most := digest(items[0], items[1])
	most.Items[0].Reasons = make([]string, 5000)
	for n := range 5000 {
		most.To = append(most.To, notice.Contact{Role: "lead", Address: fmt.Sprintf("a%d@example.org", n)})
		most.Items[0].Reasons[n] = strings.Repeat("x", 5000)
	}
	if l := Write(most, settings()); len(l.HTML) > 100_000 {
		t.Errorf("%d bytes of HTML for a digest with much in it", len(l.HTML))
	}
}

// TestWithoutNumbers: what is not known is not said.
func TestWithoutNumbers(t *testing.T) {
	r := worker()
	r.Status.Pods, r.Status.History, r.Status.Summary.Pods = nil, nil, 0
	l := Write(digest(firing(r, "Warning")), Settings{Now: noon()})
	for _, not := range []string{"PIDs", "an hour, ", "Quick fix", "https://", "of cluster"} {
		if strings.Contains(l.Text, not) {
			t.Errorf("says %q:\n%s", not, l.Text)
		}
	}
	if !strings.Contains(l.Text, "since") || strings.Contains(l.Subject, "[") {
		t.Errorf("%s\n%s", l.Subject, l.Text)
	}
}

func TestSpans(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Second: "a minute", 90 * time.Minute: "90 minutes", 5 * time.Hour: "5 hours", 100 * time.Hour: "4 days",
	} {
		if got := span(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestCommandsArePasteable(t *testing.T) {
	for _, evil := range []string{"a;rm -rf ~", "$(id)", "a`id`", "a\nb", "a|b", "a>b", "a&b", "a\\b", "'", "\"", "*"} {
		r := report()
		r.Status.Pods[0].Name = evil
		d := digest(firing(r, "Critical"))
		d.Namespace = evil
		l := Write(d, settings())
		if strings.Contains(l.Text, "kubectl annotate") || strings.Contains(l.Text, "delete pod "+evil) {
			t.Errorf("%q: there is a command to paste:\n%s", evil, l.Text)
		}
	}
}
