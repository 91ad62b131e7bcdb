package main

// etc writes a file of a form's root.
func etc(file, text string) string {
	return "mkdir -p $(dirname " + file + ")\ncat >" + file + " <<'END'\n" + text + "\nEND\n"
}

func proxyForms() []form {
	return []form{
		{ID: "privoxy", Packages: []string{"privoxy"}, Argv: []string{"privoxy", "--no-daemon", "/srv/c"}, Setup: etc("/srv/c", "listen-address 127.0.0.1:8118"), Port: 8118},
		{ID: "tinyproxy", Packages: []string{"tinyproxy-bin"}, Argv: []string{"tinyproxy", "-d", "-c", "/srv/c"}, Setup: etc("/srv/c", "Port 8888"), Port: 8888},
		{ID: "hitch", Packages: []string{"hitch", "openssl"}, Argv: []string{"hitch", "--user=nobody", "--frontend=[127.0.0.1]:8443", "--backend=[127.0.0.1]:80", "/srv/k"}, Setup: "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout /srv/k1 -out /srv/c1 2>/dev/null; cat /srv/k1 /srv/c1 >/srv/k", Port: 8443, Children: 1},
		{ID: "nghttpx", Packages: []string{"nghttp2-proxy"}, Argv: []string{"nghttpx", "--conf=/dev/null", "-f127.0.0.1,3000;no-tls", "-b127.0.0.1,80"}, Port: 3000},
		{ID: "traffic-server", Packages: []string{"trafficserver"}, Argv: []string{"traffic_server"}, Port: 8080, Settle: shortly, Setup: user("trafficserver", "701") + "mkdir -p /run/trafficserver /var/log/trafficserver /var/cache/trafficserver; chmod 777 /run/trafficserver /var/log/trafficserver /var/cache/trafficserver"},
		{ID: "traffic-manager", Packages: []string{"trafficserver"}, Argv: []string{"traffic_manager"}, Children: 1, Settle: shortly, Setup: user("trafficserver", "701") + "mkdir -p /run/trafficserver /var/log/trafficserver /var/cache/trafficserver; chmod 777 /run/trafficserver /var/log/trafficserver /var/cache/trafficserver"},
		{ID: "danted", Packages: []string{"dante-server"}, Argv: []string{"danted", "-f", "/srv/c"}, Setup: etc("/srv/c", "internal: lo port = 1080\nexternal: lo\nsocksmethod: none\nclientmethod: none\nuser.privileged: root\nuser.unprivileged: nobody\nclient pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }"), Port: 1080, Children: 1},
		{ID: "ss-server", Packages: []string{"shadowsocks-libev"}, Argv: []string{"ss-server", "-s", "127.0.0.1", "-p", "8388", "-k", "x", "-m", "aes-256-gcm"}, Port: 8388},
		{ID: "h2o", Packages: []string{"h2o"}, Argv: []string{"h2o", "-c", "/srv/c"}, Setup: etc("/srv/c", "listen: 8080\nuser: nobody\nhosts:\n  default:\n    paths:\n      /:\n        file.dir: /srv"), Port: 8080},
		{ID: "h2o-master", Packages: []string{"h2o", "perl"}, Argv: []string{"h2o", "-m", "master", "-c", "/srv/c"}, Setup: etc("/srv/c", "listen: 8080\nuser: nobody\nhosts:\n  default:\n    paths:\n      /:\n        file.dir: /srv"), Port: 8080, Children: 1},
		{ID: "mini-httpd", Packages: []string{"mini-httpd"}, Argv: []string{"mini_httpd", "-D", "-p", "8080", "-d", "/srv", "-u", "root"}, Port: 8080},
		{ID: "fcgiwrap", Packages: []string{"fcgiwrap"}, Argv: []string{"fcgiwrap", "-s", "tcp:127.0.0.1:9000"}, Port: 9000},
		{ID: "dnsdist", Packages: []string{"dnsdist"}, Argv: []string{"dnsdist", "--supervised", "-C", "/srv/c"}, Setup: etc("/srv/c", "setLocal('127.0.0.1:5353')\nnewServer('127.0.0.1:53')"), Settle: shortly},
		{ID: "sslh", Packages: []string{"sslh"}, Argv: []string{"sslh", "-f", "-n", "--listen", "127.0.0.1:8443", "--ssh", "127.0.0.1:22", "--user", "nobody", "-P", "/tmp/p"}, Port: 8443},
		{ID: "pgpool", Packages: []string{"pgpool2"}, Argv: []string{"pgpool", "-n", "-f", "/srv/c", "-F", "/srv/pcp"}, Setup: etc("/srv/c", "listen_addresses = '127.0.0.1'\nport = 9999\npcp_port = 9898\nsocket_dir = '/tmp'\npcp_socket_dir = '/tmp'\npid_file_name = '/tmp/p'\nbackend_hostname0 = '127.0.0.1'\nbackend_port0 = 5432\nnum_init_children = 4\nwork_dir = '/tmp'\nlogdir = '/tmp'\nhealth_check_period = 0\nsr_check_period = 0") + "touch /srv/pcp", Port: 9999, Children: 2},
		{ID: "apt-cacher-ng", Packages: []string{"apt-cacher-ng"}, Argv: []string{"apt-cacher-ng", "-c", "/etc/apt-cacher-ng", "ForeGround=1", "CacheDir=/tmp/c", "LogDir=/tmp/l"}, Port: 3142},
		{ID: "stubby", Packages: []string{"stubby"}, Argv: []string{"stubby"}, Port: 53, Settle: shortly},
		{ID: "turnserver", Packages: []string{"coturn"}, Argv: []string{"turnserver", "-n", "--listening-ip=127.0.0.1", "--realm=x"}, Port: 3478},
		{ID: "tor", Packages: []string{"tor"}, Argv: []string{"tor", "-f", "/srv/c"}, Setup: etc("/srv/c", "SocksPort 9050\nDataDirectory /tmp/t"), Port: 9050},
		{ID: "i2pd", Packages: []string{"i2pd"}, Argv: []string{"i2pd", "--datadir=/tmp/i"}, Settle: shortly},
	}
}

