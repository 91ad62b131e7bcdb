package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/initguard/initguard/test/cluster/binaries"
)

func TestRunUsage(t *testing.T) {
	tests := []struct {
		args []string
		want int
	}{
		{args: []string{"-h"}, want: 0},
		{args: nil, want: 2},
		{args: []string{"-x"}, want: 2},
		{args: []string{"dwon"}, want: 2},
		{args: []string{"build", "kubectl"}, want: 2},
		{args: []string{"path"}, want: 2},
		{args: []string{"path", "kubectl", "etcd"}, want: 2},
		{args: []string{"path", "kubefed"}, want: 1},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			err := run(t.Context(), test.args, &stdout, &stderr)
			if got := exitCode(&stderr, err); got != test.want {
				t.Errorf("exit status %d, want %d; it says %s", got, test.want, &stderr)
			}
			if stdout.Len() != 0 {
				t.Errorf("stdout holds %q", &stdout)
			}
			if stderr.Len() == 0 {
				t.Error("it says nothing")
			}
		})
	}
}

func TestRunHelp(t *testing.T) {
	var stderr bytes.Buffer
	if err := run(t.Context(), []string{"-h"}, io.Discard, &stderr); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
	if stderr.String() != usage {
		t.Errorf("help is %q", &stderr)
	}
}

func TestPath(t *testing.T) {
	assets := t.TempDir()
	want := filepath.Join(assets, "kubectl")
	if err := os.WriteFile(want, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(binaries.AssetsVariable, assets)
	var stdout bytes.Buffer
	if err := run(t.Context(), []string{"path", "kubectl"}, &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	if stdout.String() != want+"\n" {
		t.Errorf("stdout holds %q, want %q", &stdout, want)
	}
}

func TestUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"up"}, out, io.Discard)
		ended <- errors.Join(err, out.CloseWithError(io.EOF))
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("it printed no line: %v", <-ended)
	}
	match := regexp.MustCompile(`^export KUBECONFIG='([^']+)'\n$`).FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("it printed %q", line)
	}
	if _, err := os.Stat(match[1]); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(match[1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after it ended the kubeconfig is left: %v", err)
	}
}
