package main

import (
	"fmt"
	"io"
)

// report prints the tables of docs/performance.md.
func report(out io.Writer, results []result, own, peer *server) error {
	fmt.Fprintln(out, "| review | bytes | initguard, requests / CPU s | Pod Security | **initguard / Pod Security** | p50 | p99 | p50, Pod Security | p99, Pod Security |")
	fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
	for _, r := range results {
		fmt.Fprintf(out, "| %s | %d | %.0f | %.0f | **%.2f** | %.2f ms | %.2f ms | %.2f ms | %.2f ms |\n",
			r.name, r.size, median(r.own.perCPU), median(r.peer.perCPU), median(ratios(r)),
			percentile(r.own.latencies, 50), percentile(r.own.latencies, 99), percentile(r.peer.latencies, 50), percentile(r.peer.latencies, 99))
	}
	fmt.Fprintln(out)
	fmt.Fprintln(out, "| | resident | at most |")
	fmt.Fprintln(out, "| --- | --- | --- |")
	for _, s := range []*server{own, peer} {
		now, most, err := s.memory()
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %.1f MiB | %.1f MiB |\n", s.name, now, most)
	}
	return nil
}

// ratios are those of rounds that ran one after the other.
func ratios(r result) []float64 {
	out := make([]float64, len(r.own.perCPU))
	for i := range out {
		out[i] = r.own.perCPU[i] / r.peer.perCPU[i]
	}
	return out
}
