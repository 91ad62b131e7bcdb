package main

func nameForms() []form {
	return []form{
		{ID: "pdns-server", Packages: []string{"pdns-server", "pdns-backend-bind"}, Argv: []string{"pdns_server", "--daemon=no", "--guardian=no", "--launch=bind", "--config-dir=/srv", "--local-address=127.0.0.1", "--socket-dir=/tmp"}, Setup: "touch /srv/pdns.conf", Port: 53},
		{ID: "pdns-guardian", Packages: []string{"pdns-server", "pdns-backend-bind"}, Argv: []string{"pdns_server", "--daemon=no", "--guardian=yes", "--launch=bind", "--config-dir=/srv", "--local-address=127.0.0.1", "--socket-dir=/tmp"}, Setup: "touch /srv/pdns.conf", Port: 53, Children: 1},
		{ID: "pdns-recursor", Packages: []string{"pdns-recursor"}, Argv: []string{"pdns_recursor", "--daemon=no", "--config-dir=/srv", "--socket-dir=/tmp", "--local-address=127.0.0.1"}, Setup: "touch /srv/recursor.conf", Port: 53},
		{ID: "knotd", Packages: []string{"knot"}, Argv: []string{"knotd", "-c", "/srv/c"}, Setup: etc("/srv/c", "server:\n    listen: 127.0.0.1@53\n    rundir: /tmp\ndatabase:\n    storage: /tmp"), Port: 53},
		{ID: "nsd", Packages: []string{"nsd"}, Argv: []string{"nsd", "-d", "-c", "/srv/c"}, Setup: etc("/srv/c", "server:\n ip-address: 127.0.0.1\n username: \"\"\n pidfile: /tmp/p\n xfrdfile: /tmp/x\n zonelistfile: /tmp/z\n database: \"\"\nremote-control:\n control-enable: no"), Port: 53, Children: 1},
		{ID: "kea-dhcp4", Packages: []string{"kea-dhcp4-server"}, Argv: []string{"kea-dhcp4", "-c", "/srv/c"}, Setup: etc("/srv/c", "{\"Dhcp4\": {\"interfaces-config\": {\"interfaces\": []}, \"lease-database\": {\"type\": \"memfile\", \"persist\": false}}}") + "mkdir -p /run/kea /var/run/kea", Settle: shortly},
		{ID: "chronyd", Packages: []string{"chrony"}, Argv: []string{"chronyd", "-d", "-x", "-f", "/srv/c", "-u", "root"}, Setup: etc("/srv/c", "local stratum 10\npidfile /tmp/p\nbindcmdaddress /") + "mkdir -p /run/chrony; chmod 700 /run/chrony", Settle: shortly},
		{ID: "ntpd", Packages: []string{"ntpsec"}, Argv: []string{"ntpd", "-n", "-c", "/srv/c"}, Setup: etc("/srv/c", "restrict default"), Settle: shortly},
		{ID: "krb5kdc", Packages: []string{"krb5-kdc"}, Argv: []string{"krb5kdc", "-n"}, Setup: krb, Settle: shortly},
		{ID: "krb5kdc-workers", Packages: []string{"krb5-kdc"}, Argv: []string{"krb5kdc", "-n", "-w", "2"}, Setup: krb, Settle: shortly, Children: 2},
		{ID: "kadmind", Packages: []string{"krb5-admin-server"}, Argv: []string{"kadmind", "-nofork"}, Setup: krb, Settle: shortly},
		{ID: "atftpd", Packages: []string{"atftpd"}, Argv: []string{"atftpd", "--daemon", "--no-fork", "--user", "nobody", "/srv"}, Settle: shortly},
		{ID: "inetutils-inetd", Packages: []string{"inetutils-inetd"}, Argv: []string{"inetutils-inetd", "-d", "/srv/c"}, Setup: etc("/srv/c", "7000 stream tcp nowait root /bin/cat cat"), Settle: shortly},
		{ID: "openbsd-inetd", Packages: []string{"openbsd-inetd"}, Argv: []string{"inetd", "-i", "/srv/c"}, Setup: etc("/srv/c", "127.0.0.1:7000 stream tcp nowait root /bin/cat cat"), Settle: shortly},
	}
}

