package initdb

// MeasuredBuild names the measured program whose file has this build ID, in
// hexadecimal; empty for none. The name is canonical where the file's own marks
// tell it, else the base name by which it was started; a file that was started
// by several names, such as redis-server, has none. What was measured of the
// program is true of that file wherever it lies. Some programs differ where
// their names and versions don't: Debian's dash never execs the last command of
// a -c string, because of a patch, and no dash tells a version.
func (db *DB) MeasuredBuild(id string) string { return db.builds[id] }

// builds are the names of programs that were measured, by build ID.
func builds(measured map[string]Measurement) map[string]string {
	all := make(map[string]string)
	for _, m := range measured {
		if m.BuildID == "" {
			continue
		}
		name := m.started()
		if other, ok := all[m.BuildID]; ok && other != name {
			name = ""
		}
		all[m.BuildID] = name
	}
	return all
}

// started is the program that a form was started with.
func (m Measurement) started() string {
	if m.Program == "" && len(m.Argv) > 0 {
		return base(m.Argv[0])
	}
	return m.Program
}
