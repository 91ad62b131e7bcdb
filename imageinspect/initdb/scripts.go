package initdb

import "strings"

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
		scriptOf("ruby", leaves(waitsForOwn, documented("https://github.com/fluent/fluentd")), "fluentd"),
		scriptOf("ruby", leaves(waitsForOwn, documented("https://github.com/sidekiq/sidekiq")), "sidekiq"),
		{
			Names: []string{"foreman"}, Role: Supervisor, Interpreter: "ruby",
			Behaviour: reaps("waits for any child and ends with it", measured("foreman")).harmed(diesOfAny).forwards(),
		},
	}
}

// odooWorkers is true when odoo is told to start workers. Its configuration
// file may ask for them, too; as installed it does not.
func odooWorkers(args []string) bool {
	for i, arg := range args {
		n, joined := strings.CutPrefix(arg, "--workers=")
		if arg == "--workers" && i+1 < len(args) {
			n, joined = args[i+1], true
		}
		if joined && isNumber(n) && n != "0" {
			return true
		}
	}
	return false
}

func perlScripts() []Program {
	return []Program{
		scriptOf("perl", reaps("its master waits for any child", measured("starman")), "starman"),
		scriptOf("perl", leaves(waitsForOwn, measured("plackup")), "plackup"),
		scriptOf("perl", reaps("its manager waits for any child", measured("hypnotoad")), "hypnotoad"),
	}
}

func pythonScripts() []Program {
	odooServer := code("https://github.com/odoo/odoo/blob/HEAD/odoo/service/server.py")
	return []Program{
		scriptOf("python", leaves(waitsForOwn, measured("daphne")), "daphne"),
		scriptOf("python", leaves(waitsForOwn, measured("twistd")), "twistd", "twistd3"),
		scriptOf("python", leaves(waitsForOwn, measured("flask-run")), "flask"),
		scriptOf("python", leaves(waitsForOwn, measured("jupyter-notebook")), "jupyter-notebook"),
		scriptOf("python", leaves(waitsForOwn, measured("carbon-cache")), "carbon-cache", "carbon-cache.py"),
		scriptOf("python", leaves(waitsForOwn, measured("deluged")), "deluged"),
		scriptOf("python", leaves(waitsForOwn, measured("fail2ban-server")), "fail2ban-server"),
		scriptOf("python", leaves(waitsForOwn, measured("websockify")), "websockify"),
		scriptOf("python", leaves(waitsForOwn, measured("mitmdump")), "mitmdump", "mitmweb"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/emmett-framework/granian")), "granian"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/jupyterhub/jupyterhub")), "jupyterhub"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/locustio/locust")), "locust"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/nickstenning/honcho")), "honcho"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/mher/flower")), "flower"),
		scriptOf("python", leaves("its threads wait for none; it has no workers unless it is told to", odooServer), "odoo", "odoo-bin").with(Mode{
			When:  "with --workers",
			Match: odooWorkers,
			Behaviour: reaps("its prefork server waits for any child", odooServer).
				harmed("dies when an orphan exits 3"),
			Stated: true,
		}),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/pgjones/hypercorn")), "hypercorn"),
		scriptOf("python", leaves(waitsForOwn, documented("https://github.com/streamlit/streamlit")), "streamlit"),
	}
}

// A Node.js program can't wait for a child that it did not start: libuv offers
// no way. That these are such programs is documented by their repositories.
const nodeRuntime = "a Node.js program: waits only for children that it started"

func nodeScripts() []Program {
	rows := []Program{
		scriptOf("node", leaves(nodeRuntime, documented("https://github.com/vercel/next.js")), "next").generic(),
		scriptOf("node", leaves(nodeRuntime, documented("https://github.com/nestjs/nest-cli")), "nest").generic(),
	}
	for _, n := range []goProgram{
		{"foreversd/forever", []string{"forever"}},
		{"homebridge/homebridge", []string{"homebridge"}},
		{"http-party/http-server", []string{"http-server"}},
		{"n8n-io/n8n", []string{"n8n"}},
		{"node-red/node-red", []string{"node-red"}},
		{"nuxt/nuxt", []string{"nuxt"}},
		{"pnpm/pnpm", []string{"pnpm"}},
		{"privatenumber/tsx", []string{"tsx"}},
		{"remy/nodemon", []string{"nodemon"}},
		{"strapi/strapi", []string{"strapi"}},
		{"TypeStrong/ts-node", []string{"ts-node"}},
		{"verdaccio/verdaccio", []string{"verdaccio"}},
		{"vitejs/vite", []string{"vite"}},
	} {
		rows = append(rows, scriptOf("node", leaves(nodeRuntime, documented("https://github.com/"+n.repository)), n.names...))
	}
	return rows
}
