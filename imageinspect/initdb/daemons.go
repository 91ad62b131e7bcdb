package initdb

// What an orphan's exit does to some programs, in the words of the sweep.
const (
	diesOfAny = "dies when any orphan exits"
)

// networkDaemons route, tunnel, name and tell the time.
func networkDaemons() []Program {
	return []Program{
		server(reaps(waitsForAny, measured("nsd")), "nsd"),
		server(leaves(neverWaits, measured("knotd")), "knotd"),
		server(leaves(waitsForOwn, measured("pdns-recursor")), "pdns_recursor"),
		server(reaps(waitsForAny, measured("dnsdist")), "dnsdist"),
		server(leaves(waitsForOwn, measured("pdns-server")), "pdns_server"),
		server(reaps(waitsForAny, code("https://github.com/CZ-NIC/knot-resolver/blob/HEAD/daemon/main.c")), "kresd"),
		server(leaves(neverWaits, measured("stubby")), "stubby"),
		server(leaves(neverWaits, measured("kea-dhcp4")), "kea-dhcp4", "kea-dhcp6", "kea-dhcp-ddns", "kea-ctrl-agent"),
		server(leaves(waitsForOwn, measured("chronyd")), "chronyd"),
		server(reaps(waitsForAny, measured("krb5kdc")), "krb5kdc").with(Mode{
			When:      "with -w",
			Match:     mayHave('w', "--w"),
			Behaviour: reaps(waitsForAny, measured("krb5kdc-workers")).harmed(diesOfAny),
		}),
		server(reaps(waitsForAny, measured("kadmind")), "kadmind"),
		server(leaves(neverWaits, measured("atftpd")), "atftpd"),
		server(reaps(waitsForAny, measured("openbsd-inetd")), "inetd"),
		server(reaps(waitsForAny, measured("inetutils-inetd")), "inetutils-inetd"),
		server(reaps(waitsForAny, measured("smbd-F")), "smbd"),
		server(reaps(waitsForAny, measured("nmbd-F")), "nmbd"),
		server(reaps(waitsForAny, measured("winbindd-F")), "winbindd"),
		server(leaves(waitsForOwn, measured("ganesha")), "ganesha.nfsd"),
		server(reaps(waitsForAny, code("https://github.com/xelerance/xl2tpd/blob/HEAD/xl2tpd.c")), "xl2tpd"),
		server(reaps(waitsForAny, measured("ocserv")), "ocserv"),
		server(leaves(neverWaits, measured("tincd")), "tincd"),
		server(leaves(neverWaits, measured("redsocks")), "redsocks"),
		server(leaves(neverWaits, measured("bird")), "bird", "bird6"),
		server(reaps(waitsForAny, measured("kamailio")).harmed(diesOfAny), "kamailio"),
		server(reaps(waitsForAny, code("https://github.com/OpenSIPS/opensips/blob/HEAD/signals.c")), "opensips"),
		server(leaves(waitsForOwn, code("https://github.com/signalwire/freeswitch/blob/HEAD/src/switch_core.c")), "freeswitch"),
		server(leaves(waitsForOwn, measured("rtpengine")), "rtpengine"),
		server(leaves(waitsForOwn, measured("janus")), "janus"),
		server(reaps(waitsForAny, measured("lldpd")), "lldpd"),
		server(leaves(neverWaits, measured("turnserver")), "turnserver"),
		server(reaps(waitsForAny, measured("tor")), "tor"),
		server(leaves(neverWaits, measured("i2pd")), "i2pd"),
		server(leaves(neverWaits, measured("iperf3")), "iperf3"),
		server(reaps(waitsForAny, measured("dropbear")), "dropbear"),
		server(reaps(waitsForAny, measured("rsync-daemon")), "rsync").generic().with(Mode{
			When:      "without --daemon",
			Match:     lacks("--daemon"),
			Behaviour: depends("as a client it waits only for its own, and ends", measured("rsync-daemon")),
		}),
		server(leaves(neverWaits, measured("tgtd")), "tgtd"),
		server(leaves(waitsForOwn, measured("git-daemon")), "git"),
		server(leaves(waitsForOwn, measured("autossh")), "autossh"),
		server(leaves(neverWaits, measured("spiped")), "spiped"),
		server(leaves(neverWaits, measured("radvd")), "radvd"),
		server(leaves(neverWaits, measured("softflowd")), "softflowd"),
		server(leaves(waitsForOwn, measured("ser2net")), "ser2net"),
	}
}

