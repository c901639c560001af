package attribute

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"rtevent"
)

// containerOfMounts finds the container in the text of a /proc/PID/mountinfo, for where the cgroup does not tell it: a
// runtime mounts files of its own (hostname, resolv.conf) into each container, from a directory that bears the id.
func containerOfMounts(mountinfo string) *rtevent.Container {
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) < 5 || !strings.HasPrefix(f[4], "/etc/") {
			continue
		}
		source := f[3] // the directory within the file system that was mounted
		for _, place := range []struct{ runtime, dir string }{
			{"docker", "/containers/"},
			{"containerd", "/io.containerd.grpc.v1.cri/sandboxes/"},
			{"podman", "/overlay-containers/"},
		} {
			_, rest, ok := strings.Cut(source, place.dir)
			if id, _, _ := strings.Cut(rest, "/"); ok && isContainerID(id) {
				return &rtevent.Container{Runtime: place.runtime, ID: id}
			}
		}
	}
	return nil
}

// containerName reads the name of a container from the files that its runtime keeps on the host. It asks no daemon.
func containerName(host fs.FS, c rtevent.Container) string {
	if c.Name != "" || !isContainerID(c.ID) {
		return c.Name
	}
	switch c.Runtime {
	case "docker":
		return dockerName(host, c.ID)
	case "podman":
		return storageName(host, "/var/lib/containers/storage", c.ID)
	case "cri-o":
		return cmp.Or(kubernetesName(host, "/run/containers/storage/overlay-containers/"+c.ID+"/userdata/config.json"),
			storageName(host, "/var/lib/containers/storage", c.ID))
	default:
		return bundleName(host, c.ID)
	}
}

// dockerName reads Docker's own record of a container, in its usual data directories or the one it is configured for.
func dockerName(host fs.FS, id string) string {
	var config struct {
		Root string `json:"data-root"`
	}
	b, err := readFile(host, "/etc/docker/daemon.json", maxText)
	if err != nil || json.Unmarshal(b, &config) != nil {
		config.Root = ""
	}
	for _, dir := range []string{cmp.Or(config.Root, "/var/lib/docker"), "/var/snap/docker/common/var-lib-docker"} {
		b, err := readFile(host, path.Join(dir, "containers", id, "config.v2.json"), maxText)
		var record struct{ Name string }
		if err == nil && json.Unmarshal(b, &record) == nil && record.Name != "" {
			return strings.TrimPrefix(record.Name, "/")
		}
	}
	return ""
}

// storageName reads the list of containers that podman and CRI-O keep in a storage directory.
func storageName(host fs.FS, dir, id string) string {
	for _, driver := range []string{"overlay", "vfs", "btrfs", "zfs"} {
		b, err := readFile(host, path.Join(dir, driver+"-containers/containers.json"), 16*maxText)
		var list []struct {
			ID    string   `json:"id"`
			Names []string `json:"names"`
		}
		if err != nil || json.Unmarshal(b, &list) != nil {
			continue
		}
		for _, c := range list {
			if c.ID == id && len(c.Names) > 0 {
				return c.Names[0]
			}
		}
	}
	return ""
}

// bundleName reads the specification that containerd hands to its shim, in whichever of its namespaces the container is.
func bundleName(host fs.FS, id string) string {
	const tasks = "/run/containerd/io.containerd.runtime.v2.task"
	namespaces, _ := fs.ReadDir(host, rel(tasks))
	for _, ns := range namespaces {
		if name := kubernetesName(host, path.Join(tasks, ns.Name(), id, "config.json")); name != "" {
			return name
		}
	}
	return ""
}

// kubernetesName reads an OCI runtime specification for the marks that a runtime leaves in it: namespace/pod/container
// under Kubernetes, the name alone otherwise.
func kubernetesName(host fs.FS, file string) string {
	b, err := readFile(host, file, maxText)
	var spec struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err != nil || json.Unmarshal(b, &spec) != nil {
		return ""
	}
	a := spec.Annotations
	pod := cmp.Or(a["io.kubernetes.cri.sandbox-name"], a["io.kubernetes.pod.name"])
	name := cmp.Or(a["io.kubernetes.cri.container-name"], a["io.kubernetes.container.name"], a["nerdctl/name"])
	if pod == "" {
		return name
	}
	return path.Join(cmp.Or(a["io.kubernetes.cri.sandbox-namespace"], a["io.kubernetes.pod.namespace"]), pod, name)
}
