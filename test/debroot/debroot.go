// Package debroot builds throwaway root file systems out of Debian packages.
//
// Packages are downloaded and unpacked with everything they depend on; nothing
// is installed on the host and no maintainer script runs. Archives and
// unpacked roots are kept in a cache outside of the work tree.
package debroot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// base is in every root: a shell, the core tools and the system's users.
var base = [...]string{"base-files", "base-passwd", "bash", "coreutils", "dash", "libc-bin", "util-linux"}

// layout is the version of how roots are made; a change makes old ones stale.
const layout = "3"

// Builder makes roots and caches them. It is safe for concurrent use.
type Builder struct {
	// Dir is the cache; it is made when it is missing.
	Dir string
	// Logf is told what is being downloaded or unpacked; nil for silence.
	Logf func(format string, args ...any)

	mu sync.Mutex // one root is built at a time: apt and the disk are shared
}

// Root is an unpacked root. It is shared and must not be written to: put an
// overlay over it.
type Root struct {
	Dir string
	// Versions are the Debian versions of all packages in it, by name.
	Versions map[string]string
}

// CacheDir is where roots are kept unless somebody says otherwise.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "initguard", "debs"), nil
}

// pkg is one package of a closure.
type pkg struct{ Name, Version string }

// Root returns a root that holds the packages and all that they depend on.
func (b *Builder) Root(ctx context.Context, packages ...string) (Root, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.root(ctx, packages)
}

func (b *Builder) root(ctx context.Context, packages []string) (Root, error) {
	dir := filepath.Join(b.Dir, "roots", key(packages))
	if root, err := readRoot(dir); err == nil {
		return root, nil
	}
	all, err := b.closure(ctx, packages)
	if err != nil {
		return Root{}, err
	}
	files, err := b.download(ctx, all)
	if err != nil {
		return Root{}, err
	}
	var under Root
	if len(packages) > 0 { // unpack the base only once
		if under, err = b.root(ctx, nil); err != nil {
			return Root{}, err
		}
	}
	if err := b.build(ctx, dir, under, all, files); err != nil {
		return Root{}, err
	}
	return readRoot(dir)
}

func (b *Builder) logf(format string, args ...any) {
	if b.Logf != nil {
		b.Logf(format, args...)
	}
}

func key(packages []string) string {
	sorted := append([]string{"layout " + layout}, packages...)
	sort.Strings(sorted)
	sum := sha256.Sum256([]byte(strings.Join(sorted, "\n")))
	return hex.EncodeToString(sum[:8])
}

// versionsFile lies beside the root; its presence says that the root is
// complete.
const versionsFile = "versions.json"

func readRoot(dir string) (Root, error) {
	text, err := os.ReadFile(filepath.Join(dir, versionsFile))
	if err != nil {
		return Root{}, err
	}
	root := Root{Dir: filepath.Join(dir, "root")}
	if err := json.Unmarshal(text, &root.Versions); err != nil {
		return Root{}, err
	}
	return root, nil
}

