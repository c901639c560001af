// Walks through the descriptors of all processes side by side.

package observe

import (
	"context"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// descriptors is a table of descriptors: a directory of proc, and the process that it belongs to.
type descriptors struct {
	pid  int
	path string
}

// tablesOf are the tables that /proc shows of each process: those of its first thread.
func tablesOf(pids []int) []descriptors {
	all := make([]descriptors, len(pids))
	for i, pid := range pids {
		all[i] = descriptors{pid, strconv.Itoa(pid) + "/fd"}
	}
	return all
}

// walk reads every descriptor of the given tables and finds those that lead to a wanted inode.
type walk struct {
	proc   *procfs
	wanted map[uint64]bool

	// onlyTry reads no more of each table than it takes to learn whether it may be read.
	onlyTry bool
}

// result is what a walk found: the holders of each wanted inode, and the processes that may not be read.
type result struct {
	holders map[uint64][]holder
	refused []int
}

func (w walk) run(ctx context.Context, tables []descriptors) result {
	walkers := make([]walker, workers())
	sideBySide(ctx, len(walkers), len(tables), func(worker, i int) {
		me := &walkers[worker]
		if me.names == nil {
			me.walk, me.names = w, make([]byte, 16<<10)
		}
		me.read(tables[i])
	})
	all := result{holders: map[uint64][]holder{}}
	for _, me := range walkers {
		for _, f := range me.found {
			all.holders[f.inode] = append(all.holders[f.inode], f.holder)
		}
		all.refused = append(all.refused, me.refused...)
	}
	slices.Sort(all.refused)
	all.refused = slices.Compact(all.refused)
	return all
}

// walker is the part of a walk that one goroutine does.
type walker struct {
	walk
	names   []byte
	target  [64]byte
	found   []found
	refused []int
}

type found struct {
	inode  uint64
	holder holder
}

// read goes through one table. A process that ends meanwhile is no news; one that may not be read is.
func (w *walker) read(d descriptors) {
	fd, err := ignoreInterrupts(func() (int, error) {
		return unix.Openat(w.proc.fd, d.path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	})
	if err == nil {
		defer unix.Close(fd)
		if w.onlyTry {
			err = w.try(fd, d.pid)
		} else {
			err = w.readAll(fd, d.pid, w.names)
		}
	}
	if isDenied(err) {
		w.refused = append(w.refused, d.pid)
	}
}

// try reads one descriptor, whichever is there: most processes have a standard input.
func (w *walker) try(dir, pid int) error {
	if err := w.follow(dir, pid, "0"); err == nil || isDenied(err) {
		return err
	}
	const few = 128 // bytes: the kernel lists no more entries than it has room for
	return w.readAll(dir, pid, w.names[:few])
}

// readAll reads the descriptors that the directory lists. Asking for 0, 1, 2... without a listing takes twice as long:
// the kernel then makes each entry anew.
func (w *walker) readAll(dir, pid int, buffer []byte) (err error) {
	listErr := listOpen(dir, buffer, func(_ uint64, _ byte, name []byte) bool {
		err = w.follow(dir, pid, string(name))
		return !isDenied(err) && !w.onlyTry
	})
	if isDenied(err) {
		return err
	}
	return listErr
}

// follow reads one descriptor. It may be closed meanwhile.
func (w *walker) follow(dir, pid int, name string) error {
	n, err := unix.Readlinkat(dir, name, w.target[:])
	if err != nil {
		return err
	}
	if inode, ok := bracketed(w.target[:n], "socket"); ok && w.wanted[inode] {
		fd, _ := number([]byte(name))
		w.found = append(w.found, found{inode, holder{pid: pid, fd: fd}})
	}
	return nil
}

func isDenied(err error) bool { return err == unix.EACCES || err == unix.EPERM }

// threadTables finds the threads that do not share the table of their process: the kernel lists those of the first
// thread only, and none once that has ended.
func (p *procfs) threadTables(ctx context.Context, pids []int) []descriptors {
	perWorker := make([][]descriptors, workers())
	buffers := make([][4096]byte, len(perWorker))
	sideBySide(ctx, len(perWorker), len(pids), func(worker, i int) {
		pid := pids[i]
		tasks := strconv.Itoa(pid) + "/task"
		var st unix.Stat_t
		const dots = 2 // "." and ".."
		if err := unix.Fstatat(p.fd, tasks, &st, 0); err != nil || st.Nlink <= dots+1 {
			return
		}
		p.list(tasks, buffers[worker][:], func(_ uint64, _ byte, name []byte) bool {
			if tid, ok := number(name); ok && tid != pid && !shareTable(pid, tid) {
				perWorker[worker] = append(perWorker[worker], descriptors{pid, tasks + "/" + string(name) + "/fd"})
			}
			return true
		})
	})
	return slices.Concat(perWorker...)
}

// shareTable asks the kernel whether two threads have one table of descriptors. A kernel that does not say counts as
// yes: only the odd program has two.
func shareTable(pid, tid int) bool {
	const compareFiles = 2 // KCMP_FILES
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(pid), uintptr(tid), compareFiles, 0, 0, 0)
	return errno != 0 || order == 0
}
