package advice

// maxParent is more than the kernel lets a process be called.
const maxParent = 64

// waitForChildren
//
// Changes: the program that starts the children: it has to wait for each of
// them.
// Fits: zombies below a program that started them. Whatever is PID 1, only a
// process's own parent can wait for it.
func waitForChildren(s Situation) []Fix {
	if s.Problem != KeepsChildren {
		return nil
	}
	name := s.Parent
	if name == "" || len(name) > maxParent {
		name = "the parent"
	}
	where, at := InPod, s.field("image")
	if s.ContainerPath == "" {
		where, at = InImage, "the program"
	}
	return []Fix{{
		Where: where, Path: at, Change: name + " waits for the processes that it starts", Page: WaitForChildren,
		Note: "an init would not help: a process is its parent's to wait for as long as that lives",
	}}
}
