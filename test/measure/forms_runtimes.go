package main

// runtimeForms are interpreters and virtual machines.
func runtimeForms() []form {
	return []form{
		{ID: "node", Packages: []string{"nodejs"}, Argv: []string{"node", "-e", "setInterval(() => {}, 1000)"}, Sample: true},
		{
			ID: "node-child", Packages: []string{"nodejs"},
			Argv: []string{"node", "-e", "require('child_process').spawn('sleep', ['1000'])"},
		},
		{
			ID: "node-file", Packages: []string{"nodejs"}, Argv: []string{"node", "/srv/app.js"},
			Setup: "mkdir -p /srv; echo 'setInterval(() => {}, 1000)' >/srv/app.js",
		},
		{
			ID: "npm-start", Packages: []string{"npm"}, Argv: []string{"npm", "start"}, Term: true,
			Setup:  npmApp,
			Settle: shortly, Env: []string{"npm_config_update_notifier=false"},
		},
		{
			ID: "npx", Packages: []string{"npm"}, Argv: []string{"npx", "-c", "{x}"}, Settle: shortly,
			Setup: npmApp, Env: []string{"npm_config_update_notifier=false"},
		},
		{
			ID: "yarn-start", Packages: []string{"yarnpkg"}, Argv: []string{"yarnpkg", "start"}, Term: true,
			Setup: npmApp, Settle: shortly,
		},
		{ID: "python", Packages: []string{"python3"}, Argv: []string{"python3", "-c", "import time; time.sleep(1000)"}, Sample: true},
		{
			ID: "python-child", Packages: []string{"python3"},
			Argv: []string{"python3", "-c", "import subprocess; subprocess.run(['sleep', '1000'])"},
		},
		{
			ID: "python-http-server", Packages: []string{"python3"}, Argv: []string{"python3", "-m", "http.server"},
		},
		{ID: "perl", Packages: []string{"perl"}, Argv: []string{"perl", "-e", "sleep 1000"}},
		{ID: "perl-child", Packages: []string{"perl"}, Argv: []string{"perl", "-e", "system('sleep', '1000')"}},
		{ID: "ruby", Packages: []string{"ruby"}, Argv: []string{"ruby", "-e", "sleep 1000"}},
		{ID: "ruby-child", Packages: []string{"ruby"}, Argv: []string{"ruby", "-e", "system('sleep', '1000')"}},
		{
			ID: "java", Packages: []string{"openjdk-17-jre-headless", "openjdk-17-jdk-headless"}, Settle: shortly,
			Argv: []string{"/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "/srv/Main.java"},
			Setup: "mkdir -p /srv; echo 'class Main { public static void main(String[] a) throws Exception " +
				"{ new ProcessBuilder(\"sleep\", \"1000\").start().waitFor(); } }' >/srv/Main.java",
		},
		{ID: "php", Packages: []string{"php8.2-cli"}, Argv: []string{"php8.2", "-r", "sleep(1000);"}},
		{ID: "php-builtin-server", Packages: []string{"php8.2-cli"}, Argv: []string{"php8.2", "-S", "127.0.0.1:8000"}},
		{ID: "lua", Packages: []string{"lua5.4"}, Argv: []string{"lua5.4", "-e", "os.execute('sleep 1000')"}},
		{ID: "tclsh", Packages: []string{"tcl8.6"}, Argv: []string{"tclsh8.6", "/srv/a.tcl"}, Setup: "mkdir -p /srv; echo 'after 1000000' >/srv/a.tcl"},
		{
			ID: "erlang", Packages: []string{"erlang-base"}, Settle: shortly,
			Argv: []string{"erl", "-noshell", "-noinput"}, Env: []string{"TERM=dumb"},
		},
		{ID: "go", Packages: []string{"coreutils"}, Argv: []string{"/.initguard/probe", modeGo}, Sample: true},
		{ID: "guile", Packages: []string{"guile-3.0"}, Argv: []string{"guile-3.0", "-c", "(sleep 1000)"}},
		{ID: "awk", Packages: []string{"mawk"}, Argv: []string{"mawk", "BEGIN { system(\"sleep 1000\") }"}},
	}
}

// npmApp is a package whose start script runs {x}.
const npmApp = `mkdir -p /srv/app
echo '{"name": "app", "version": "1.0.0", "scripts": {"start": "{x}"}}' >/package.json`
