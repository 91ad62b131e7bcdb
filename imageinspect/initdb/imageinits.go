package initdb

// imageInits are inits and supervisors that bear other names where they are
// installed, such as init: their files tell them (package identity).
func imageInits() []Program {
	return []Program{
		{
			Names:     []string{"sysvinit"},
			Role:      Init,
			Behaviour: reaps(waitsForAny, measured("sysvinit")).mustBePID1(),
		},
		{
			// /opt/base/sbin/cinit of jlesage's images.
			Names: []string{"cinit"},
			Role:  Supervisor,
			Behaviour: reaps(waitsForAny,
				code("https://github.com/jlesage/docker-baseimage/blob/master/src/cinit/cinit.c")).forwards(),
		},
	}
}
