package attribute

import (
	"io/fs"
	"path"
	"strings"
)

// readPython reads what a Python is told to run: a script, a module, or an application that a script of some server
// takes by name, as in "gunicorn shop:app".
func readPython(p *process, args []string) script {
	f := flags{value: "WXQ", inline: "cm", long: []string{"--check-hash-based-pycs"}}
	rest, inline := f.skip(args)
	switch {
	case inline == "-c":
		return script{name: inline, root: p.cwd}
	case inline == "-m":
		return pythonModule(p, args)
	case len(rest) == 0 || rest[0] == "-":
		return script{root: p.cwd}
	}
	file := locate(p, rest[0])
	if isDir(p.system.files, file) {
		file = path.Join(file, "__main__.py")
	}
	if s, ok := pythonApplication(p, path.Base(file), rest[1:]); ok {
		return s
	}
	return script{path: file}
}

// pythonModule reads "-m MODULE", also written as one argument.
func pythonModule(p *process, args []string) script {
	for i, a := range args {
		at := strings.IndexByte(a, 'm')
		if at < 1 || a[0] != '-' || strings.HasPrefix(a, "--") {
			continue
		}
		module, rest := a[at+1:], args[i+1:]
		if module == "" {
			if len(rest) == 0 {
				return script{}
			}
			module, rest = rest[0], rest[1:]
		}
		if s, ok := pythonApplication(p, module, rest); ok {
			return s
		}
		s := script{name: module, path: findModule(p, module)}
		if s.path == "" {
			s.root = p.cwd
		}
		return s
	}
	return script{}
}

// pythonServers are programs that serve an application named on their command line, as MODULE:NAME or by an option.
var pythonServers = map[string]bool{
	"uvicorn": true, "gunicorn": true, "hypercorn": true, "granian": true, "daphne": true, "waitress-serve": true, "waitress": true,
	"flask": true, "fastapi": true, "streamlit": true, "celery": true, "uwsgi": true,
}

// pythonApplication finds the application that a server was given.
func pythonApplication(p *process, server string, args []string) (script, bool) {
	if !pythonServers[server] {
		return script{}, false
	}
	root := p.cwd
	for i, a := range args {
		name, dir, _ := strings.Cut(a, "=")
		if dir == "" && i+1 < len(args) {
			dir = args[i+1]
		}
		if name == "--chdir" || name == "--app-dir" || name == "--pythonpath" {
			root = absolute(p.cwd, dir)
		}
	}
	for _, a := range args {
		if file := absolute(root, a); strings.HasSuffix(a, ".py") && isFile(p.system.files, file) {
			return script{path: file, root: root}, true
		}
		module, _, ok := strings.Cut(a, ":")
		if !ok || !isModuleName(module) {
			continue
		}
		if file := moduleIn(p.system.files, root, module); file != "" {
			return script{path: file, name: a, root: root}, true
		}
	}
	return script{}, false
}

// isModuleName tells whether a text has the form of a dotted name.
func isModuleName(s string) bool {
	for _, c := range s {
		if c != '_' && c != '.' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return s != ""
}

// findModule finds the file of a module where Python looks for it: the working directory, then the libraries that
// belong to the interpreter as it was called, which for a virtual environment are the environment's.
func findModule(p *process, module string) string {
	if !isModuleName(module) {
		return ""
	}
	version := path.Base(p.exe.path) // python3.11
	dirs := []string{p.cwd}
	for _, exe := range []string{locate(p, p.args[0]), p.exe.path} {
		if prefix := path.Dir(path.Dir(exe)); path.IsAbs(exe) {
			dirs = append(dirs, path.Join(prefix, "lib", version, "site-packages"), path.Join(prefix, "lib", version),
				path.Join(prefix, "local/lib", version, "dist-packages"))
		}
	}
	dirs = append(dirs, "/usr/lib/python3/dist-packages")
	for _, dir := range dirs {
		if dir == "" {
			continue
		}
		if file := moduleIn(p.system.files, dir, module); file != "" {
			return file
		}
	}
	return ""
}

// moduleIn finds a module below a directory: as a package that can be run, a package, or a file.
func moduleIn(files fs.FS, dir, module string) string {
	name := path.Join(dir, strings.ReplaceAll(module, ".", "/"))
	for _, file := range []string{name + "/__main__.py", name + "/__init__.py", name + ".py"} {
		if isFile(files, file) {
			return file
		}
	}
	return ""
}
