package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// ticksASecond is the unit of CPU time in /proc/PID/stat; USER_HZ is 100 on
// every platform of Linux that Go runs on.
const ticksASecond = 100

// server is a webhook that is asked, with the process that it is.
type server struct {
	name   string
	url    string
	pid    int
	client *http.Client
}

// newServer makes a client that asks as the API server does: TLS by the CA of
// the registration, HTTP/2, connections that stay.
func newServer(name, url string, pid int, ca []byte) (*server, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s: no CA", name)
	}
	return &server{name: name, url: url + "?timeout=5s", pid: pid, client: &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool},
		},
	}}, nil
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// ask posts a review and gives the answer, which must allow the request.
func (s *server) ask(ctx context.Context, review []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(review))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json, */*")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(answer, []byte(`"allowed":true`)) {
		return nil, fmt.Errorf("%s answered %s: %.300s", s.name, response.Status, answer)
	}
	return answer, nil
}

// cpu is the CPU time that the process has used.
func (s *server) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0, err
	}
	// The name before the last parenthesis may hold anything.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	const utime, stime = 11, 12 // fields 14 and 15 of proc(5)
	if len(fields) <= stime {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", s.pid, len(fields))
	}
	user, err1 := strconv.Atoi(fields[utime])
	system, err2 := strconv.Atoi(fields[stime])
	return time.Duration(user+system) * time.Second / ticksASecond, errors.Join(err1, err2)
}

// memory is what the process has resident now, and had at most, in MiB.
func (s *server) memory() (now, most float64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		if key != "VmRSS" && key != "VmHWM" {
			continue
		}
		kib, failed := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		err = errors.Join(err, failed)
		if key == "VmRSS" {
			now = kib / 1024
		} else {
			most = kib / 1024
		}
	}
	return now, most, err
}
