package registry

import (
	"fmt"
	"sync"
	"time"
	"weak"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/initguard/initguard/imageinspect"
	"github.com/initguard/initguard/imageinspect/rootfs"
)

const (
	// maxFactsBytes and the next two bound the caches by weight, so that
	// images with huge environments or indexes push out others, not the
	// process.
	maxFactsBytes = 48 << 20
	maxTopsBytes  = 16 << 20
	maxFilesBytes = 24 << 20
	// filesPerImage is how many questions about its files a remembered image
	// leads to at most, on average.
	filesPerImage = 8

	// maxSessions is for each namespace that pulls from somewhere with a login of
	// its own. One takes some 2 KiB.
	maxSessions = 2048
	// sessionTTL is how long a login is used again; tokens that expire before
	// that are renewed.
	sessionTTL = 5 * time.Minute

	maxLive = 256
	// liveTTL is how long questions share one reading of an image's layers;
	// its bounds begin anew after that.
	liveTTL = time.Minute
)

// sessionKey is a repository as seen with some credentials.
type sessionKey struct {
	repository string
	creds      credentials
	plainHTTP  bool
}

// accessKey stands for the proof that these credentials may read this tag or
// digest in this repository.
type accessKey struct {
	sessionKey
	identifier string
}

// failureKey is one lookup; without an identifier, all of a repository.
type failureKey struct {
	accessKey
	platforms string
	// chain names the places that are asked after the first.
	chain string
	// question is set for a lookup of the image's files.
	question string
}

// contentKey is content of a repository. Content is the same for all who may
// read it, but is only shown after access was proved: a registry says that a
// digest is in this repository, not that it is in another.
type contentKey struct {
	repository string
	digest     v1.Hash
}

// caches hold what was learned.
type caches struct {
	access   *ttlCache[id, sum] // by accessKey
	failures failures
	sessions *ttlCache[sessionKey, *session]
	tops     *weightCache[id, string]   // by contentKey, packed
	facts    *weightCache[id, string]   // by contentKey, packed
	files    *weightCache[id, keptFile] // by fileKey
	live     *ttlCache[liveKey, weak.Pointer[rootfs.Image]]
}

// fileKey is one question about the files of one image.
type fileKey struct {
	contentKey
	path string
}

// fileAnswer is what is known of a file for good: the file, that there is
// none, or why it can't be read.
type fileAnswer struct {
	file imageinspect.File
	err  error
}

// keptFile is a fileAnswer as it is remembered: most are about files that are
// not there.
type keptFile struct {
	file *imageinspect.File // nil where there is none to tell of
	err  error
}

func (a fileAnswer) keep() keptFile {
	if a.err != nil && a.file.Way.Trivial() {
		return keptFile{err: a.err}
	}
	return keptFile{file: &a.file, err: a.err}
}

func (k keptFile) answer() fileAnswer {
	if k.file == nil {
		return fileAnswer{err: k.err}
	}
	return fileAnswer{file: *k.file, err: k.err}
}

// entryBytes is about what an entry of a cache takes of memory beside what it
// refers to.
const entryBytes = 192

// weight is about how many bytes of memory k holds.
func (k keptFile) weight() int {
	const file, program = 128, 512
	n := entryBytes
	if k.file == nil {
		return n
	}
	n += file + len(k.file.Asked) + len(k.file.Path) + len(k.file.Text)
	if k.file.Program != nil {
		n += program
	}
	return n + wayWeight(k.file.Way)
}

// wayWeight is about how many bytes of memory a way holds.
func wayWeight(w imageinspect.Way) (n int) {
	const text, link = 16, 40
	for _, p := range w.Over {
		n += text + len(p)
	}
	for _, l := range w.Links {
		n += link + len(l.From) + len(l.To)
	}
	return n
}

// packedWeight is about how many bytes of memory packed content takes.
func packedWeight(packed string) int { return entryBytes + len(packed) }

func (c *caches) knownTop(key contentKey) (top, bool) {
	packed, ok := c.tops.get(key.id())
	if !ok {
		return top{}, false
	}
	return unpackTop(packed, key.digest), true
}