const krb = `cat >/etc/krb5.conf <<'END'
[libdefaults]
 default_realm = X
[realms]
 X = { kdc = 127.0.0.1 }
END
mkdir -p /etc/krb5kdc /var/lib/krb5kdc
echo '*/admin@X *' >/etc/krb5kdc/kadm5.acl
cat >/etc/krb5kdc/kdc.conf <<'END'
[realms]
 X = {
  database_name = /var/lib/krb5kdc/principal
  acl_file = /etc/krb5kdc/kadm5.acl
  key_stash_file = /etc/krb5kdc/stash
 }
END
kdb5_util create -r X -s -P p >/dev/null 2>&1
`

func networkForms() []form {
	smb := etc("/srv/c", "[global]\n workgroup = X\n interfaces = lo\n bind interfaces only = yes\n log file = /dev/stderr\n private dir = /tmp/s\n lock directory = /tmp/s\n state directory = /tmp/s\n cache directory = /tmp/s\n pid directory = /tmp/s\n ncalrpc dir = /tmp/s/n") + "mkdir -p /tmp/s /run/samba /var/log/samba"
	return []form{
		{ID: "smbd-F", Packages: []string{"samba"}, Argv: []string{"smbd", "-F", "--no-process-group", "-s", "/srv/c"}, Setup: smb, Port: 445, Settle: shortly},
		{ID: "nmbd-F", Packages: []string{"samba"}, Argv: []string{"nmbd", "-F", "--no-process-group", "-s", "/srv/c"}, Setup: smb, Settle: shortly},
		{ID: "winbindd-F", Packages: []string{"winbind"}, Argv: []string{"winbindd", "-F", "--no-process-group", "-s", "/srv/c"}, Setup: smb + "; mkdir -p /run/samba/winbindd", Settle: shortly},
		{ID: "ganesha", Packages: []string{"nfs-ganesha"}, Argv: []string{"ganesha.nfsd", "-F", "-f", "/srv/c", "-L", "/dev/stderr", "-p", "/tmp/p"}, Setup: etc("/srv/c", "NFS_CORE_PARAM { Protocols = 4; Enable_RQUOTA = false; }") + "mkdir -p /run/ganesha /var/lib/nfs/ganesha", Settle: 2 * shortly},
		{ID: "ocserv", Packages: []string{"ocserv", "openssl"}, Argv: []string{"ocserv", "-f", "-c", "/srv/c"}, Setup: "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout /srv/k -out /srv/crt 2>/dev/null; touch /srv/pw\n" + etc("/srv/c", "auth = \"plain[passwd=/srv/pw]\"\ntcp-port = 8443\nrun-as-user = nobody\nrun-as-group = daemon\nsocket-file = /tmp/o\nserver-cert = /srv/crt\nserver-key = /srv/k\ndevice = vpns\nipv4-network = 10.1.1.0\nipv4-netmask = 255.255.255.0\npid-file = /tmp/p"), Settle: shortly},
		{ID: "tincd", Packages: []string{"tinc"}, Argv: []string{"tincd", "-D", "-c", "/srv/t", "--pidfile=/tmp/p"}, Setup: "mkdir -p /srv/t/hosts; printf 'Name = a\\nDeviceType = dummy\\n' >/srv/t/tinc.conf; printf 'Port = 655\\n' >/srv/t/hosts/a; tincd -c /srv/t -K2048 </dev/null >/dev/null 2>&1 || true", Settle: shortly},
		{ID: "redsocks", Packages: []string{"redsocks"}, Argv: []string{"redsocks", "-c", "/srv/c"}, Setup: etc("/srv/c", "base { log_info = on; daemon = off; redirector = generic; }\nredsocks { local_ip = 127.0.0.1; local_port = 12345; ip = 127.0.0.1; port = 1080; type = socks5; }"), Port: 12345},
		{ID: "bird", Packages: []string{"bird2"}, Argv: []string{"bird", "-f", "-c", "/srv/c", "-s", "/tmp/s"}, Setup: etc("/srv/c", "router id 1.1.1.1;\nprotocol device { }"), Settle: shortly},
		{ID: "kamailio", Packages: []string{"kamailio"}, Argv: []string{"kamailio", "-DD", "-E", "-f", "/srv/c", "-P", "/tmp/p", "-Y", "/tmp"}, Setup: etc("/srv/c", "#!KAMAILIO\nlisten=udp:127.0.0.1:5060\nchildren=2\nloadmodule \"sl.so\"\nrequest_route { exit; }"), Settle: shortly, Children: 2},
		{ID: "rtpengine", Packages: []string{"rtpengine-daemon"}, Argv: []string{"rtpengine", "-f", "-E", "--table=-1", "--interface=127.0.0.1", "--listen-ng=127.0.0.1:2223", "--pidfile=/tmp/p"}, Settle: shortly},
		{ID: "janus", Packages: []string{"janus"}, Argv: []string{"janus"}, Settle: shortly},
		{ID: "lldpd", Packages: []string{"lldpd"}, Argv: []string{"lldpd", "-d"}, Setup: user("_lldpd", "701") + "mkdir -p /run/lldpd", Settle: shortly},
		{ID: "radvd", Packages: []string{"radvd"}, Argv: []string{"radvd", "-n", "-C", "/srv/c", "-p", "/tmp/p"}, Setup: etc("/srv/c", "interface lo { AdvSendAdvert on; IgnoreIfMissing on; };") + user("radvd", "701"), Settle: shortly},
	}
}

