package main

func monitorForms() []form {
	return []form{
		{ID: "syslog-ng", Packages: []string{"syslog-ng-core"}, Argv: []string{"syslog-ng", "-F", "--no-caps", "-f", "/srv/c", "-R", "/tmp/r", "-c", "/tmp/ctl"}, Setup: etc("/srv/c", "@version: 3.38\nsource s { internal(); };\ndestination d { file(\"/tmp/l\"); };\nlog { source(s); destination(d); };"), Settle: shortly},
		{ID: "zabbix-server", Packages: []string{"zabbix-server-pgsql"}, Argv: []string{"zabbix_server", "-f", "-c", "/srv/c"}, Setup: user("zabbix", "701") + etc("/srv/c", "DBName=x\nDBHost=127.0.0.1\nLogType=console\nAllowRoot=1\nSocketDir=/tmp\nPidFile=/tmp/p"), Settle: shortly},
		{ID: "zabbix-agentd", Packages: []string{"zabbix-agent"}, Argv: []string{"zabbix_agentd", "-f", "-c", "/srv/c"}, Setup: user("zabbix", "701") + etc("/srv/c", "Server=127.0.0.1\nLogType=console\nAllowRoot=1\nPidFile=/tmp/p\nHostname=x"), Port: 10050, Children: 2},
		{ID: "zabbix-agent2", Packages: []string{"zabbix-agent2"}, Argv: []string{"zabbix_agent2", "-c", "/srv/c"}, Setup: etc("/srv/c", "Server=127.0.0.1\nLogType=console\nPidFile=/tmp/p\nHostname=x\nControlSocket=/tmp/c\nPluginSocket=/tmp/pl"), Port: 10050},
		{ID: "nagios4", Packages: []string{"nagios4-core"}, Argv: []string{"nagios4", "/srv/c"}, Setup: user("nagios", "701") + etc("/srv/c", "cfg_file=/srv/o\nlog_file=/tmp/l\nobject_cache_file=/tmp/o\nstatus_file=/tmp/s\nnagios_user=nagios\nnagios_group=nagios\ncommand_file=/tmp/cmd\nlock_file=/tmp/p\ntemp_file=/tmp/t\ntemp_path=/tmp\ncheck_result_path=/tmp\nstate_retention_file=/tmp/r\nquery_socket=/tmp/q") + etc("/srv/o", "define command {\n command_name c\n command_line /bin/true\n}\ndefine timeperiod {\n timeperiod_name t\n alias t\n monday 00:00-24:00\n}\ndefine contact {\n contact_name a\n host_notifications_enabled 0\n service_notifications_enabled 0\n host_notification_period t\n service_notification_period t\n host_notification_commands c\n service_notification_commands c\n}\ndefine host {\n host_name h\n address 127.0.0.1\n max_check_attempts 1\n check_command c\n check_period t\n notification_period t\n contacts a\n}\ndefine service {\n host_name h\n service_description s\n check_command c\n max_check_attempts 1\n check_period t\n notification_period t\n contacts a\n}"), Settle: shortly, Children: 1},
		{ID: "icinga2", Packages: []string{"icinga2-bin", "icinga2-common"}, Argv: []string{"icinga2", "daemon"}, Setup: user("nagios", "701") + "mkdir -p /run/icinga2 /var/log/icinga2 /var/cache/icinga2 /var/lib/icinga2; chown -R 701:701 /run/icinga2 /var/log/icinga2 /var/cache/icinga2 /var/lib/icinga2; rm -f /etc/icinga2/conf.d/*; printf '' >/etc/icinga2/constants.conf; printf 'object CheckerComponent \"c\" { }\\n' >/etc/icinga2/icinga2.conf", Settle: slowly, Children: 1},
		{ID: "netdata", Packages: []string{"netdata-core"}, Argv: []string{"netdata", "-D"}, Setup: user("netdata", "701") + "mkdir -p /var/cache/netdata /var/lib/netdata /var/log/netdata /run/netdata; chmod 777 /var/cache/netdata /var/lib/netdata /var/log/netdata /run/netdata", Settle: slowly, Churns: true},
		{ID: "nrpe", Packages: []string{"nagios-nrpe-server"}, Argv: []string{"nrpe", "-f", "-n", "-c", "/srv/c"}, Setup: user("nagios", "701") + etc("/srv/c", "server_port=5666\nserver_address=127.0.0.1\nnrpe_user=nagios\nnrpe_group=nagios\npid_file=/tmp/p"), Port: 5666},
		{ID: "munin-node", Packages: []string{"munin-node"}, Argv: []string{"munin-node", "--foreground", "--config", "/srv/c"}, Setup: etc("/srv/c", "log_level 4\nlog_file /tmp/l\npid_file /tmp/p\nbackground 0\nsetsid 0\nuser root\ngroup root\nhost 127.0.0.1\nport 4949\nallow ^127"), Settle: shortly},
		{ID: "gmond", Packages: []string{"ganglia-monitor"}, Argv: []string{"gmond", "--foreground", "-c", "/srv/c"}, Setup: etc("/srv/c", "globals { daemonize = no setuid = no }\nudp_recv_channel { port = 8649 }"), Settle: shortly},
		{ID: "carbon-cache", Packages: []string{"graphite-carbon"}, Argv: []string{"carbon-cache", "--nodaemon", "--config=/etc/carbon/carbon.conf", "start"}, Setup: user("_graphite", "701") + "mkdir -p /var/lib/graphite/whisper /var/log/carbon; chmod -R 777 /var/lib/graphite /var/log/carbon", Settle: shortly},
		{ID: "snmptrapd", Packages: []string{"snmptrapd"}, Argv: []string{"snmptrapd", "-f", "-Lo", "udp:127.0.0.1:1162"}, Settle: shortly},
		{ID: "smartd", Packages: []string{"smartmontools"}, Argv: []string{"smartd", "-n", "-q", "never"}, Settle: shortly},
		{ID: "apcupsd", Packages: []string{"apcupsd"}, Argv: []string{"apcupsd", "-b", "-f", "/srv/c"}, Setup: etc("/srv/c", "## apcupsd.conf v1.1 ##\nUPSCABLE ether\nUPSTYPE pcnet\nDEVICE 127.0.0.1:x:y\nLOCKFILE /tmp\nNETSERVER on\nNISIP 127.0.0.1"), Settle: shortly},
		{ID: "fail2ban-server", Packages: []string{"fail2ban", "python3-setuptools"}, Argv: []string{"fail2ban-server", "-f", "-x", "-c", "/srv/f", "-s", "/tmp/s", "-p", "/tmp/p", "start"}, Setup: "mkdir -p /srv/f/jail.d /srv/f/filter.d /srv/f/action.d; printf '[Definition]\\nloglevel = INFO\\nlogtarget = STDOUT\\nsyslogsocket = auto\\nsocket = /tmp/s\\npidfile = /tmp/p\\ndbfile = None\\ndbmaxmatches = 1\\ndbpurgeage = 1d\\n' >/srv/f/fail2ban.conf; printf '[DEFAULT]\\n' >/srv/f/jail.conf", Settle: shortly},
		{ID: "dirmngr", Packages: []string{"dirmngr"}, Argv: []string{"dirmngr", "--server"}, Settle: shortly},
		{ID: "nslcd", Packages: []string{"nslcd"}, Argv: []string{"nslcd", "-n"}, Setup: user("nslcd", "701") + "printf 'uid nslcd\\ngid nslcd\\nuri ldap://127.0.0.1/\\nbase dc=x\\n' >/etc/nslcd.conf; mkdir -p /run/nslcd", Settle: shortly},
		{ID: "sssd", Packages: []string{"sssd-common"}, Argv: []string{"sssd", "-i", "-c", "/srv/c"}, Setup: etc("/srv/c", "[sssd]\nservices = nss\ndomains = p\n[domain/p]\nid_provider = proxy\nproxy_lib_name = files\nproxy_pam_target = x") + "chmod 600 /srv/c", Settle: shortly, Children: 1},
		{ID: "softflowd", Packages: []string{"softflowd"}, Argv: []string{"softflowd", "-d", "-i", "lo", "-n", "127.0.0.1:9995"}, Settle: shortly},
		{ID: "tgtd", Packages: []string{"tgt"}, Argv: []string{"tgtd", "-f"}, Settle: shortly},
		{ID: "rsync-daemon", Packages: []string{"rsync"}, Argv: []string{"rsync", "--daemon", "--no-detach", "--config=/srv/c"}, Setup: etc("/srv/c", "[x]\npath = /srv"), Port: 873},
	}
}

