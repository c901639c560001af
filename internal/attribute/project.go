package attribute

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"path"
	"strings"
)

// project is what people develop: a directory with a file that marks it, and what that file calls it.
type project struct {
	dir, name, version string
}

// projectKey is a question for a project.
type projectKey struct{ kind, dir string }

// marker is a file that marks the directory of a project, and how to read from it what the project is called.
type marker struct {
	file string
	read func(b []byte) (name, version string)
}

// markers lists the marks of each kind of program, the most telling first.
var markers = map[string][]marker{
	"python": {{"pyproject.toml", readPyproject}, {"setup.cfg", readSetup}, {"setup.py", nil}, {"Pipfile", nil}, {"manage.py", nil}, {"requirements.txt", nil}},
	"node":   {{"package.json", readManifest}, {"deno.json", readManifest}},
	"ruby":   {{"Gemfile", nil}, {"config.ru", nil}},
	"php":    {{"composer.json", readManifest}},
	"go":     {{"go.mod", readGoMod}},
	"java":   {{"pom.xml", nil}, {"build.gradle", nil}, {"build.gradle.kts", nil}},
}

// maxLevels bounds how far above a program its project is looked for.
const maxLevels = 12

// project finds the project that a directory is in: the nearest directory above with a mark of that kind, else the
// nearest with a version history.
func (s *system) project(kind, dir string) project {
	if dir == "" || dir == "/" {
		return project{}
	}
	return s.projects.get(projectKey{kind, dir}, func() project { return findProject(s.files, kind, dir) })
}

func findProject(files fs.FS, kind, dir string) project {
	var history project
	for level := 0; level < maxLevels && dir != "/" && dir != "."; level++ {
		for _, m := range markers[kind] {
			file := path.Join(dir, m.file)
			if !isFile(files, file) {
				continue
			}
			p := project{dir: dir}
			if b, err := readFile(files, file, maxText); err == nil && m.read != nil {
				p.name, p.version = m.read(b)
			}
			return p
		}
		if _, err := fs.Stat(files, rel(path.Join(dir, ".git"))); err == nil && history.dir == "" {
			history.dir = dir
		}
		dir = path.Dir(dir)
	}
	return history
}

// readManifest reads a package.json, composer.json or deno.json.
func readManifest(b []byte) (name, version string) {
	var m struct{ Name, Version any }
	if json.Unmarshal(b, &m) != nil {
		return "", ""
	}
	name, _ = m.Name.(string)
	version, _ = m.Version.(string)
	return name, version
}

// readGoMod reads the module line of a go.mod.
func readGoMod(b []byte) (name, _ string) {
	for line := range bytes.Lines(b) {
		if f := strings.Fields(string(line)); len(f) > 1 && f[0] == "module" {
			return strings.Trim(f[1], `"`), ""
		}
	}
	return "", ""
}

// readPyproject reads name and version of a pyproject.toml, under [project] or [tool.poetry].
func readPyproject(b []byte) (name, version string) {
	return keyed(b, func(section string) bool { return section == "project" || section == "tool.poetry" })
}

// readSetup reads name and version of a setup.cfg, under [metadata].
func readSetup(b []byte) (name, version string) {
	return keyed(b, func(section string) bool { return section == "metadata" })
}

// keyed reads name and version out of some sections of a file of sections with KEY = VALUE lines.
func keyed(b []byte, in func(section string) bool) (name, version string) {
	section := ""
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxText)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[] ")
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || !in(section) {
			continue
		}
		value = unquote(strings.TrimSpace(value))
		switch strings.TrimSpace(key) {
		case "name":
			name = value
		case "version":
			version = value
		}
	}
	return name, version
}

// unquote takes the quotes off a value and drops what follows it; one that is made of more than a text is left out.
func unquote(s string) string {
	if s == "" || strings.ContainsAny(s[:1], "{[") {
		return ""
	}
	if q := s[0]; q == '"' || q == '\'' {
		value, _, _ := strings.Cut(s[1:], string(q))
		return value
	}
	value, _, _ := strings.Cut(s, "#")
	return strings.TrimSpace(value)
}
