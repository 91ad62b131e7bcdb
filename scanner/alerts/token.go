package alerts

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// The bounds of tokens. Several may be good while one is replaced.
const (
	leastToken = 16
	mostToken  = 512
	maxTokens  = 4
	maxFile    = maxTokens * (mostToken + 2)
)

// readTokens reads the tokens of a file, one a line.
func readTokens(file string) ([][]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, err
	}
	tokens, err := parseTokens(data)
	if err != nil {
		return nil, fmt.Errorf("%s %w", file, err)
	}
	return tokens, nil
}

func parseTokens(data []byte) ([][]byte, error) {
	var tokens [][]byte
	if len(data) > maxFile {
		return nil, fmt.Errorf("holds more than %d bytes", maxFile)
	}
	for line := range bytes.Lines(data) {
		token := bytes.TrimSpace(line)
		switch {
		case len(token) == 0:
			continue
		case len(token) < leastToken || len(token) > mostToken:
			return nil, fmt.Errorf("holds a token of %d characters; one has from %d to %d", len(token), leastToken, mostToken)
		case len(tokens) == maxTokens:
			return nil, fmt.Errorf("holds more than %d tokens", maxTokens)
		}
		tokens = append(tokens, token)
	}
	if len(tokens) == 0 {
		return nil, errors.New("holds no token")
	}
	return tokens, nil
}

// allowed says whether a request has one of the tokens. How long that takes says
// nothing of them.
func allowed(r *http.Request, tokens [][]byte) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	have := sha256.Sum256([]byte(strings.TrimSpace(given)))
	found := 0
	for _, token := range tokens {
		want := sha256.Sum256(token)
		found |= subtle.ConstantTimeCompare(have[:], want[:])
	}
	return found == 1 && strings.EqualFold(scheme, "Bearer")
}
