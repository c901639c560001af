package attribute

import (
	"debug/buildinfo"
	"debug/elf"
	"io"
	"path"
	"strings"

	"rtevent"
)

// module is what the Go toolchain wrote into an executable.
type module struct {
	path    string // of the main package
	version string // of its module, or the revision it was built from
	runtime string // of Go
}

// maxBuildInfo bounds how much of an executable is read to find the build information, which lies near the front of
// its data.
const maxBuildInfo = 64 << 20

// readModule reads the build information of a Go executable; nil for any other.
func readModule(f io.ReaderAt, size int64) *module {
	r := &budget{io.NewSectionReader(f, 0, size), maxBuildInfo}
	if e, err := elf.NewFile(r); err == nil && len(e.Sections) > 0 && e.Section(".go.buildinfo") == nil {
		return nil // else all its data would be searched for the mark
	}
	info, err := buildinfo.Read(r)
	if err != nil {
		return nil
	}
	m := &module{path: info.Path, version: info.Main.Version, runtime: info.GoVersion}
	if m.path == "" || m.path == "command-line-arguments" {
		m.path = info.Main.Path
	}
	if m.version == "" || m.version == "(devel)" {
		m.version = ""
		var modified string
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				m.version = s.Value[:min(12, len(s.Value))]
			case "vcs.modified":
				if s.Value == "true" {
					modified = "+dirty"
				}
			}
		}
		if m.version != "" {
			m.version += modified
		}
	}
	return m
}

// goProgram is the program that an executable of its own is, if it was written in Go. What is installed for all belongs
// to no project.
func goProgram(p *process) *rtevent.Program {
	m := p.exe.module
	if m == nil {
		return nil
	}
	program := &rtevent.Program{Kind: "go", Name: m.path, Version: m.version, Runtime: strings.TrimPrefix(m.runtime, "go")}
	if dir := path.Dir(p.exe.path); !installed(dir) {
		program.Project = p.system.project("go", dir).dir
	}
	if program.Project == "" && !installed(p.exe.path) {
		program.Project = p.system.project("go", p.cwd).dir
	}
	return program
}
