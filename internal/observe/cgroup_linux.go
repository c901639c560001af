// Finds the path of a cgroup by its number: all that the kernel tells of the creator of a socket whose holder is hidden.

package observe

import (
	"context"

	"golang.org/x/sys/unix"
)

// rootCgroup is the inode of the root of cgroup2, the first that the kernel hands out there.
const rootCgroup = 1

// maxCgroups bounds how many directories are read in search of one.
const maxCgroups = 20_000

// findCgroups fills in the paths of the cgroups with the given inodes. It reads directories only, which anybody may.
func findCgroups(ctx context.Context, mounts []mount, paths map[uint64]string) {
	buffer := make([]byte, 16<<10)
	for _, m := range mounts {
		if m.kind != "cgroup2" {
			continue
		}
		missing := len(paths)
		queue := []string{""}
		for read := 0; len(queue) > 0 && missing > 0 && read < maxCgroups && ctx.Err() == nil; read++ {
			path := queue[0]
			queue = queue[1:]
			fd, err := unix.Open(m.point+path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
			if err != nil {
				continue
			}
			listOpen(fd, buffer, func(inode uint64, kind byte, name []byte) bool {
				if kind != unix.DT_DIR {
					return true
				}
				child := path + "/" + string(name)
				queue = append(queue, child)
				if known, wanted := paths[inode]; wanted && known == "" {
					paths[inode] = child
					missing--
				}
				return missing > 0
			})
			unix.Close(fd)
		}
		return
	}
}