func storeForms() []form {
	ldap := etc("/srv/c", "include /etc/ldap/schema/core.schema\nmoduleload back_mdb\nmodulepath /usr/lib/ldap\npidfile /tmp/p\ndatabase mdb\nsuffix \"dc=x\"\ndirectory /srv/db") + "mkdir -p /srv/db"
	return []form{
		{ID: "slapd", Packages: []string{"slapd"}, Argv: []string{"slapd", "-d", "0", "-h", "ldap://127.0.0.1:389", "-f", "/srv/c"}, Setup: ldap, Port: 389},
		{ID: "searchd-prefork", Packages: []string{"sphinxsearch"}, Argv: []string{"searchd", "--nodetach", "--config", "/srv/c"}, Setup: etc("/srv/c", "index r {\n type = template\n}\nsearchd {\n listen = 9312\n log = /tmp/l\n pid_file = /tmp/p\n workers = prefork\n binlog_path =\n}"), Port: 9312}, //nolint:misspell // Sphinx's own name.

		{ID: "beanstalkd", Packages: []string{"beanstalkd"}, Argv: []string{"beanstalkd", "-l", "127.0.0.1"}, Port: 11300},
		{ID: "gearmand", Packages: []string{"gearman-job-server"}, Argv: []string{"gearmand", "-l", "stderr"}, Port: 4730},
		{ID: "tarantool", Packages: []string{"tarantool"}, Argv: []string{"tarantool", "/srv/a.lua"}, Setup: etc("/srv/a.lua", "box.cfg{listen=3301, wal_dir='/tmp', memtx_dir='/tmp', vinyl_dir='/tmp'}"), Port: 3301},
		{ID: "firebird", Packages: []string{"firebird3.0-server"}, Argv: []string{"/usr/sbin/firebird"}, Setup: "mkdir -p /run/firebird3.0 /tmp/firebird", Settle: shortly},
		{ID: "fbguard", Packages: []string{"firebird3.0-server"}, Argv: []string{"/usr/sbin/fbguard", "-forever"}, Children: 1, Setup: "mkdir -p /run/firebird3.0 /tmp/firebird /var/log/firebird3.0", Settle: shortly},
		{ID: "garbd", Packages: []string{"galera-arbitrator-4"}, Argv: []string{"garbd", "-a", "gcomm://127.0.0.1", "-g", "x"}, Settle: shortly},
		{ID: "ceph-mon", Packages: []string{"ceph-mon"}, Argv: []string{"ceph-mon", "-f", "-i", "a", "--mon-data=/srv/m", "-c", "/srv/c"}, Setup: etc("/srv/c", "[global]\nfsid = 11111111-1111-4111-8111-111111111111\nmon host = 127.0.0.1\nauth cluster required = none\nauth service required = none\nauth client required = none") + "ceph-mon --mkfs -i a --mon-data=/srv/m -c /srv/c", Settle: shortly},
		{ID: "glusterd", Packages: []string{"glusterfs-server"}, Argv: []string{"glusterd", "-N"}, Settle: 2 * shortly, Setup: "mkdir -p /var/log/glusterfs /var/lib/glusterd /var/run/gluster"},
		{ID: "munged", Packages: []string{"munge"}, Argv: []string{"munged", "-F", "--force", "--key-file=/srv/k", "--socket=/tmp/s", "--log-file=/tmp/l", "--pid-file=/tmp/p", "--seed-file=/tmp/e"}, Setup: "dd if=/dev/urandom of=/srv/k bs=1 count=64 2>/dev/null; chmod 600 /srv/k"},
		{ID: "redis-sentinel", Packages: []string{"redis-sentinel"}, Argv: []string{"redis-sentinel", "/srv/c"}, Setup: etc("/srv/c", "port 26379"), Port: 26379},
	}
}

