package imagetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Fault stands in front of the registry. It answers a request and returns
// true, or returns false to let the request through.
type Fault func(w http.ResponseWriter, req *http.Request) bool

// On restricts a fault to some kinds of request.
func On(f Fault, kinds ...Kind) Fault {
	return func(w http.ResponseWriter, req *http.Request) bool {
		for _, kind := range kinds {
			if KindOf(req) == kind {
				return f(w, req)
			}
		}
		return false
	}
}

// Status answers with a status code and headers given as name, value pairs.
func Status(code int, headers ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		refuse(w, code, http.StatusText(code))
		return true
	}
}

// Hang answers nothing until the caller leaves or the registry is closed.
func Hang() Fault {
	return func(_ http.ResponseWriter, req *http.Request) bool {
		<-req.Context().Done()
		return true
	}
}

// Gate holds requests back until open is called, then lets them through.
func Gate() (f Fault, open func()) {
	gate := make(chan struct{})
	f = func(_ http.ResponseWriter, req *http.Request) bool {
		select {
		case <-gate:
			return false
		case <-req.Context().Done():
			return true
		}
	}
	return f, sync.OnceFunc(func() { close(gate) })
}

// Body answers 200 with a content of one's own.
func Body(mediaType, content string) Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", mediaType)
		_, _ = w.Write([]byte(content))
		return true
	}
}

// Stream answers 200 with size bytes, never holding them at once. When
// announced is false, Content-Length is left out.
func Stream(size int64, announced bool) Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		if announced {
			w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		}
		chunk := make([]byte, 64<<10)
		for size > 0 {
			n, err := w.Write(chunk[:min(size, int64(len(chunk)))])
			if err != nil {
				return true
			}
			size -= int64(n)
		}
		return true
	}
}

// Truncate announces more bytes than it sends, then drops the connection.
func Truncate() Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"schemaVersion":2,`))
		return true
	}
}

// Reset drops the connection in the middle of an answer, as a proxy that is
// restarted does.
func Reset() Fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return true
		}
		if tcp, ok := connection.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // with a reset, not an orderly end
		}
		_ = connection.Close()
		return true
	}
}

// Redirect sends every request elsewhere.
func Redirect(target string) Fault {
	return func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, target, http.StatusTemporaryRedirect)
		return true
	}
}

// RedirectLoop sends every request back to itself.
func RedirectLoop() Fault {
	return func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, req.URL.Path, http.StatusTemporaryRedirect)
		return true
	}
}

// ServeLayer answers for one layer's content without the registry holding it:
// pushing an image finds it there. Other requests go to next, which may be
// nil.
func ServeLayer(layer v1.Layer, next Fault) (Fault, error) {
	digest, err := layer.Digest()
	if err != nil {
		return nil, fmt.Errorf("digest of the layer: %w", err)
	}
	size, err := layer.Size()
	if err != nil {
		return nil, fmt.Errorf("size of the layer: %w", err)
	}
	return func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "/blobs/"+digest.String()) {
			return next != nil && next(w, req)
		}
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		if req.Method == http.MethodHead {
			return true
		}
		content, err := layer.Compressed()
		if err != nil {
			refuse(w, http.StatusInternalServerError, err.Error())
			return true
		}
		defer func() { _ = content.Close() }()
		_, _ = io.Copy(w, content)
		return true
	}, nil
}
