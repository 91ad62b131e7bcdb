package binaries

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPathAssets(t *testing.T) {
	assets := t.TempDir()
	write(t, filepath.Join(assets, "etcd"), "", 0o700)
	write(t, filepath.Join(assets, "kubectl"), "", 0o600)
	tests := []struct {
		name, program, wantErr string
	}{
		{name: "there", program: "etcd"},
		{name: "missing", program: "kube-apiserver", wantErr: filepath.Join(assets, "kube-apiserver") + ": no such file"},
		{name: "not executable", program: "kubectl", wantErr: "not an executable file"},
		{name: "unknown", program: "kubefed", wantErr: "pinned are: etcd, kube-apiserver, kubectl"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, err := Path(t.Context(), test.program, Options{Assets: assets})
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) {
					t.Fatalf("error %v, want %q", err, test.wantErr)
				}
				return
			}
			if want := filepath.Join(assets, test.program); err != nil || path != want {
				t.Errorf("got %s, %v, want %s", path, err, want)
			}
		})
	}
}

func TestFindAssetsVariable(t *testing.T) {
	assets := t.TempDir()
	for _, name := range []string{"etcd", "kube-apiserver", "kubectl"} {
		write(t, filepath.Join(assets, name), "", 0o700)
	}
	t.Setenv(AssetsVariable, assets)
	set, err := Find(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := Set{
		APIServer: filepath.Join(assets, "kube-apiserver"),
		Etcd:      filepath.Join(assets, "etcd"),
		Kubectl:   filepath.Join(assets, "kubectl"),
	}
	if set != want {
		t.Errorf("got %+v, want %+v", set, want)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}
