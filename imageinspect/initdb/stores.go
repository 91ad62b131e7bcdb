package initdb

// moreStores keep data; those that need a mode or an image's own place stand
// here.
func moreStores() []Program {
	return []Program{
		{
			// Its scripts' pids are all that it waits for, so it waits for any.
			Names: []string{"redis-sentinel", "valkey-sentinel", "keydb-sentinel"}, Role: Server,
			Behaviour: reaps("as a sentinel it waits for any child", measured("redis-sentinel")),
		},
		server(leaves("waits only while a background save runs", code("https://github.com/Snapchat/KeyDB/blob/HEAD/src/server.cpp")), "keydb-server").with(
			sentinelMode(code("https://github.com/Snapchat/KeyDB/blob/HEAD/src/sentinel.cpp"))),
		server(leaves("waits only for itself as its watchdog's child", code("https://github.com/ClickHouse/ClickHouse/blob/HEAD/src/Daemon/BaseDaemon.cpp")),
			"clickhouse-server", "clickhouse", "clickhouse-keeper"),
		server(reaps(waitsForAny, measured("slapd")), "slapd"),
		server(reaps(waitsForAny, measured("tarantool")), "tarantool"),
		server(leaves(neverWaits, measured("beanstalkd")), "beanstalkd"),
		server(leaves(neverWaits, measured("gearmand")), "gearmand"),
		server(depends("reaps with workers = prefork, which its configuration may ask for", measured("searchd-prefork")), "searchd"), //nolint:misspell // Sphinx's own name.
		server(leaves(waitsForOwn, measured("firebird")), "firebird"),
		server(leaves(waitsForOwn, measured("fbguard")), "fbguard"),
		server(leaves(waitsForOwn, measured("garbd")), "garbd"),
		server(leaves(waitsForOwn, measured("ceph-mon")), "ceph-mon", "ceph-mgr", "ceph-mds", "ceph-osd"),
		server(leaves(waitsForOwn, measured("glusterd")), "glusterd", "glusterfsd", "glusterfs"),
		server(leaves(neverWaits, measured("munged")), "munged"),
		server(reaps("its supervisor waits for any child",
			code("https://github.com/hapostgres/pg_auto_failover/blob/HEAD/src/bin/pg_autoctl/supervisor.c")), "pg_autoctl"),
		server(reaps("waits for any child", code("https://github.com/apple/foundationdb/blob/HEAD/fdbmonitor/fdbmonitor.cpp")), "fdbmonitor"),
		server(leaves(waitsForOwn, code("https://github.com/apple/foundationdb/blob/HEAD/fdbserver/kvstore/FDBExecHelper.cpp")), "fdbserver"),
		server(leaves("its source waits for no child", code("https://github.com/aerospike/aerospike-server/blob/HEAD/as/src/base/signal.c")), "asd"),
		server(leaves("its source waits for no child", code("https://github.com/EnterpriseDB/repmgr/blob/HEAD/repmgrd.c")), "repmgrd"),
		server(leaves(haskellRuntime, measured("haskell")), "hledger-web"),
		server(leaves(haskellRuntime, documented("https://github.com/PostgREST/postgrest")), "postgrest"),
		server(leaves("its source waits for no child", code("https://github.com/rethinkdb/rethinkdb/blob/HEAD/src/extproc/extproc_spawner.cc")), "rethinkdb"),
		server(leaves("its source waits for no child", code("https://github.com/dragonflydb/dragonfly/blob/HEAD/src/server/dfly_main.cc")), "dragonfly"),
		server(leaves("its source waits for no child", code("https://github.com/fluent/fluent-bit/blob/HEAD/src/fluent-bit.c")), "fluent-bit"),
		server(leaves("its source waits for no child", code("https://github.com/typesense/typesense/blob/HEAD/src/main/typesense_server.cpp")), "typesense-server"),
	}
}

// A Haskell program's runtime and its process library wait only for the
// processes that the program itself started.
const haskellRuntime = "a Haskell program: it waits only for children that it started"

// sentinelMode is redis-server and its kin with --sentinel.
func sentinelMode(s Source) Mode {
	return Mode{
		When:      "with --sentinel",
		Match:     hasAny("--sentinel"),
		Stated:    true,
		Behaviour: reaps("as a sentinel it waits for any child", s),
	}
}
