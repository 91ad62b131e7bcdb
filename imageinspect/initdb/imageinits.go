package initdb

// imageInits are inits that bear other names where they are installed, such as
// init: their files tell them (package identity).
func imageInits() []Program {
	return []Program{
		{
			Names:     []string{"sysvinit"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("sysvinit")).mustBePID1(),
		},
	}
}
