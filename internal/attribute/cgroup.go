package attribute

import (
	"slices"
	"strings"

	"rtevent"
)

// unitOf finds the systemd unit in the text of a /proc/PID/cgroup: the innermost *.service or *.scope, which is the
// user's own unit for what a user's manager runs. The scope that a container runtime makes for a container is left to
// Container, and the user's manager above a container is not what runs it. The name is the one that systemctl takes: \x2d stays, only the mark that keeps it apart from the kernel's
// own file names is removed.
func unitOf(cgroup string) string {
	for _, path := range cgroupPaths(cgroup) {
		parts := strings.Split(path, "/")
		for _, part := range slices.Backward(parts) {
			unit := strings.TrimPrefix(part, "_")
			if !strings.HasSuffix(unit, ".service") && !strings.HasSuffix(unit, ".scope") {
				continue
			}
			_, _, isContainer := containerPart(part)
			if manager := strings.HasPrefix(unit, "user@"); !isContainer && !manager {
				return unit
			}
		}
	}
	return ""
}

// cgroupPaths lists the paths of a process in the hierarchies, the ones that systemd manages first: the unified one
// (0::), then its own of version 1, then the controllers'.
func cgroupPaths(cgroup string) []string {
	var unified, systemd, rest []string
	for line := range strings.Lines(cgroup) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		switch {
		case len(f) < 3 || f[2] == "/":
		case f[0] == "0" && f[1] == "":
			unified = append(unified, f[2])
		case f[1] == "name=systemd":
			systemd = append(systemd, f[2])
		default:
			rest = append(rest, f[2])
		}
	}
	return slices.Concat(unified, systemd, rest)
}

// containerOf finds the container in the text of a /proc/PID/cgroup. Where the path has only the id, as under
// Kubernetes with cgroupfs, the runtime is told by the process that watches over the container.
func containerOf(cgroup string, ancestry []rtevent.Ancestor) *rtevent.Container {
	for _, path := range cgroupPaths(cgroup) {
		parts := strings.Split(path, "/")
		for i, part := range slices.Backward(parts) {
			runtime, id, ok := containerPart(part)
			if !ok {
				continue
			}
			if runtime == "" {
				runtime = runtimeAbove(parts[:i], ancestry)
			}
			if runtime != "" {
				return &rtevent.Container{Runtime: runtime, ID: id}
			}
		}
		if c := namedContainer(parts); c != nil {
			return c
		}
	}
	return nil
}

// runtimeOf gives the prefix that a runtime puts before its ids in the names of cgroups.
var runtimeOf = map[string]string{
	"docker": "docker", "cri-containerd": "containerd", "nerdctl": "containerd", "crio": "cri-o",
	"libpod": "podman", "libpod-payload": "podman",
}

// containerPart reads one part of a cgroup path that holds a container id: 64 hexadecimal digits, with or without the
// runtime before it and ".scope" behind. The runtime is empty when the part does not tell it. The scope of conmon,
// which watches a container from outside, is none.
func containerPart(part string) (runtime, id string, ok bool) {
	part = strings.TrimSuffix(part, ".scope")
	part = part[strings.LastIndexByte(part, ':')+1:] // "kubepods-...:cri-containerd:ID" under runc's systemd driver
	prefix := ""
	if i := strings.LastIndexByte(part, '-'); i >= 0 {
		prefix, part = part[:i], part[i+1:]
		if runtime, ok = runtimeOf[prefix]; !ok {
			return "", "", false
		}
	}
	if !isContainerID(part) {
		return "", "", false
	}
	return runtime, part, true
}

// isContainerID tells whether a text has the form of the ids that all common runtimes give.
func isContainerID(s string) bool {
	if len(s) != 64 {
		return false
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// runtimeAbove tells the runtime of a bare id by the cgroups above it, then by the watching process.
func runtimeAbove(above []string, ancestry []rtevent.Ancestor) string {
	switch {
	case slices.Contains(above, "docker"):
		return "docker"
	case slices.Contains(above, "libpod_parent"):
		return "podman"
	}
	for _, a := range ancestry {
		switch {
		case strings.HasPrefix(a.Name, "containerd-shim"):
			return "containerd"
		case a.Name == "conmon" || a.Name == "conmonrs":
			return "cri-o"
		case a.Name == "dockershim" || a.Name == "dockerd":
			return "docker"
		}
	}
	if slices.ContainsFunc(above, func(s string) bool { return strings.HasPrefix(s, "kubepods") }) {
		return "kubernetes"
	}
	return ""
}

// namedContainer finds a container whose cgroup carries its name instead of an id: LXC and Incus, systemd-nspawn.
func namedContainer(parts []string) *rtevent.Container {
	for i, part := range parts {
		if name, ok := strings.CutPrefix(part, "lxc.payload."); ok {
			return &rtevent.Container{Runtime: "lxc", ID: name, Name: name}
		}
		if part == "lxc" && i+1 < len(parts) && parts[i+1] != "" {
			return &rtevent.Container{Runtime: "lxc", ID: parts[i+1], Name: parts[i+1]}
		}
		name, ok := strings.CutPrefix(part, "systemd-nspawn@")
		if name, isService := strings.CutSuffix(name, ".service"); ok && isService {
			return &rtevent.Container{Runtime: "systemd-nspawn", ID: name, Name: name}
		}
	}
	return nil
}
