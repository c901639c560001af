package attribute

import (
	"io/fs"
	"path"
	"strings"

	"rtevent"
)

// othersWrite and othersEnter are what the mode of a file says of everybody else.
const (
	othersWrite = 0o002
	othersEnter = 0o001
)

// plantable finds the path that lets anybody replace or plant what a process runs, of its executable first, then of its
// script.
func plantable(p *process, program *rtevent.Program) string {
	if p.exe.inMemory {
		return ""
	}
	files := []string{p.exe.path}
	if p.script != "" {
		files = append(files, program.Path)
		if p.script != program.Path { // who may replace a link on the way may replace the script
			files = append(files, p.script)
		}
	}
	for _, file := range files {
		at := p.system.plantable.get(file, func() string { return writableByAll(p.system.files, file) })
		if at != "" {
			return at
		}
	}
	return ""
}

// writableByAll walks down to a file and returns what lets anybody change which file that is, or what is in it:
//
//   - a directory on the way that anybody may write to, unless it is sticky: then only the owner of an entry may
//     replace it;
//   - the directory that holds the file, sticky or not: anybody may have put the file there;
//   - the file itself.
//
// Below a directory that not everybody may enter nothing is open to all.
func writableByAll(files fs.FS, file string) string {
	parts := strings.Split(strings.TrimPrefix(path.Clean(file), "/"), "/")
	at := "/"
	for i := 0; ; i++ {
		info, err := fs.Stat(files, rel(at))
		if err != nil {
			return ""
		}
		mode, holds := info.Mode(), i == len(parts)-1
		if mode.Perm()&othersEnter == 0 && i < len(parts) {
			return ""
		}
		if mode.Perm()&othersWrite != 0 && (i == len(parts) || holds || mode&fs.ModeSticky == 0) {
			return at
		}
		if i == len(parts) {
			return ""
		}
		at = path.Join(at, parts[i])
	}
}
