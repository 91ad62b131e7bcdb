package initdb

// A Rust program's standard library and tokio wait only for the processes that
// the program itself started: measured with hyperfine (std) and sccache
// (tokio). That a server is one is documented by its repository, which was
// searched for a waitpid of any child.
const rustRuntime = "a Rust program: its libraries wait only for children that it started"

func rustServers() []Program {
	rows := []Program{
		server(leaves(rustRuntime, measured("rust-tokio")), "sccache"),
		tool("hyperfine", leaves(rustRuntime, measured("rust-std"))),
	}
	for _, g := range []goProgram{
		{"dani-garcia/vaultwarden", []string{"vaultwarden"}},
		{"astral-sh/uv", []string{"uv"}},
		{"denoland/deno", []string{"deno"}},
		{"influxdata/influxdb", []string{"influxdb3"}},
		{"lldap/lldap", []string{"lldap"}},
		{"meilisearch/meilisearch", []string{"meilisearch"}},
		{"qdrant/qdrant", []string{"qdrant"}},
		{"quickwit-oss/quickwit", []string{"quickwit"}},
		{"surrealdb/surrealdb", []string{"surreal"}},
		{"vectordotdev/vector", []string{"vector"}},
	} {
		rows = append(rows, server(leaves(rustRuntime, documented("https://github.com/"+g.repository)), g.names...))
	}
	return rows
}