// proxies hand connections on.
func proxies() []Program {
	return []Program{
		server(leaves("listens for four signals, none of them SIGCHLD",
			code("https://github.com/envoyproxy/envoy/blob/HEAD/source/server/server.cc")), "envoy"),
		server(leaves(waitsForOwn, measured("privoxy")), "privoxy"),
		server(reaps(waitsForAny, measured("tinyproxy")), "tinyproxy"),
		server(reaps(waitsForAny, measured("nghttpx")), "nghttpx"),
		server(leaves(waitsForOwn, measured("hitch")), "hitch"),
		server(leaves(waitsForOwn, measured("traffic-server")), "traffic_server"),
		server(leaves(waitsForOwn, measured("traffic-manager")), "traffic_manager"),
		server(reaps(waitsForAny, measured("danted")), "danted", "sockd"),
		server(reaps("waits for any child and takes it for its plugin", measured("ss-server")).harmed(diesOfAny), "ss-server"),
		server(leaves(neverWaits, measured("h2o")), "h2o").with(Mode{
			When:      "with -m master",
			Match:     mayHave('m', "--mode"),
			Behaviour: depends("the master of its mode master waits for any child", measured("h2o-master")),
		}),
		server(reaps(waitsForAny, measured("mini-httpd")), "mini_httpd"),
		server(reaps(waitsForAny, measured("fcgiwrap")), "fcgiwrap"),
		server(reaps(waitsForAny, measured("sslh")), "sslh", "sslh-fork"),
		server(reaps(waitsForAny, measured("pgpool")).harmed("dies when an orphan exits 3"), "pgpool"),
		server(leaves(neverWaits, measured("apt-cacher-ng")), "apt-cacher-ng"),
		server(reaps(kernelReaps, code("https://github.com/apache/guacamole-server/blob/HEAD/src/guacd/daemon.c")), "guacd"),
		server(leaves("waits only for the program that it started", code("https://github.com/sysown/proxysql/blob/HEAD/src/main.cpp")), "proxysql"),
		server(leaves("waits only for commands that it started",
			code("https://github.com/mariadb-corporation/MaxScale/blob/HEAD/maxutils/maxbase/src/externcmd.cc")), "maxscale"),
	}
}

// mailDaemons carry mail and chat.
func mailDaemons() []Program {
	return []Program{
		server(reaps(waitsForAny, measured("rspamd")), "rspamd"),
		server(depends("reaps only with AutoRestart, which its configuration may ask for", measured("opendkim")), "opendkim"),
		server(depends("may reap with AutoRestart, which its configuration may ask for", measured("opendmarc")), "opendmarc"),
		{
			Names: []string{"spamd"}, Role: Server, Interpreter: "perl",
			Behaviour: reaps(waitsForAny, measured("spamd")),
		},
		server(leaves("waits once where several have exited", measured("freshclam")), "freshclam"),
		server(leaves(neverWaits, measured("clamav-milter")), "clamav-milter"),
		{
			Names: []string{"postgrey"}, Role: Server, Interpreter: "perl",
			Behaviour: reaps(waitsForAny, measured("postgrey")),
		},
		server(leaves("waits once where several have exited", measured("postsrsd")), "postsrsd"),
		server(reaps(waitsForAny, measured("smtpd")), "smtpd").generic(),
		server(reaps(waitsForAny, measured("inspircd")), "inspircd"),
		server(reaps(waitsForAny, measured("ngircd")), "ngircd"),
		server(leaves(waitsForOwn, measured("znc")), "znc"),
		server(reaps(waitsForAny, measured("bitlbee")), "bitlbee"),
		server(leaves(neverWaits, measured("murmurd")), "murmurd", "mumble-server"),
		server(reaps(waitsForAny, code("https://github.com/asterisk/asterisk/blob/HEAD/main/asterisk.c")), "asterisk"),
		{
			// postfix and cyrus call theirs so; it is not on PATH.
			Names: []string{"master"}, Placed: true, Role: Server,
			Paths: []string{
				"/usr/lib/postfix/sbin/master", "/usr/lib/postfix/master", "/usr/libexec/postfix/master", "/usr/lib/cyrus/bin/master",
			},
			Behaviour: reaps(waitsForAny, measured("postfix-start-fg")),
		},
		{
			Names: []string{"postfix"}, Role: Server,
			Behaviour: depends("starts the mail system in the background and ends", measured("postfix-start-fg")),
			Modes: []Mode{{
				When:      "with start-fg",
				Match:     hasAny("start-fg"),
				Behaviour: reaps("execs master, which waits for any child", measured("postfix-start-fg")),
			}},
		},
	}
}

