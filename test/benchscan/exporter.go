//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// server is a program that runs while others are measured.
type server struct {
	pid int
	url string
}

var listening = regexp.MustCompile(`address=(127\.0\.0\.1:\d+)`)

// startExporter starts node_exporter with the collector that counts processes
// by their state, and nothing else.
func startExporter(ctx context.Context, program string) (*server, error) {
	cmd := exec.CommandContext(ctx, program, "--collector.disable-defaults", "--collector.processes",
		"--web.listen-address=127.0.0.1:0", "--web.disable-exporter-metrics")
	out, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			s := &server{pid: cmd.Process.Pid, url: "http://" + m[1] + "/metrics"}
			_, err := s.get(ctx)
			return s, err
		}
	}
	return nil, errors.New("node_exporter did not say where it listens")
}

func (s *server) get(ctx context.Context) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return string(text), err
}

var (
	zombieMetric  = regexp.MustCompile(`node_processes_state\{state="Z"\} (\d+)`)
	processMetric = regexp.MustCompile(`node_processes_state\{state="[A-Z]"\} (\d+)`)
)

// rounds has it collect so many times.
func (s *server) rounds(ctx context.Context, n int) (cost, error) {
	before, err := s.cpu()
	if err != nil {
		return cost{}, err
	}
	var text string
	for range n {
		if text, err = s.get(ctx); err != nil {
			return cost{}, err
		}
	}
	after, err := s.cpu()
	if err != nil {
		return cost{}, err
	}
	c := cost{CPU: after - before}
	for _, m := range processMetric.FindAllStringSubmatch(text, -1) {
		count, _ := strconv.Atoi(m[1]) // digits, by the expression
		c.Processes += count
	}
	if m := zombieMetric.FindStringSubmatch(text); m != nil {
		c.Zombies, _ = strconv.Atoi(m[1])
	}
	return c, nil
}

// cpu is what all its threads have used, in nanoseconds.
func (s *server) cpu() (int64, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", s.pid))
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		fields := strings.Fields(string(text))
		n, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += n
	}
	return sum, nil
}

// resident is the most memory that it ever had, in KiB.
func (s *server) resident() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strconv.Atoi(strings.Fields(value)[0])
		}
	}
	return 0, errors.New("status has no VmHWM")
}
