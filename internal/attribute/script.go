package attribute

import (
	"path"
	"slices"
	"strings"
)

// flags tells how an interpreter reads its command line, as far as it takes to find the script: which of its
// one-letter options take a value as the rest of the argument or as the next one (value), only as the rest of the
// argument (rest), or carry the program itself (inline); and which long ones take the next argument.
type flags struct {
	value, rest, inline string
	long                []string
}

var (
	rubyFlags  = flags{value: "IrEC", rest: "FKTWxi0", inline: "e", long: []string{"--encoding"}}
	phpFlags   = flags{value: "cdSztT", inline: "rBRE", long: []string{"--php-ini", "--define", "--docroot", "--server"}}
	perlFlags  = flags{value: "I", rest: "mMCxiFDl0V", inline: "eE"}
	luaFlags   = flags{value: "l", inline: "e"}
	shellFlags = flags{value: "oO", inline: "c", long: []string{"--rcfile", "--init-file"}}
)

// simple is the reader of a language whose first argument that is no option is the script.
type simple flags

func (f simple) read(p *process, args []string) script {
	args, inline := flags(f).skip(args)
	switch {
	case inline != "":
		return script{name: inline}
	case len(args) == 0 || args[0] == "-":
		return script{}
	}
	return script{path: locate(p, args[0])}
}

// skip passes over the options and returns the arguments from the script on, or the option that carried the program
// itself.
func (f flags) skip(args []string) (rest []string, inline string) {
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			return args[i+1:], ""
		case a == "-" || !strings.HasPrefix(a, "-"):
			return args[i:], ""
		case strings.HasPrefix(a, "--"):
			if slices.Contains(f.long, a) {
				i++
			}
		default:
			letter, last := f.deciding(a[1:])
			if letter != 0 && strings.IndexByte(f.inline, letter) >= 0 {
				return nil, "-" + string(letter)
			}
			if letter != 0 && last && strings.IndexByte(f.value, letter) >= 0 {
				i++
			}
		}
	}
	return nil, ""
}

// deciding finds the first of several one-letter options, written as one, that takes a value, and tells whether it is
// the last of them.
func (f flags) deciding(letters string) (letter byte, last bool) {
	i := strings.IndexAny(letters, f.value+f.rest+f.inline)
	if i < 0 {
		return 0, false
	}
	return letters[i], i == len(letters)-1
}

// locate is the file that an argument names: absolute, unless the working directory is unknown.
func locate(p *process, name string) string {
	if at := absolute(p.cwd, name); at != "" {
		return at
	}
	return name
}

// readNothing is the reader of a server that loads scripts only when somebody asks for them.
func readNothing(*process, []string) script { return script{} }

// readDotnet reads "dotnet FILE.dll"; the other commands of dotnet build or run a project.
func readDotnet(p *process, args []string) script {
	f := flags{long: []string{"--roll-forward", "--fx-version", "--additionalprobingpath", "--depsfile", "--runtimeconfig"}}
	args, _ = f.skip(args)
	if len(args) > 1 && args[0] == "exec" {
		args, _ = f.skip(args[1:])
	}
	if len(args) == 0 || path.Ext(args[0]) != ".dll" {
		return script{root: p.cwd}
	}
	return script{path: locate(p, args[0])}
}

// erlangMachine is the executable that runs Erlang programs.
const erlangMachine = "beam.smp"

// readErlang finds the module that the machine was told to start (-s MODULE), in the directories it was told to look
// for applications.
func readErlang(p *process, args []string) script {
	var module string
	var dirs []string
	for i, a := range args[:max(0, len(args)-1)] {
		switch next := args[i+1]; {
		case a == "-s" && module == "" && next != "":
			module = next
		case (a == "-pa" || a == "-pz") && next != "":
			dirs = append(dirs, locate(p, next))
		}
	}
	if module == "" {
		return script{}
	}
	s := script{name: module}
	for _, libs := range strings.Split(p.erlLibs, ":") {
		if path.IsAbs(libs) {
			apps, _ := readNames(p.system.files, libs)
			for _, app := range apps {
				dirs = append(dirs, path.Join(libs, app, "ebin"))
			}
		}
	}
	for _, dir := range dirs {
		if file := path.Join(dir, module+".beam"); isFile(p.system.files, file) {
			s.path = file
			break
		}
	}
	return s
}
