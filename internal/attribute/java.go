package attribute

import (
	"archive/zip"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// javaFlags are the options of java that take the next argument.
var javaFlags = []string{
	"-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules", "--add-reads",
	"--add-exports", "--add-opens", "--patch-module", "--limit-modules", "--source", "--enable-native-access", "--describe-module", "-d",
}

// readJava finds the jar, the module or the main class. The jar that has the class is the file that tells.
func readJava(p *process, args []string) script {
	var classPath string
	for i := 0; i < len(args); i++ {
		a := args[i]
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		name, value, joined := strings.Cut(a, "=")
		switch {
		case a == "-jar" && next != "":
			jar := locate(p, next)
			title, version := jarManifest(p.system.files, jar)
			return script{path: jar, name: title, version: version}
		case (a == "-m" || a == "--module") && next != "" || name == "--module" && joined:
			module, class, _ := strings.Cut(cmp.Or(value, next), "/")
			return script{name: cmp.Or(class, module)}
		case a == "-cp" || a == "-classpath" || a == "--class-path":
			classPath = next
			i++
		case name == "--class-path" && joined:
			classPath = value
		case slices.Contains(javaFlags, a):
			i++
		case strings.HasPrefix(a, "-") || strings.HasPrefix(a, "@"): // @FILE holds more options
		case strings.HasSuffix(a, ".java"):
			return script{path: locate(p, a)}
		default:
			file := fileOfClass(p, classPath, a)
			_, version := jarManifest(p.system.files, file)
			return script{name: a, version: version, path: file, root: p.cwd}
		}
	}
	return script{}
}

// maxJars bounds how many jars are searched for a class.
const maxJars = 256

// fileOfClass finds the file in a class path that has a class: its own below a directory, or a jar. Those jars are
// searched first that are called like a part of its name.
func fileOfClass(p *process, classPath, class string) string {
	file := strings.ReplaceAll(class, ".", "/") + ".class"
	for _, dir := range strings.Split(cmp.Or(classPath, "."), ":") {
		if at := absolute(p.cwd, path.Join(dir, file)); at != "" && isFile(p.system.files, at) {
			return at
		}
	}
	jars := jarsIn(p, classPath)
	if len(jars) == 1 {
		return jars[0]
	}
	words := strings.Split(strings.ToLower(class), ".")
	likely := func(jar string) int {
		name := strings.ToLower(path.Base(jar))
		if slices.ContainsFunc(words, func(w string) bool { return len(w) > 3 && strings.HasPrefix(name, w) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(jars, func(a, b string) int { return likely(a) - likely(b) })
	for _, jar := range jars[:min(len(jars), maxJars)] {
		if z, closer, err := openJar(p.system.files, jar); err == nil {
			has := slices.ContainsFunc(z.File, func(f *zip.File) bool { return f.Name == file })
			closer.Close()
			if has {
				return jar
			}
		}
	}
	return ""
}

// jarsIn lists the jars of a class path, where "DIR/*" means all in a directory.
func jarsIn(p *process, classPath string) []string {
	var jars []string
	for _, entry := range strings.Split(classPath, ":") {
		if dir, all := strings.CutSuffix(entry, "/*"); all {
			names, _ := readNames(p.system.files, locate(p, dir))
			slices.Sort(names)
			for _, name := range names {
				if strings.HasSuffix(name, ".jar") {
					jars = append(jars, path.Join(locate(p, dir), name))
				}
			}
		} else if strings.HasSuffix(entry, ".jar") {
			jars = append(jars, locate(p, entry))
		}
	}
	return jars
}

const (
	maxDirectory = 32 << 20 // bytes of the directory of one jar
	zipEnd       = 22       // bytes of a zip's end record
)

// openJar opens a jar whose directory is not too long to be read.
func openJar(files fs.FS, name string) (*zip.Reader, io.Closer, error) {
	r, info, c, err := readerAt(files, name)
	if err != nil {
		return nil, nil, err
	}
	tail, err := section(r, max(0, info.Size()-zipEnd-1<<16), min(info.Size(), zipEnd+1<<16), info.Size())
	if err == nil {
		if end := strings.LastIndex(string(tail), "PK\x05\x06"); end < 0 || end+zipEnd > len(tail) {
			err = zip.ErrFormat
		} else if binary.LittleEndian.Uint32(tail[end+12:]) > maxDirectory {
			err = errors.New("a jar with a directory too long to read")
		}
	}
	var z *zip.Reader
	if err == nil {
		z, err = zip.NewReader(r, info.Size())
	}
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return z, c, nil
}

// jarManifest reads what a jar says of itself: title and version of the implementation, or of the bundle.
func jarManifest(files fs.FS, name string) (title, version string) {
	if path.Ext(name) != ".jar" && path.Ext(name) != ".war" {
		return "", ""
	}
	z, c, err := openJar(files, name)
	if err != nil {
		return "", ""
	}
	defer c.Close()
	at := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == "META-INF/MANIFEST.MF" })
	if at < 0 {
		return "", ""
	}
	f, err := z.File[at].Open()
	if err != nil {
		return "", ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxText))
	if err != nil {
		return "", ""
	}
	b = []byte(strings.ReplaceAll(string(b), "\r\n", "\n"))
	title = cmp.Or(field(b, "Implementation-Title"), field(b, "Bundle-SymbolicName"))
	version = cmp.Or(field(b, "Implementation-Version"), field(b, "Bundle-Version"), field(b, "Specification-Version"))
	return title, version
}
