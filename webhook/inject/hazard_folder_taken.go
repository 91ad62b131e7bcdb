package inject

// folderTaken
//
// Reads: the container's mounts and devices.
// Speaks against: wrap, where one of them lies over the folder of tini.
func folderTaken(_ planner, _ Strategy, t target) string {
	for _, m := range t.VolumeMounts {
		if over(m.MountPath) {
			return "it mounts a volume over " + Folder
		}
	}
	for _, d := range t.VolumeDevices {
		if over(d.DevicePath) {
			return "it has a device at " + Folder
		}
	}
	return ""
}
