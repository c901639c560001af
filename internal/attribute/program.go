package attribute

import (
	"path"
	"slices"
	"strings"

	"rtevent"
)

// language is a kind of program that runs inside an executable made for many: how its executable is called, and how its
// command line names the program.
type language struct {
	kind  string
	names []string // of the executable, without a version behind

	// read takes the arguments after the executable and says what they run.
	read func(p *process, args []string) script
}

// script is what a command line says to run.
type script struct {
	path    string // of the file that tells; absolute unless the working directory is unknown
	name    string // what it is called, where that is more than the file's name
	version string
	root    string // the directory to look for its project from, where that is not the file's
}

// languages lists the interpreters that are known.
var languages = []language{
	{"java", []string{"java", "javaw", "jsvc"}, readJava},
	{"python", []string{"python", "pypy"}, readPython},
	{"node", []string{"node", "nodejs", "bun"}, readNode},
	{"ruby", []string{"ruby"}, simple(rubyFlags).read},
	{"php", []string{"php"}, simple(phpFlags).read},
	{"php", []string{"php-cgi", "php-fpm"}, readNothing},
	{"perl", []string{"perl"}, simple(perlFlags).read},
	{"lua", []string{"lua", "luajit"}, simple(luaFlags).read},
	{"erlang", []string{erlangMachine}, readErlang},
	{"dotnet", []string{"dotnet"}, readDotnet},
	{"shell", []string{"sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish"}, simple(shellFlags).read},
}

// languageOf finds the language of an executable by its name, which may have a version behind: python3.11, php8.2.
func languageOf(exe string) *language {
	base := path.Base(exe)
	plain := strings.TrimRight(base, "0123456789.-")
	for i := range languages {
		if slices.Contains(languages[i].names, base) || slices.Contains(languages[i].names, plain) {
			return &languages[i]
		}
	}
	return nil
}

// programOf tells what runs inside an executable; nil when the executable is all there is to say.
func programOf(p *process) *rtevent.Program {
	if p.exe.path == "" {
		return nil
	}
	l := languageOf(p.exe.path)
	if l == nil {
		return goProgram(p)
	}
	var s script
	if len(p.args) > 1 { // else it was given nothing, or has written a title over what it was given
		s = l.read(p, p.args[1:])
	}
	program := &rtevent.Program{Kind: l.kind, Name: s.name, Version: s.version, Path: s.path}
	if s.path != "" && !path.IsAbs(s.path) {
		p.unread = append(p.unread, "program: the working directory that its path starts from")
		return program
	}
	if program.Name == "" && s.path != "" {
		program.Name = path.Base(s.path)
	}
	addProject(p, s, program)
	return program
}

// addProject adds the project that a program belongs to; what the project calls itself is a better name than a file's.
func addProject(p *process, s script, program *rtevent.Program) {
	from := s.root
	if from == "" && s.path != "" {
		from = path.Dir(s.path)
	}
	if from == "" || installed(from) {
		from = p.cwd
	}
	found := p.system.project(program.Kind, from)
	program.Project = found.dir
	unnamed := s.path == "" && s.name == ""
	if found.name != "" && program.Version == "" && (unnamed || within(s.path, found.dir)) {
		program.Name, program.Version = found.name, found.version
	}
}

// within tells whether a file is the project's own rather than one of the packages that it has fetched.
func within(file, dir string) bool {
	rest, ok := strings.CutPrefix(file, dir+"/")
	if !ok {
		return false
	}
	for _, fetched := range []string{"node_modules/", "site-packages/", "vendor/", "bin/"} {
		if strings.Contains("/"+rest, "/"+fetched) {
			return false
		}
	}
	return true
}

// installed tells whether a directory holds what is installed for all, so that it says nothing of a project: there the
// working directory does.
func installed(dir string) bool {
	for _, d := range []string{"/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/lib", "/usr/share", "/usr/local/bin", "/usr/local/lib"} {
		if dir == d || strings.HasPrefix(dir, d+"/") {
			return true
		}
	}
	return strings.HasSuffix(dir, "/bin") || strings.HasSuffix(dir, "/.bin") || strings.Contains(dir, "/site-packages")
}