// closure asks apt what would be installed on a system that has nothing.
func (b *Builder) closure(ctx context.Context, packages []string) ([]pkg, error) {
	if err := os.MkdirAll(filepath.Join(b.Dir, "archives"), 0o755); err != nil {
		return nil, err
	}
	status := filepath.Join(b.Dir, "empty-status")
	if err := os.WriteFile(status, nil, 0o600); err != nil {
		return nil, err
	}
	args := []string{"-o", "Dir::State::status=" + status, "--simulate", "--no-install-recommends", "install"}
	args = append(append(args, base[:]...), packages...)
	out, err := run(ctx, "", "apt-get", args...)
	if err != nil {
		return nil, fmt.Errorf("dependencies of %s: %w (has apt-get update been run?)", strings.Join(packages, ", "), err)
	}
	var all []pkg
	for line := range strings.Lines(out) {
		// Inst dash (0.5.12-2 Debian:12.1/stable [amd64])
		fields := strings.Fields(line)
		if len(fields) > 2 && fields[0] == "Inst" {
			all = append(all, pkg{fields[1], strings.TrimPrefix(fields[2], "(")})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("apt-get --simulate install named no package")
	}
	return all, nil
}

// download fetches the archives that are not there yet and returns their
// paths, in the order of the packages.
func (b *Builder) download(ctx context.Context, all []pkg) ([]string, error) {
	dir := filepath.Join(b.Dir, "archives")
	var missing []string
	for _, p := range all {
		if _, ok := archive(dir, p); !ok {
			missing = append(missing, p.Name+"="+p.Version)
		}
	}
	if len(missing) > 0 {
		b.logf("downloading %d packages", len(missing))
		args := append([]string{"-o", "APT::Sandbox::User=root", "download"}, missing...)
		if _, err := run(ctx, dir, "apt-get", args...); err != nil {
			return nil, err
		}
	}
	files := make([]string, 0, len(all))
	for _, p := range all {
		file, ok := archive(dir, p)
		if !ok {
			return nil, fmt.Errorf("apt-get download left no archive of %s %s in %s", p.Name, p.Version, dir)
		}
		files = append(files, file)
	}
	return files, nil
}

// archive is the file as which apt-get download saves a package.
func archive(dir string, p pkg) (string, bool) {
	name := p.Name + "_" + strings.ReplaceAll(p.Version, ":", "%3a") + "_*.deb"
	found, err := filepath.Glob(filepath.Join(dir, name))
	if err != nil || len(found) == 0 {
		return "", false
	}
	return found[0], true
}

// build makes a root over another one beside dir and puts it in place when it
// is complete.
func (b *Builder) build(ctx context.Context, dir string, under Root, all []pkg, files []string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temp) }()
	var extra []string
	versions := make(map[string]string, len(all))
	for i, p := range all {
		versions[p.Name] = p.Version
		if under.Versions[p.Name] != p.Version {
			extra = append(extra, files[i])
		}
	}
	b.logf("unpacking %d packages", len(extra))
	if err := unpack(ctx, filepath.Join(temp, "root"), under, extra); err != nil {
		return err
	}
	text, err := json.Marshal(versions)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(temp, versionsFile), text, 0o600); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	_ = os.RemoveAll(dir) // an incomplete one
	return os.Rename(temp, dir)
}

// unpack puts archives over the root below, whose files it shares by hard
// links: tar replaces a file, it never writes into one.
func unpack(ctx context.Context, root string, under Root, files []string) error {
	if under.Dir != "" {
		if _, err := run(ctx, "", "cp", "--archive", "--link", under.Dir, root); err != nil {
			return err
		}
		return extract(ctx, root, files)
	}
	for _, name := range []string{"bin", "sbin", "lib", "lib64"} { // merged /usr, as Debian 12 is
		if err := os.MkdirAll(filepath.Join(root, "usr", name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+name, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	if err := extract(ctx, root, files); err != nil {
		return err
	}
	return finish(root)
}

func extract(ctx context.Context, root string, files []string) error {
	for _, file := range files {
		if err := extractOne(ctx, root, file); err != nil {
			return fmt.Errorf("unpacking %s: %w", filepath.Base(file), err)
		}
	}
	return nil
}

// extractOne unpacks one archive. dpkg-deb --extract would put a directory in
// the place of /bin's symlink.
func extractOne(ctx context.Context, root, file string) error {
	source := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", file)
	sink := exec.CommandContext(ctx, "tar", "--extract", "--keep-directory-symlink", "--directory="+root)
	pipe, err := source.StdoutPipe()
	if err != nil {
		return err
	}
	var errOut strings.Builder
	sink.Stdin, sink.Stderr = pipe, &errOut
	if err := source.Start(); err != nil {
		return err
	}
	sinkErr := sink.Run()
	sourceErr := source.Wait()
	if err := errors.Join(sinkErr, sourceErr); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(errOut.String()))
	}
	return nil
}

// finish does what the maintainer scripts of the base packages would.
func finish(root string) error {
	for _, name := range []string{"passwd", "group"} {
		text, err := os.ReadFile(filepath.Join(root, "usr/share/base-passwd", name+".master"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, "etc", name), text, 0o644); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "usr/bin/sh")); errors.Is(err, os.ErrNotExist) {
		return os.Symlink("dash", filepath.Join(root, "usr/bin/sh"))
	}
	return nil
}

// run executes a tool with a plain locale and returns what it printed.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(errOut.String()))
	}
	return string(out), nil
}