func mailForms() []form {
	return []form{
		{ID: "postfix-start-fg", Packages: []string{"postfix", "sed", "grep", "findutils", "gawk"}, Argv: []string{"postfix", "start-fg"}, Setup: postfix, Port: 25, Settle: shortly},
		{ID: "rspamd", Packages: []string{"rspamd"}, Argv: []string{"rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd"}, Setup: user("_rspamd", "701") + "mkdir -p /run/rspamd /var/log/rspamd /var/lib/rspamd; chmod 777 /run/rspamd /var/log/rspamd /var/lib/rspamd", Settle: slowly, Children: 1},
		{ID: "opendkim", Packages: []string{"opendkim"}, Argv: []string{"opendkim", "-f", "-x", "/srv/c"}, Setup: etc("/srv/c", "Socket inet:8891@127.0.0.1\nMode v"), Port: 8891},
		{ID: "opendkim-restart", Packages: []string{"opendkim"}, Argv: []string{"opendkim", "-f", "-x", "/srv/c"}, Setup: etc("/srv/c", "Socket inet:8891@127.0.0.1\nMode v\nAutoRestart yes"), Port: 8891},
		{ID: "opendmarc", Packages: []string{"opendmarc"}, Argv: []string{"opendmarc", "-f", "-c", "/srv/c"}, Setup: etc("/srv/c", "Socket inet:8893@127.0.0.1"), Port: 8893},
		{ID: "spamd", Packages: []string{"spamd", "spamassassin"}, Argv: []string{"spamd", "--local", "-x", "-u", "nobody"}, Port: 783, Children: 2, Settle: slowly},
		{ID: "freshclam", Packages: []string{"clamav-freshclam"}, Argv: []string{"freshclam", "-d", "--foreground", "--config-file=/srv/c"}, Setup: etc("/srv/c", "DatabaseOwner root\nDatabaseDirectory /tmp\nDatabaseMirror 127.0.0.1\nChecks 1\nMaxAttempts 1"), Settle: shortly},
		{ID: "clamav-milter", Packages: []string{"clamav-milter"}, Argv: []string{"clamav-milter", "-c", "/srv/c"}, Setup: etc("/srv/c", "Foreground yes\nMilterSocket inet:7357@127.0.0.1\nClamdSocket tcp:127.0.0.1:3310"), Settle: shortly},
		{ID: "smtpd", Packages: []string{"opensmtpd"}, Argv: []string{"smtpd", "-d", "-f", "/srv/c"}, Setup: user("opensmtpd", "701") + user("opensmtpq", "702") + etc("/srv/c", "listen on lo\naction l mbox\nmatch for local action l") + "mkdir -p /var/empty /var/spool/smtpd; chmod 711 /var/spool/smtpd; echo x >/etc/mailname", Port: 25, Children: 2},
		{ID: "postsrsd", Packages: []string{"postsrsd"}, Argv: []string{"postsrsd", "-d", "x.org", "-s", "/srv/k", "-u", "nobody", "-l", "127.0.0.1"}, Setup: "echo abcdefghijkl >/srv/k", Port: 10001},
		{ID: "postgrey", Packages: []string{"postgrey"}, Argv: []string{"postgrey", "--inet=127.0.0.1:10023", "--dbdir=/tmp", "--user=root", "--group=root"}, Port: 10023, Settle: shortly},
		{ID: "cyrus-master", Packages: []string{"cyrus-common"}, Argv: []string{"/usr/lib/cyrus/bin/master", "-D", "-C", "/srv/c", "-M", "/srv/m"}, Setup: user("cyrus", "701") + etc("/srv/c", "configdirectory: /tmp/cy\npartition-default: /tmp/sp\ndefaultpartition: default\nadmins: cyrus") + etc("/srv/m", "START {\n}\nSERVICES {\n}") + "mkdir -p /tmp/cy /run/cyrus; chmod 777 /tmp/cy /run/cyrus", Settle: shortly},
		{ID: "dropbear", Packages: []string{"dropbear-bin"}, Argv: []string{"dropbear", "-F", "-E", "-R", "-p", "127.0.0.1:2222"}, Setup: "mkdir -p /etc/dropbear", Port: 2222},
		{ID: "inspircd", Packages: []string{"inspircd"}, Argv: []string{"inspircd", "--nofork", "--runasroot", "--config", "/srv/c"}, Setup: etc("/srv/c", "<server name=\"a.b\" description=\"x\" network=\"y\" id=\"001\">\n<admin name=\"a\" nick=\"a\" email=\"a@b\">\n<bind address=\"127.0.0.1\" port=\"6667\" type=\"clients\">\n<connect allow=\"*\">\n<pid file=\"/tmp/p\">"), Port: 6667},
		{ID: "ngircd", Packages: []string{"ngircd"}, Argv: []string{"ngircd", "-n", "-f", "/srv/c"}, Setup: etc("/srv/c", "[Global]\nName = a.b\nServerUID = 65534\nServerGID = 65534\nPidFile = /tmp/p"), Port: 6667},
		{ID: "znc", Packages: []string{"znc"}, Argv: []string{"znc", "--foreground", "--allow-root", "--datadir=/tmp/z"}, Setup: "mkdir -p /tmp/z/configs; true", Settle: shortly},
		{ID: "bitlbee", Packages: []string{"bitlbee"}, Argv: []string{"bitlbee", "-D", "-n", "-p", "6667", "-i", "127.0.0.1", "-u", "nobody", "-P", "/tmp/p"}, Port: 6667},
		{ID: "murmurd", Packages: []string{"mumble-server"}, Argv: []string{"murmurd", "-fg", "-ini", "/srv/c"}, Setup: etc("/srv/c", "database=/tmp/m.sqlite"), Port: 64738, Settle: shortly},
	}
}
