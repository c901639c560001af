package attribute

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"rtevent"
)

// jar makes a jar with a manifest and classes.
func jar(t *testing.T, manifest string, classes ...string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range append(classes, "META-INF/MANIFEST.MF") {
		w, err := z.Create(name)
		if err == nil && strings.HasSuffix(name, ".MF") {
			_, err = w.Write([]byte(manifest))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestProgram(t *testing.T) {
	files := textFiles(map[string]string{
		"srv/shop/package.json":                                   `{"name":"shop","version":"1.4.2","dependencies":{}}`,
		"srv/shop/server.js":                                      "",
		"srv/shop/src/index.ts":                                   "",
		"srv/shop/node_modules/next/package.json":                 `{"name":"next","version":"14.1.0"}`,
		"srv/shop/node_modules/next/dist/bin/next":                "",
		"srv/billing/pyproject.toml":                              "[build-system]\nname = \"no\"\n[project]\nname = \"billing\" # ours\nversion = '2.0'\n",
		"srv/billing/billing/app.py":                              "",
		"srv/billing/main.py":                                     "",
		"srv/billing/.venv/lib/python3.11/site-packages/x.py":     "",
		"srv/billing/.venv/bin/gunicorn":                          "",
		"srv/plain/agent.py":                                      "",
		"srv/git/.git/HEAD":                                       "ref",
		"srv/git/tools/run.sh":                                    "",
		"srv/rails/Gemfile":                                       "",
		"srv/php/composer.json":                                   `{"name":"acme/site"}`,
		"srv/go/go.mod":                                           "module acme/api\n",
		"usr/lib/python3.11/http/server.py":                       "",
		"usr/lib/python3/dist-packages/supervisor/__main__.py":    "",
		"usr/lib/rabbitmq/plugins/rabbit-3.10.8/ebin/rabbit.beam": "",
		"opt/app/app.jar":                                         jar(t, "Implementation-Title: billing\r\nImplementation-Version: 3.1\r\n"),
		"opt/kafka/libs/kafka_2.13-3.6.1.jar":                     jar(t, "Implementation-Version: 3.6.1\n", "kafka/Kafka.class"),
		"opt/kafka/libs/jackson.jar":                              jar(t, "", "com/x.class"),
		"opt/classes/org/Main.class":                              "",
	})
	type want = rtevent.Program
	tests := []struct {
		name, exe, cwd string
		args           []string
		want           *want
	}{
		{"no language", "/usr/sbin/nginx", "/", []string{"nginx"}, nil},
		{"unknown executable", "", "/", []string{"python3", "x.py"}, nil},

		{"python script", "/usr/bin/python3.11", "/srv/plain", []string{"python3", "-u", "-W", "ignore", "agent.py", "-m"}, &want{Kind: "python", Name: "agent.py", Path: "/srv/plain/agent.py"}},
		{"python project", "/usr/bin/python3.11", "/", []string{"python3", "/srv/billing/main.py"}, &want{Kind: "python", Name: "billing", Version: "2.0", Path: "/srv/billing/main.py", Project: "/srv/billing"}},
		{"python module", "/usr/bin/python3.11", "/srv/plain", []string{"/usr/bin/python3", "-m", "http.server", "80"}, &want{Kind: "python", Name: "http.server", Path: "/usr/lib/python3.11/http/server.py"}},
		{"python module, joined", "/usr/bin/python3.11", "/", []string{"python3", "-Isumelsewhere"}, &want{Kind: "python", Name: "elsewhere"}},
		{"python module, joined and found", "/usr/bin/python3.11", "/", []string{"python3", "-Imsupervisor"}, &want{Kind: "python", Name: "supervisor", Path: "/usr/lib/python3/dist-packages/supervisor/__main__.py"}},
		{"python directory", "/usr/bin/python3.11", "/", []string{"python3", "/usr/lib/python3/dist-packages/supervisor"}, &want{Kind: "python", Name: "__main__.py", Path: "/usr/lib/python3/dist-packages/supervisor/__main__.py"}},
		{"python inline", "/usr/bin/python3.11", "/srv/billing", []string{"python3", "-c", "import os"}, &want{Kind: "python", Name: "-c", Project: "/srv/billing"}},
		{"python from standard input", "/usr/bin/python3.11", "/", []string{"python3", "-"}, &want{Kind: "python"}},
		{"python prompt", "/usr/bin/python3.11", "/srv/billing", []string{"python3"}, &want{Kind: "python", Name: "billing", Version: "2.0", Project: "/srv/billing"}},
		{"gunicorn in a virtual environment", "/usr/bin/python3.11", "/srv/billing", []string{"/srv/billing/.venv/bin/python", "/srv/billing/.venv/bin/gunicorn", "-w", "4", "-b", "0.0.0.0:80", "billing.app:app"}, &want{Kind: "python", Name: "billing", Version: "2.0", Path: "/srv/billing/billing/app.py", Project: "/srv/billing"}},
		{"uvicorn elsewhere", "/usr/bin/python3.11", "/", []string{"python3", "-m", "uvicorn", "--app-dir=/srv/billing", "main:app"}, &want{Kind: "python", Name: "billing", Version: "2.0", Path: "/srv/billing/main.py", Project: "/srv/billing"}},
		{"flask that names nothing", "/usr/bin/python3.11", "/srv/billing", []string{"python3", "/usr/bin/flask", "run"}, &want{Kind: "python", Name: "flask", Path: "/usr/bin/flask", Project: "/srv/billing"}},
		{"working directory unknown", "/usr/bin/python3.11", "", []string{"python3", "agent.py"}, &want{Kind: "python", Path: "agent.py"}},

		{"node script", "/usr/bin/node", "/srv/shop", []string{"node", "--inspect=0.0.0.0:1", "--require", "x", "server.js"}, &want{Kind: "node", Name: "shop", Version: "1.4.2", Path: "/srv/shop/server.js", Project: "/srv/shop"}},
		{"node tool", "/usr/bin/node", "/srv/shop", []string{"node", "/srv/shop/node_modules/next/dist/bin/next", "start"}, &want{Kind: "node", Name: "next", Path: "/srv/shop/node_modules/next/dist/bin/next", Project: "/srv/shop"}},
		{"node runner", "/usr/bin/node", "/srv/shop", []string{"node", "/srv/shop/node_modules/.bin/ts-node", "--esm", "src/index.ts"}, &want{Kind: "node", Name: "shop", Version: "1.4.2", Path: "/srv/shop/src/index.ts", Project: "/srv/shop"}},
		{"node inline", "/usr/bin/node", "/", []string{"node", "-e", "0"}, &want{Kind: "node", Name: "-e"}},

		{"jar", "/usr/lib/jvm/java-17/bin/java", "/opt/app", []string{"java", "-Xmx1g", "-Dx=y", "-jar", "app.jar", "--port"}, &want{Kind: "java", Name: "billing", Version: "3.1", Path: "/opt/app/app.jar"}},
		{"main class", "/usr/bin/java", "/", []string{"java", "-cp", "/opt/kafka/libs/*", "-XX:+UseG1GC", "kafka.Kafka", "server.properties"}, &want{Kind: "java", Name: "kafka.Kafka", Version: "3.6.1", Path: "/opt/kafka/libs/kafka_2.13-3.6.1.jar"}},
		{"class in a directory", "/usr/bin/java", "/opt", []string{"java", "-classpath", "libs:classes", "org.Main"}, &want{Kind: "java", Name: "org.Main", Path: "/opt/classes/org/Main.class"}},
		{"module", "/usr/bin/java", "/", []string{"java", "-p", "mods", "-m", "es.server/org.elasticsearch.Main"}, &want{Kind: "java", Name: "org.elasticsearch.Main"}},
		{"java with nothing", "/usr/bin/java", "/", []string{"java", "-version"}, &want{Kind: "java"}},

		{"ruby", "/usr/bin/ruby3.1", "/srv/rails", []string{"ruby", "-I", "lib", "-W0", "/usr/local/bin/rails", "server"}, &want{Kind: "ruby", Name: "rails", Path: "/usr/local/bin/rails", Project: "/srv/rails"}},
		{"puma has written a title", "/usr/bin/ruby3.1", "/srv/rails", []string{"puma 5.6.5 (tcp://0.0.0.0:3000) [rails]"}, &want{Kind: "ruby", Project: "/srv/rails"}},
		{"php's own server", "/usr/bin/php8.2", "/srv/php", []string{"php", "-S", "0.0.0.0:80", "-t", "public"}, &want{Kind: "php", Name: "acme/site", Project: "/srv/php"}},
		{"php-fpm", "/usr/sbin/php-fpm8.2", "/", []string{"php-fpm8.2", "--fpm-config", "/etc/php.conf"}, &want{Kind: "php"}},
		{"perl", "/usr/bin/perl", "/", []string{"/usr/bin/perl", "-T -w", "/usr/sbin/spamd", "-x"}, &want{Kind: "perl", Name: "spamd", Path: "/usr/sbin/spamd"}},
		{"perl module that ends in I", "/usr/bin/perl", "/", []string{"perl", "-MX::I", "/x.pl"}, &want{Kind: "perl", Name: "x.pl", Path: "/x.pl"}},
		{"lua", "/usr/bin/lua5.4", "/", []string{"lua5.4", "/usr/bin/prosody", "-F"}, &want{Kind: "lua", Name: "prosody", Path: "/usr/bin/prosody"}},
		{"shell script", "/usr/bin/dash", "/srv/git/tools", []string{"/bin/sh", "-e", "run.sh"}, &want{Kind: "shell", Name: "run.sh", Path: "/srv/git/tools/run.sh", Project: "/srv/git"}},
		{"shell inline", "/usr/bin/bash", "/", []string{"bash", "-lc", "nc -l"}, &want{Kind: "shell", Name: "-c"}},
		{"erlang", "/usr/lib/erlang/erts-13.1.5/bin/beam.smp", "/", []string{"beam.smp", "--", "-pa", "", "-s", "rabbit", "boot"}, &want{Kind: "erlang", Name: "rabbit", Path: "/usr/lib/rabbitmq/plugins/rabbit-3.10.8/ebin/rabbit.beam"}},
		{"dotnet", "/usr/lib/dotnet/dotnet", "/srv", []string{"dotnet", "exec", "Shop.dll"}, &want{Kind: "dotnet", Name: "Shop.dll", Path: "/srv/Shop.dll"}},
		{"dotnet run", "/usr/lib/dotnet/dotnet", "/srv", []string{"dotnet", "run"}, &want{Kind: "dotnet"}},
	}
	for _, tt := range tests {
		p := &process{args: tt.args, cwd: tt.cwd, exe: executable{path: tt.exe}, system: &system{files: files}, erlLibs: "/usr/lib/rabbitmq/plugins:relative:"}
		if diff := cmp.Diff(tt.want, programOf(p)); diff != "" {
			t.Errorf("%s\n%s", tt.name, diff)
		}
	}
}

func TestGoProgram(t *testing.T) {
	files := textFiles(map[string]string{"srv/api/go.mod": "module acme/api\n", "srv/api/.git/HEAD": ""})
	m := &module{path: "acme/api", version: "v1.4.2", runtime: "go1.26.8"}
	tests := []struct {
		exe, cwd string
		want     rtevent.Program
	}{
		{"/srv/api/api", "/", rtevent.Program{Kind: "go", Name: "acme/api", Version: "v1.4.2", Runtime: "1.26.8", Project: "/srv/api"}},
		{"/tmp/go-build1/exe/api", "/srv/api", rtevent.Program{Kind: "go", Name: "acme/api", Version: "v1.4.2", Runtime: "1.26.8", Project: "/srv/api"}},
		{"/usr/bin/etcd", "/srv/api", rtevent.Program{Kind: "go", Name: "acme/api", Version: "v1.4.2", Runtime: "1.26.8"}},
	}
	for _, tt := range tests {
		p := &process{cwd: tt.cwd, exe: executable{path: tt.exe, module: m}, system: &system{files: files}}
		if diff := cmp.Diff(&tt.want, programOf(p)); diff != "" {
			t.Errorf("%s\n%s", tt.exe, diff)
		}
	}
}

func TestRealPath(t *testing.T) {
	files := textFiles(map[string]string{
		"usr/bin/x": "", "bin": "-> usr/bin", "etc/alternatives/x": "-> /bin/x", "usr/bin/up": "-> ../../etc/alternatives/x",
		"loop": "-> loop", "outside": "-> ../../../usr/bin/x",
	})
	for in, want := range map[string]string{
		"/bin/x": "/usr/bin/x", "/etc/alternatives/x": "/usr/bin/x", "/usr/bin/up": "/usr/bin/x", "/loop": "/loop",
		"/outside": "/usr/bin/x", "/not/there": "/not/there", "/": "/", "": "/",
	} {
		if got := realPath(files, in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestWritable(t *testing.T) {
	dir := func(mode uint32) *fstest.MapFile { return &fstest.MapFile{Mode: fs.ModeDir | modeOf(mode)} }
	file := func(mode uint32) *fstest.MapFile { return &fstest.MapFile{Mode: modeOf(mode)} }
	files := fstest.MapFS{
		"usr": dir(0o755), "usr/bin": dir(0o755), "usr/bin/good": file(0o755), "usr/bin/open": file(0o777),
		"tmp": dir(0o1777), "tmp/planted": file(0o755), "tmp/mine": dir(0o755), "tmp/mine/x": file(0o755),
		"tmp/all": dir(0o777), "tmp/all/sub": dir(0o755), "tmp/all/sub/x": file(0o755),
		"root": dir(0o700), "root/open": dir(0o777), "root/open/x": file(0o777),
	}
	for name, want := range map[string]string{
		"/usr/bin/good": "", "/usr/bin/open": "/usr/bin/open", "/tmp/planted": "/tmp", "/tmp/gone": "/tmp", "/tmp/mine/x": "",
		"/tmp/all/sub/x": "/tmp/all", "/root/open/x": "", "/nowhere/x": "", "/": "",
	} {
		if got := writableByAll(files, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// modeOf turns the mode that chmod takes into Go's.
func modeOf(unix uint32) fs.FileMode {
	mode := fs.FileMode(unix & 0o777)
	if unix&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
