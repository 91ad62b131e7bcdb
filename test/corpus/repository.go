package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// maxBlob bounds a file out of a repository, in bytes.
const maxBlob = 8 << 20

// errNoBlob says that a file is not in a repository.
var errNoBlob = errors.New("no such file there")

// repositories reads files out of git repositories. One git a repository stays
// up, so that a run over all cases takes seconds. Git is never told to write.
type repositories struct {
	dir  string
	open map[string]*repository
}

// repository is a running `git cat-file --batch`.
type repository struct {
	in   io.WriteCloser
	out  *bufio.Reader
	wait func() error
}

// read returns a file at a commit, or at HEAD where that commit is not there.
// It follows the repository's own symlinks.
func (r *repositories) read(ctx context.Context, name, commit, file string) (string, error) {
	repo, err := r.get(ctx, name)
	if err != nil {
		return "", err
	}
	var text string
	err = errNoBlob
	for _, revision := range []string{commit, "HEAD"} {
		if revision == "" || !errors.Is(err, errNoBlob) {
			continue
		}
		text, err = repo.blob(revision + ":" + file)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", name, file, err)
	}
	return text, nil
}

func (r *repositories) get(ctx context.Context, name string) (*repository, error) {
	if repo, ok := r.open[name]; ok {
		return repo, nil
	}
	dir := filepath.Join(r.dir, strings.ReplaceAll(name, "/", "+"), "repo")
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("the repository %s is not there", name)
	}
	if clone := filepath.Join(dir, ".git"); exists(clone) {
		dir = clone // not bare
	}
	cmd := exec.CommandContext(ctx, "git", "--git-dir="+dir, "cat-file", "--batch", "--follow-symlinks")
	// Repositories of other users are read, and nothing in them is obeyed.
	cmd.Env = append(os.Environ(), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "GIT_NO_LAZY_FETCH=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("git: %w", err)
	}
	repo := &repository{in: in, out: bufio.NewReader(out), wait: cmd.Wait}
	r.open[name] = repo
	return repo, nil
}

func (r *repositories) close() {
	for _, repo := range r.open {
		_ = repo.in.Close()
		_ = repo.wait()
	}
}

// blob asks for one object, as git-cat-file(1) says under BATCH OUTPUT: a line
// of id, kind and size, the content, a newline. Where there is no such file the
// kind is another word, and what follows a size is a path.
func (r *repository) blob(object string) (string, error) {
	if strings.ContainsAny(object, "\n\x00") {
		return "", errNoBlob
	}
	if _, err := fmt.Fprintln(r.in, object); err != nil {
		return "", fmt.Errorf("git cat-file: %w", err)
	}
	line, err := r.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("git cat-file: %w", err)
	}
	fields := strings.Fields(line)
	if last := fields[len(fields)-1]; last == "missing" || last == "ambiguous" {
		return "", errNoBlob
	}
	size, err := strconv.Atoi(fields[len(fields)-1])
	if err != nil || size < 0 {
		return "", fmt.Errorf("git cat-file says %q", line)
	}
	content := io.LimitReader(r.out, int64(size)+1)
	text, err := io.ReadAll(io.LimitReader(content, maxBlob))
	if err != nil {
		return "", fmt.Errorf("git cat-file: %w", err)
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return "", fmt.Errorf("git cat-file: %w", err)
	}
	if len(fields) != 3 || fields[1] != "blob" || size >= maxBlob {
		return "", errNoBlob // a folder, a submodule, a symlink that leads nowhere
	}
	return string(text[:size]), nil
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
