package attribute

import (
	"path"
	"strings"
)

// nodeFlags are the options of Node.js that take the next argument.
var nodeFlags = flags{value: "rC", inline: "ep", long: []string{
	"--require", "--import", "--loader", "--experimental-loader", "--conditions", "--env-file", "--title", "--inspect-port",
	"--diagnostic-dir", "--icu-data-dir", "--openssl-config", "--redirect-warnings", "--trace-event-categories", "--input-type",
}}

// nodeRunners are scripts that run another script, which they are given.
var nodeRunners = map[string]bool{
	"ts-node": true, "tsx": true, "babel-node": true, "vite-node": true, "nodemon": true, "esno": true, "pm2-runtime": true,
}

// readNode reads what Node.js is told to run. What a runner was given is the program rather than the runner.
func readNode(p *process, args []string) script {
	rest, inline := nodeFlags.skip(args)
	switch {
	case inline != "":
		return script{name: inline, root: p.cwd}
	case len(rest) == 0 || rest[0] == "-":
		return script{root: p.cwd}
	}
	if path.Base(p.exe.path) == "bun" && rest[0] == "run" && len(rest) > 1 {
		rest = rest[1:]
	}
	file := locate(p, rest[0])
	tool := strings.TrimSuffix(path.Base(file), path.Ext(file))
	if nodeRunners[tool] && len(rest) > 1 {
		if given, _ := (flags{}).skip(rest[1:]); len(given) > 0 {
			return script{path: locate(p, given[0])}
		}
	}
	if dir, pkg, ok := strings.Cut(file, "/node_modules/"); ok && tool != "" {
		return script{path: file, name: nodePackage(pkg), root: dir}
	}
	if isDir(p.system.files, file) {
		file = path.Join(file, "index.js")
	}
	return script{path: file}
}

// nodePackage is the package that a file below node_modules is in: "next", "@angular/cli", or the name of a command.
func nodePackage(file string) string {
	parts := strings.Split(file, "/")
	switch {
	case strings.HasPrefix(parts[0], "@") && len(parts) > 1:
		return parts[0] + "/" + parts[1]
	case parts[0] == ".bin" && len(parts) > 1:
		return parts[1]
	default:
		return parts[0]
	}
}
