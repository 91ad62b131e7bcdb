package initdb

// scripts are rows about programs that an interpreter runs and which are known
// by name, so that their file need not be read. Where a row says that orphans
// are left, the program was searched for a wait for any child.
func scripts() []Program {
	var all []Program
	for _, part := range [][]Program{rubyScripts(), perlScripts(), pythonScripts(), nodeScripts()} {
		all = append(all, part...)
	}
	return all
}

func scriptOf(interpreter string, b Behaviour, names ...string) Program {
	return Program{Names: names, Role: Server, Interpreter: interpreter, Behaviour: b}
}

func rubyScripts() []Program {
	return []Program{
		scriptOf("ruby", reaps("its master waits for any child", measured("unicorn")), "unicorn", "unicorn_rails"),
		scriptOf("ruby", leaves(waitsForOwn, measured("thin")), "thin"),
		scriptOf("ruby", leaves(waitsForOwn, measured("rackup")), "rackup"),
		{
			Names: []string{"foreman"}, Role: Supervisor, Interpreter: "ruby",
			Behaviour: reaps("waits for any child and ends with it", measured("foreman")).harmed(diesOfAny).forwards(),
		},
	}
}

func perlScripts() []Program {
	return []Program{
		scriptOf("perl", reaps("its master waits for any child", measured("starman")), "starman"),
		scriptOf("perl", leaves(waitsForOwn, measured("plackup")), "plackup"),
	}
}

func pythonScripts() []Program {
	return []Program{
		scriptOf("python", leaves(waitsForOwn, measured("daphne")), "daphne"),
		scriptOf("python", leaves(waitsForOwn, measured("twistd")), "twistd", "twistd3"),
		scriptOf("python", leaves(waitsForOwn, measured("flask-run")), "flask"),
		scriptOf("python", leaves(waitsForOwn, measured("jupyter-notebook")), "jupyter-notebook"),
		scriptOf("python", leaves(waitsForOwn, measured("carbon-cache")), "carbon-cache", "carbon-cache.py"),
		scriptOf("python", leaves(waitsForOwn, measured("deluged")), "deluged"),
		scriptOf("python", leaves(waitsForOwn, measured("fail2ban-server")), "fail2ban-server"),
	}
}

func nodeScripts() []Program {
	return nil
}