func (c *caches) knownFacts(key contentKey) (facts, bool) {
	packed, ok := c.facts.get(key.id())
	if !ok {
		return facts{}, false
	}
	return unpackFacts(packed), true
}

func (c *caches) knownFile(key fileKey) (fileAnswer, bool) {
	kept, ok := c.files.get(key.id())
	return kept.answer(), ok
}

func (c *caches) proof(key accessKey) (v1.Hash, bool) {
	s, ok := c.access.get(key.id())
	return s.digest(), ok
}

func newCaches(o Options) (*caches, error) {
	access, err1 := newTTLCache[id, sum](o.CacheSize, o.Now)
	failed, err2 := newTTLCache[failureKey, *problem](o.CacheSize, o.Now)
	sessions, err3 := newTTLCache[sessionKey, *session](maxSessions, o.Now)
	tops, err4 := newWeightCache[id](o.CacheSize, maxTopsBytes, packedWeight)
	known, err5 := newWeightCache[id](o.CacheSize, maxFactsBytes, packedWeight)
	files, err6 := newWeightCache[id](filesPerImage*o.CacheSize, maxFilesBytes, keptFile.weight)
	live, err7 := newTTLCache[liveKey, weak.Pointer[rootfs.Image]](maxLive, o.Now)
	for _, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if err != nil {
			return nil, fmt.Errorf("registry options: CacheSize: %w", err)
		}
	}
	return &caches{access: access, failures: failures{failed}, sessions: sessions, tops: tops, facts: known, files: files, live: live}, nil
}

// resize changes how many images are remembered, and forgets those that are
// too many.
func (c *caches) resize(size int) {
	c.access.entries.Resize(size)
	c.failures.entries.Resize(size)
	c.tops.resize(size)
	c.facts.resize(size)
	c.files.resize(filesPerImage * size)
}

// ttlCache is an LRU whose entries expire.
type ttlCache[K comparable, V any] struct {
	entries *lru.Cache[K, expiring[V]]
	now     func() time.Time
}

type expiring[V any] struct {
	value V
	until time.Time
}

func newTTLCache[K comparable, V any](size int, now func() time.Time) (*ttlCache[K, V], error) {
	entries, err := lru.New[K, expiring[V]](size)
	if err != nil {
		return nil, fmt.Errorf("cache of %d entries: %w", size, err)
	}
	return &ttlCache[K, V]{entries: entries, now: now}, nil
}

func (c *ttlCache[K, V]) get(key K) (value V, ok bool) {
	e, ok := c.entries.Get(key)
	if !ok || !c.now().Before(e.until) {
		return value, false
	}
	return e.value, true
}

func (c *ttlCache[K, V]) add(key K, value V, ttl time.Duration) {
	c.entries.Add(key, expiring[V]{value: value, until: c.now().Add(ttl)})
}

func (c *ttlCache[K, V]) remove(key K) { c.entries.Remove(key) }

// weightCache is an LRU bounded by number and by weight in bytes.
type weightCache[K comparable, V any] struct {
	mu         sync.Mutex
	entries    *simplelru.LRU[K, V]
	weigh      func(V) int
	total, max int
}

func newWeightCache[K comparable, V any](size, maxWeight int, weigh func(V) int) (*weightCache[K, V], error) {
	c := &weightCache[K, V]{weigh: weigh, max: maxWeight}
	entries, err := simplelru.NewLRU(size, func(_ K, v V) { c.total -= weigh(v) })
	if err != nil {
		return nil, fmt.Errorf("cache of %d entries: %w", size, err)
	}
	c.entries = entries
	return c, nil
}

func (c *weightCache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries.Get(key)
}

func (c *weightCache[K, V]) add(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// Removing first has the old value's weight taken off in one place.
	c.entries.Remove(key)
	c.total += c.weigh(value)
	c.entries.Add(key, value)
	for c.total > c.max {
		if _, _, ok := c.entries.RemoveOldest(); !ok {
			return
		}
	}
}

func (c *weightCache[K, V]) resize(size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries.Resize(size)
}
