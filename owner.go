package rtevent

import "time"

// NotRead is why nothing more is known of an Owner that the kernel told as its Listener opened: nobody has read the process
// yet.
const NotRead = "not read yet"

// Owner is a process that holds a Listener, as far as it could be read.
type Owner struct {
	PID int `json:"pid,omitempty"`

	// Unseen says why nothing more is known: "needs CAP_SYS_PTRACE", "another namespace", "exited before it could
	// be read". It is empty for an Owner that was read. What the kernel tells without the process (User, UID, Unit)
	// may still be there.
	Unseen string `json:"unseen,omitempty"`

	// Name is the short name that the kernel keeps (comm on Linux). A process can set it at will.
	Name string `json:"name,omitempty"`

	// Exe is the path of the executable, without any mark of deletion. ExeDeleted says that the file is gone from
	// the file system; ExeInMemory, that it never was in one (memfd). ExeModified is when the file's content last
	// changed, ExeChanged when anything of its inode did.
	Exe         string    `json:"exe,omitempty"`
	ExeDeleted  bool      `json:"exe_deleted,omitempty"`
	ExeInMemory bool      `json:"exe_in_memory,omitempty"`
	ExeModified time.Time `json:"exe_modified,omitzero"`
	ExeChanged  time.Time `json:"exe_changed,omitzero"`

	// Invoked is the other path of the same file that it was started under, beside Exe: "/usr/bin/redis-server", a
	// link to redis-check-rdb. Unlike Name it cannot be chosen without writing to that directory.
	Invoked string `json:"invoked,omitempty"`

	// WorldWritable is the path that lets anybody replace or plant this program: the executable or script itself,
	// or the directory that holds it. Empty when there is none.
	WorldWritable string `json:"world_writable,omitempty"`

	Cmdline []string  `json:"cmdline,omitempty"`
	User    string    `json:"user,omitempty"`
	UID     *uint32   `json:"uid,omitempty"`
	Started time.Time `json:"started,omitzero"`

	// Unit is the service manager's name for it: "ssh.service".
	Unit string `json:"unit,omitempty"`

	// Activates is the unit (or program, for inetd) that this holder starts when somebody connects: it holds the
	// socket on behalf of another.
	Activates string `json:"activates,omitempty"`

	// ForwardsTo is where a forwarder (docker-proxy, ssh -L, socat) sends what it takes: "172.17.0.2:80".
	ForwardsTo string `json:"forwards_to,omitempty"`

	Container *Container `json:"container,omitempty"`
	Package   *Package   `json:"package,omitempty"`
	Program   *Program   `json:"program,omitempty"`

	// Ancestry is the line of parents, the nearest first, up to the first process of the system.
	Ancestry []Ancestor `json:"ancestry,omitempty"`

	// Unread lists what could not be read of an Owner that was otherwise seen, each with its reason:
	// "exe: needs CAP_SYS_PTRACE".
	Unread []string `json:"unread,omitempty"`
}

// Hosts tells whether the program is not the executable itself but something that the executable runs: a script, a jar.
// An interpreter of which no more is known than that it is one (php-fpm, a script that renamed itself) counts as itself.
func (o Owner) Hosts() bool {
	p := o.Program
	return p != nil && p.Kind != "go" && (p.Path != "" || p.Name != "")
}

// Provider is the package that answers for what runs: of the script or jar where there is one, else of the executable;
// nil when there is none.
func (o Owner) Provider() *Package {
	if o.Hosts() {
		return o.Program.Package
	}
	return o.Package
}

// Container is the container that an Owner runs in.
type Container struct {
	Runtime string `json:"runtime"` // docker, containerd, cri-o, podman, lxc...
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
}

// Package is the installed package that an Owner's executable came from.
type Package struct {
	Manager string `json:"manager"` // dpkg, rpm, apk
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`

	// Intact says whether the executable still has the digest that the package was delivered with; nil when the
	// package keeps none or it could not be compared.
	Intact *bool `json:"intact,omitempty"`
}

// Program is what runs inside a general executable: a Go module, a jar, a script.
type Program struct {
	Kind    string `json:"kind"` // go, java, python, node, ruby, php, perl, lua, erlang, dotnet, shell
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`

	// Runtime is the version of the language that was built into the executable: "1.22.1" of Go.
	Runtime string `json:"runtime,omitempty"`

	// Path is the file that tells: the script, the jar; Project is the directory or name of the project it belongs
	// to, found from its marker file (go.mod, package.json, pyproject.toml, Gemfile, composer.json).
	Path    string `json:"path,omitempty"`
	Project string `json:"project,omitempty"`

	// Package is the installed package that Path belongs to; nil when none owns it.
	Package *Package `json:"package,omitempty"`
}

// Ancestor is one of the processes that an Owner descends from.
type Ancestor struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
}
