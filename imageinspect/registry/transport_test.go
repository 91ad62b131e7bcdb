package registry

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestLimitedBody(t *testing.T) {
	const content = "0123456789"
	for limit := range len(content) + 2 {
		for name, source := range map[string]io.Reader{
			"at once":      strings.NewReader(content),
			"byte by byte": iotest.OneByteReader(strings.NewReader(content)),
		} {
			body := &limitedBody{ReadCloser: io.NopCloser(source), left: int64(limit), limit: int64(limit)}
			got, err := io.ReadAll(body)
			want := content[:min(limit, len(content))]
			if string(got) != want {
				t.Errorf("limit %d, %s: read %q, want %q", limit, name, got, want)
			}
			var large *tooLargeError
			if errors.As(err, &large) != (limit < len(content)) {
				t.Errorf("limit %d, %s: error %v", limit, name, err)
			}
			if n, _ := body.Read(make([]byte, 1)); limit < len(content) && n != 0 {
				t.Errorf("limit %d, %s: read on after the error", limit, name)
			}
		}
	}
}
