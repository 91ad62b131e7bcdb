package main

// initForms are inits and supervisors.
func initForms() []form {
	return []form{
		{ID: "tini", Packages: []string{"tini"}, Argv: []string{"tini", "--", "{x...}"}, Term: true, Sample: true},
		{ID: "tini-s", Packages: []string{"tini"}, Argv: []string{"tini", "-s", "--", "{x...}"}, Term: true},
		{ID: "tini-g", Packages: []string{"tini"}, Argv: []string{"tini", "-g", "--", "{x...}"}, Term: true},
		{ID: "tini-static", Packages: []string{"tini"}, Argv: []string{"tini-static", "--", "{x...}"}, Term: true},
		{ID: "dumb-init", Packages: []string{"dumb-init"}, Argv: []string{"dumb-init", "{x...}"}, Term: true, Sample: true},
		{ID: "dumb-init-c", Packages: []string{"dumb-init"}, Argv: []string{"dumb-init", "-c", "{x...}"}, Term: true},
		{ID: "catatonit", Packages: []string{"catatonit"}, Argv: []string{"catatonit", "--", "{x...}"}, Term: true},
		{ID: "catatonit-P", Packages: []string{"catatonit"}, Argv: []string{"catatonit", "-P"}},
		{
			ID: "s6-svscan", Packages: []string{"s6"}, Argv: []string{"s6-svscan", "/srv/scan"}, Term: true,
			Setup: service(),
		},
		{
			ID: "runsvdir", Packages: []string{"runit"}, Argv: []string{"runsvdir", "/srv/scan"}, Term: true,
			Setup: service(),
		},
	}
}

// service is a setup script that makes a service directory whose run script
// starts {x}.
func service() string {
	const run = "/srv/scan/app/run"
	return "mkdir -p /srv/scan/app\nprintf '#!/bin/sh\\nexec {x}\\n' >" + run + "\nchmod 755 " + run
}