// mediaDaemons play, share and print.
func mediaDaemons() []Program {
	return []Program{
		server(leaves(waitsForOwn, measured("mpd")), "mpd"),
		server(leaves(waitsForOwn, measured("icecast2")), "icecast2", "icecast"),
		server(leaves(waitsForOwn, measured("snapserver")), "snapserver"),
		server(leaves(waitsForOwn, measured("transmission-daemon")), "transmission-daemon"),
		server(leaves(waitsForOwn, measured("qbittorrent-nox")), "qbittorrent-nox"),
		server(reaps(waitsForAny, measured("aria2c")), "aria2c"),
		server(reaps(waitsForAny, measured("cupsd")), "cupsd"),
		server(leaves(waitsForOwn, measured("rtorrent")), "rtorrent"),
		server(leaves(waitsForOwn, measured("nzbget")), "nzbget"),
		server(leaves(waitsForOwn, measured("pulseaudio")), "pulseaudio"),
		server(leaves(waitsForOwn, measured("chromium-headless")), "chromium"),
		server(leaves(waitsForOwn, measured("chromedriver")), "chromedriver"),
		server(leaves(waitsForOwn, measured("firefox-headless")), "firefox-esr", "firefox"),
		server(leaves(neverWaits, measured("x11vnc")), "x11vnc"),
		server(leaves(waitsForOwn, measured("Xtigervnc")), "Xtigervnc", "Xvnc"),
		server(leaves(waitsForOwn, measured("xrdp-sesman")), "xrdp-sesman"),
		server(leaves(waitsForOwn, measured("shellinaboxd")), "shellinaboxd"),
	}
}

// watchDaemons measure and log.
func watchDaemons() []Program {
	return []Program{
		server(reaps(waitsForAny, measured("syslog-ng")), "syslog-ng"),
		server(reaps(waitsForAny, measured("incrond")), "incrond"),
		server(leaves(waitsForOwn, measured("lsyncd")), "lsyncd"),
		server(leaves(neverWaits, measured("varnishncsa")), "varnishncsa", "varnishlog"),
		server(reaps(waitsForAny, measured("zabbix-agentd")).harmed(diesOfAny), "zabbix_agentd"),
		server(leaves("waits for some children only", measured("zabbix-agent2")), "zabbix_agent2"),
		server(leaves(waitsForOwn, measured("nagios4")), "nagios", "nagios4"),
		server(leaves(waitsForOwn, measured("icinga2")), "icinga2"),
		server(reaps(waitsForAny, measured("netdata")), "netdata"),
		server(leaves(waitsForOwn, measured("nrpe")), "nrpe"),
		{
			Names: []string{"munin-node"}, Role: Server, Interpreter: "perl",
			Behaviour: reaps(waitsForAny, measured("munin-node")),
		},
		server(leaves(waitsForOwn, measured("gmond")), "gmond"),
		server(leaves(waitsForOwn, measured("snmptrapd")), "snmptrapd"),
		server(leaves(waitsForOwn, measured("smartd")), "smartd"),
		server(leaves(waitsForOwn, measured("apcupsd")), "apcupsd"),
		server(leaves(waitsForOwn, measured("nslcd")), "nslcd"),
		server(reaps(waitsForAny, measured("sssd")).harmed("dies when an orphan fails"), "sssd"),
	}
}
