package attribute

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

const id = "4f1d1f9d6e0b7a3c5d2e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"

func TestCgroup(t *testing.T) {
	shim := []rtevent.Ancestor{{PID: 800, Name: "containerd-shim"}, {PID: 1, Name: "systemd"}}
	conmon := []rtevent.Ancestor{{PID: 800, Name: "conmon"}, {PID: 1, Name: "systemd"}}
	c := func(runtime string) *rtevent.Container { return &rtevent.Container{Runtime: runtime, ID: id} }
	tests := []struct {
		name, cgroup string
		parents      []rtevent.Ancestor
		unit         string
		container    *rtevent.Container
	}{
		{"unified", "0::/system.slice/ssh.service\n", nil, "ssh.service", nil},
		{"hybrid", "9:name=systemd:/system.slice/nginx.service\n4:memory:/supervisor/x\n0::/\n", nil, "nginx.service", nil},
		{"version 1 without systemd", "3:cpuset:/\n2:cpu,cpuacct:/\n", nil, "", nil},
		{"below a service", "0::/system.slice/postgresql.service/workers\n", nil, "postgresql.service", nil},
		{"user unit", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service\n", nil, "syncthing.service", nil},
		{"login", "0::/user.slice/user-0.slice/session-3.scope\n", nil, "session-3.scope", nil},
		{"escape of systemctl stays", `0::/system.slice/app-org.x\x2d1234.scope` + "\n", nil, `app-org.x\x2d1234.scope`, nil},
		{"escape of the cgroup goes", "0::/system.slice/_cpu.service\n", nil, "cpu.service", nil},
		{"docker, systemd driver", "0::/system.slice/docker-" + id + ".scope\n", shim, "", c("docker")},
		{"docker, cgroupfs", "12:pids:/docker/" + id + "\n0::/\n", shim, "", c("docker")},
		{"systemd in docker", "0::/system.slice/docker-" + id + ".scope/system.slice/nginx.service\n", nil, "nginx.service", c("docker")},
		{"docker in a desktop", "0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" + id + ".scope\n", nil, "", c("docker")},
		{"kubernetes, containerd", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a.slice/cri-containerd-" + id + ".scope\n", nil, "", c("containerd")},
		{"kubernetes, runc's colons", "0::/system.slice/containerd.service/kubepods-burstable-pod1a.slice:cri-containerd:" + id + "\n", shim, "containerd.service", c("containerd")},
		{"kubernetes, cgroupfs", "0::/kubepods/besteffort/pod1a-2b/" + id + "\n", shim, "", c("containerd")},
		{"kubernetes, cgroupfs, cri-o", "0::/kubepods/besteffort/pod1a-2b/" + id + "\n", conmon, "", c("cri-o")},
		{"kubernetes, nobody watches", "0::/kubepods/besteffort/pod1a-2b/" + id + "\n", nil, "", c("kubernetes")},
		{"cri-o", "0::/kubepods.slice/kubepods-pod1a.slice/crio-" + id + ".scope\n", nil, "", c("cri-o")},
		{"podman", "0::/machine.slice/libpod-" + id + ".scope/container\n", nil, "", c("podman")},
		{"podman's watcher is outside", "0::/machine.slice/libpod-conmon-" + id + ".scope\n", nil, "libpod-conmon-" + id + ".scope", nil},
		{"podman, cgroupfs", "9:name=systemd:/libpod_parent/libpod-" + id + "\n0::/libpod_parent/libpod-" + id + "\n", conmon, "", c("podman")},
		{"podman from a unit", "0::/system.slice/web.service/libpod-payload-" + id + "\n", nil, "web.service", c("podman")},
		{"podman of a user", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + id + ".scope\n", nil, "", c("podman")},
		{"lxc", "0::/lxc.payload.web1/system.slice/nginx.service\n", nil, "nginx.service", &rtevent.Container{Runtime: "lxc", ID: "web1", Name: "web1"}},
		{"old lxc", "5:devices:/lxc/web1\n", nil, "", &rtevent.Container{Runtime: "lxc", ID: "web1", Name: "web1"}},
		{"nspawn", "0::/machine.slice/systemd-nspawn@web1.service/payload/system.slice/cron.service\n", nil, "cron.service", &rtevent.Container{Runtime: "systemd-nspawn", ID: "web1", Name: "web1"}},
		{"hexadecimal that is no container", "0::/jobs/" + id + "\n", nil, "", nil},
		{"from within a container", "0::/../" + id + "\n", shim, "", c("containerd")},
		{"rubbish", "x\n::\n0::relative\n\x00", nil, "", nil},
	}
	for _, tt := range tests {
		if got := unitOf(tt.cgroup); got != tt.unit {
			t.Errorf("%s: unit %q, want %q", tt.name, got, tt.unit)
		}
		if diff := cmp.Diff(tt.container, containerOf(tt.cgroup, tt.parents)); diff != "" {
			t.Errorf("%s: container\n%s", tt.name, diff)
		}
	}
}

func TestContainerOfMounts(t *testing.T) {
	tests := []struct{ name, mounts, runtime string }{
		{"docker", "727 715 254:1 /var/lib/docker/containers/" + id + "/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw\n", "docker"},
		{"containerd", "727 715 254:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" + id + "/resolv.conf /etc/resolv.conf rw - ext4 /dev/vda1 rw\n", "containerd"},
		{"podman", "727 715 0:22 /containers/storage/overlay-containers/" + id + "/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw\n", "podman"},
		{"mounted elsewhere", "727 715 254:1 /var/lib/docker/containers/" + id + "/hostname /mnt/hostname rw - ext4 /dev/vda1 rw\n", ""},
		{"none", "28 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n", ""},
	}
	for _, tt := range tests {
		c := containerOfMounts("28 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n" + tt.mounts)
		if c == nil && tt.runtime != "" || c != nil && (c.Runtime != tt.runtime || c.ID != id) {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
}

func TestContainerName(t *testing.T) {
	files := fstest.MapFS{}
	put := func(name, text string) {
		files[name] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, "ID", id))}
	}
	put("var/lib/docker/containers/"+id+"/config.v2.json", `{"StreamConfig":{},"State":{"Running":true},"ID":"ID","Name":"/web_1","Driver":"overlay2"}`)
	put("var/lib/containers/storage/overlay-containers/containers.json", `[{"id":"x","names":["no"]},{"id":"ID","names":["db","db2"],"layer":"y"}]`)
	put("run/containerd/io.containerd.runtime.v2.task/k8s.io/"+id+"/config.json",
		`{"ociVersion":"1.1.0","annotations":{"io.kubernetes.cri.container-name":"api","io.kubernetes.cri.sandbox-name":"api-7d9f","io.kubernetes.cri.sandbox-namespace":"shop"}}`)
	put("run/containers/storage/overlay-containers/"+id+"/userdata/config.json",
		`{"annotations":{"io.kubernetes.container.name":"api","io.kubernetes.pod.name":"api-0","io.kubernetes.pod.namespace":"shop"}}`)
	for runtime, want := range map[string]string{
		"docker": "web_1", "podman": "db", "containerd": "shop/api-7d9f/api", "kubernetes": "shop/api-7d9f/api", "cri-o": "shop/api-0/api",
	} {
		if got := containerName(files, rtevent.Container{Runtime: runtime, ID: id}); got != want {
			t.Errorf("%s: got %q, want %q", runtime, got, want)
		}
		if runtime == "docker" {
			delete(files, "var/lib/docker/containers/"+id+"/config.v2.json")
			put("etc/docker/daemon.json", `{"data-root":"/data/docker"}`)
			put("data/docker/containers/"+id+"/config.v2.json", `{"Name":"/moved"}`)
			if got := containerName(files, rtevent.Container{Runtime: runtime, ID: id}); got != "moved" {
				t.Errorf("docker elsewhere: got %q", got)
			}
		}
		if got := containerName(fstest.MapFS{}, rtevent.Container{Runtime: runtime, ID: id}); got != "" {
			t.Errorf("%s without files: got %q", runtime, got)
		}
	}
}