// goForms are programs written in Go, of many kinds.
func goForms() []form {
	return []form{
		{ID: "nats-server", Packages: []string{"nats-server"}, Argv: []string{"nats-server", "-a", "127.0.0.1"}, Port: 4222},
		{ID: "influxd", Packages: []string{"influxdb"}, Argv: []string{"influxd"}, Port: 8086, Setup: "mkdir -p /var/lib/influxdb"},
		{ID: "containerd", Packages: []string{"containerd"}, Argv: []string{"containerd"}, Settle: shortly},
		{ID: "docker-registry", Packages: []string{"docker-registry"}, Argv: []string{"docker-registry", "serve", "/etc/docker/registry/config.yml"}, Settle: shortly},
		{ID: "syncthing", Packages: []string{"syncthing"}, Argv: []string{"syncthing", "serve", "--no-browser", "--home=/tmp/s"}, Settle: shortly, Children: 1},
		{ID: "rclone", Packages: []string{"rclone"}, Argv: []string{"rclone", "serve", "http", "/srv", "--addr", "127.0.0.1:8080"}, Port: 8080},
		{ID: "podman", Packages: []string{"podman"}, Argv: []string{"podman", "system", "service", "--time=0", "unix:///tmp/p"}, Settle: shortly},
		{ID: "prometheus", Packages: []string{"prometheus"}, Argv: []string{"prometheus", "--config.file=/srv/c", "--storage.tsdb.path=/tmp/p"}, Setup: "touch /srv/c", Port: 9090},
		{ID: "prometheus-alertmanager", Packages: []string{"prometheus-alertmanager"}, Argv: []string{"prometheus-alertmanager", "--config.file=/srv/c", "--storage.path=/tmp/a", "--cluster.listen-address="}, Setup: etc("/srv/c", "route: {receiver: x}\nreceivers: [{name: x}]"), Port: 9093},
		{ID: "prometheus-blackbox-exporter", Packages: []string{"prometheus-blackbox-exporter"}, Argv: []string{"prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml"}, Port: 9115},
		{ID: "prometheus-process-exporter", Packages: []string{"prometheus-process-exporter"}, Argv: []string{"prometheus-process-exporter", "-procnames=sleep"}, Port: 9256},
	}
}
