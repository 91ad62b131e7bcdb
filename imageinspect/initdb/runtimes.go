package initdb

// runtimes are interpreters, virtual machines and what starts them.
func runtimes() []Program {
	return []Program{
		{
			Names:     []string{"node", "nodejs"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("node")),
			Script: &ScriptSyntax{
				Values: "rC",
				Long: []string{
					"--require", "--import", "--loader", "--experimental-loader", "--conditions", "--env-file", "--title",
				},
				Inline:     "ep",
				InlineLong: []string{"--eval", "--print"},
			},
		},
		{
			Names:       []string{"npm", "npm-cli.js"},
			Role:        Runtime,
			Interpreter: "node",
			Behaviour:   leaves(waitsForOwn, measured("npm-start")),
		},
		{
			Names:       []string{"npx", "npx-cli.js"},
			Role:        Runtime,
			Interpreter: "node",
			Behaviour:   leaves(waitsForOwn, measured("npx")),
		},
		{
			Names:       []string{"yarn", "yarnpkg", "yarn.js"},
			Role:        Runtime,
			Interpreter: "node",
			Behaviour:   leaves(waitsForOwn, measured("yarn-start")),
		},
		{
			Names:     []string{"python", "python3"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("python-child")),
			Script: &ScriptSyntax{
				Values: "WXQ",
				Long:   []string{"--check-hash-based-pycs"},
				Module: 'm',
				Inline: "c",
			},
		},
		{
			Names:     []string{"perl"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("perl-child")),
			Script: &ScriptSyntax{
				Values: "I",
				Joined: "CdDFimMVx",
				Inline: "eE",
			},
		},
		{
			Names:     []string{"ruby"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("ruby-child")),
			Script: &ScriptSyntax{
				Values: "rICE",
				Joined: "FiKTWx",
				Inline: "e",
			},
		},
		{
			Names:     []string{"java"},
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("java")),
		},
		{
			Names:     []string{"php", "php-cli"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(neverWaits, measured("php")),
			Script: &ScriptSyntax{
				Values: "cdtz",
				Long:   []string{"--php-ini", "--define", "--docroot", "--zend-extension"},
				File:   'f',
				Inline: "rRBES",
			},
		},
		{
			Names:     []string{"lua"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("lua")),
		},
		{
			Names:     []string{"tclsh"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("tclsh")),
		},
		{
			Names:     []string{"guile"},
			Versioned: true,
			Role:      Runtime,
			Behaviour: leaves(neverWaits, measured("guile")),
		},
		{
			Names:     []string{"awk", "mawk"},
			Role:      Runtime,
			Behaviour: leaves(waitsForOwn, measured("awk")),
		},
		{
			Names:     []string{"beam.smp", "erl", "erlexec"},
			Role:      Runtime,
			Behaviour: reaps(kernelReaps, measured("erlang")),
		},
	}
}