func mediaForms() []form {
	return []form{
		{ID: "mpd", Packages: []string{"mpd"}, Argv: []string{"mpd", "--no-daemon", "/srv/c"}, Setup: etc("/srv/c", "music_directory \"/srv\"\ndb_file \"/tmp/db\"\nbind_to_address \"127.0.0.1\"\naudio_output {\n type \"null\"\n name \"x\"\n}"), Port: 6600},
		{ID: "icecast2", Packages: []string{"icecast2"}, Argv: []string{"icecast2", "-c", "/srv/c"}, Setup: etc("/srv/c", "<icecast><hostname>x</hostname><authentication><source-password>a</source-password><admin-user>a</admin-user><admin-password>b</admin-password></authentication><listen-socket><port>8000</port></listen-socket><paths><logdir>/tmp</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths><logging><errorlog>-</errorlog></logging><security><chroot>0</chroot><changeowner><user>nobody</user><group>nogroup</group></changeowner></security></icecast>"), Port: 8000},
		{ID: "snapserver", Packages: []string{"snapserver"}, Argv: []string{"snapserver", "--stream.source=pipe:///tmp/f?name=x", "--server.datadir=/tmp"}, Settle: shortly, Port: 1704},
		{ID: "transmission-daemon", Packages: []string{"transmission-daemon"}, Argv: []string{"transmission-daemon", "-f", "-g", "/tmp/t"}, Port: 9091},
		{ID: "deluged", Packages: []string{"deluged"}, Argv: []string{"deluged", "-d", "-c", "/tmp/d"}, Setup: "mkdir -p /tmp/d", Port: 58846, Settle: shortly},
		{ID: "qbittorrent-nox", Packages: []string{"qbittorrent-nox"}, Argv: []string{"qbittorrent-nox", "--webui-port=8080"}, Settle: shortly, Setup: "mkdir -p /root/.config/qBittorrent; printf '[LegalNotice]\\nAccepted=true\\n' >/root/.config/qBittorrent/qBittorrent.conf", Port: 8080},
		{ID: "aria2c", Packages: []string{"aria2"}, Argv: []string{"aria2c", "--enable-rpc", "--rpc-listen-port=6800"}, Port: 6800},
		{ID: "cupsd", Packages: []string{"cups-daemon"}, Argv: []string{"cupsd", "-f", "-c", "/srv/c", "-s", "/srv/f"}, Setup: etc("/srv/c", "Listen 127.0.0.1:631") + etc("/srv/f", "User nobody\nGroup nogroup\nSystemGroup root\nErrorLog stderr\nCacheDir /tmp/c\nRequestRoot /tmp/r\nStateDir /tmp/s\nTempDir /tmp/t\nServerRoot /srv/e") + "mkdir -p /srv/e /tmp/t /tmp/c /tmp/r /tmp/s", Port: 631},
		{ID: "vlc", Packages: []string{"vlc-bin", "vlc-plugin-base"}, Argv: []string{"cvlc", "--intf", "dummy"}, UID: 65534, Settle: shortly, Env: []string{"HOME=/tmp"}},
		{ID: "sane-cron", Packages: []string{"bcron"}, Argv: []string{"bcron-sched"}, Setup: "mkdir -p /var/spool/cron/crontabs", Settle: shortly},
	}
}
