# What a developer's own programs open: runtimes, their debuggers, their libraries.

daemon go_http
start_go_http() { # net/http as it comes: no Server header
    ports http=83
    if [ -z "$GO" ]; then
        skip "there is no go command"
        return
    fi
    printf 'package main\n\nimport "net/http"\n\nfunc main() { panic(http.ListenAndServe("127.0.0.1:%s", nil)) }\n' "$http" >main.go
    [ -e go_http ] || GO111MODULE=off "$GO" build -o go_http main.go
    spawn ./go_http
    listen go-http tcp "$http" http "Go net/http" "$("$GO" env GOVERSION | sed 's/^go//')"
}

daemon nodejs nodejs
start_nodejs() { # no Server header
    ports inspector=80 http=81
    echo "require('http').createServer((q, r) => r.end('hello\n')).listen($http, '127.0.0.1')" >server.js
    spawn /usr/bin/node --inspect="127.0.0.1:$inspector" server.js
    local v; v=$(/usr/bin/node --version)
    listen node-inspector tcp "$inspector" http "Node.js inspector" "${v#v}"
    listen node-http tcp "$http" http Node.js "${v#v}"
}

daemon python_http python3
start_python_http() {
    ports http=82
    mkdir -p www
    spawn /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory www "$http"
    listen python-http tcp "$http" http SimpleHTTPServer "$(version python3)"
}

daemon grpc python3-grpcio
start_grpc() {
    ports grpc=84
    cat >server.py <<E
import grpc, concurrent.futures as c
s = grpc.server(c.ThreadPoolExecutor(2)); s.add_insecure_port("127.0.0.1:$grpc"); s.start(); s.wait_for_termination()
E
    spawn /usr/bin/python3 server.py
    listen grpc tcp "$grpc" grpc gRPC "$(version python3-grpcio)"
}

daemon zeromq python3-zmq
start_zeromq() {
    ports zmtp=85
    printf 'import zmq\ns = zmq.Context().socket(zmq.REP)\ns.bind("tcp://127.0.0.1:%s")\nwhile True: s.send(s.recv())\n' "$zmtp" >server.py
    spawn /usr/bin/python3 server.py
    listen zeromq tcp "$zmtp" zmtp ZeroMQ "$(version libzmq5)"
}

daemon jvm openjdk-17-jdk-headless
start_jvm() { # an idle Java program with its debugger and JMX ports on; it opens one more, at random and on all addresses
    ports jdwp=77 jmx=78
    echo 'public class Idle { public static void main(String[] a) throws Exception { Thread.sleep(Long.MAX_VALUE); } }' >Idle.java
    [ -e Idle.class ] || javac Idle.java
    spawn java -Xmx64m -agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address="127.0.0.1:$jdwp" \
        -Dcom.sun.management.jmxremote.host=127.0.0.1 -Dcom.sun.management.jmxremote.port="$jmx" \
        -Dcom.sun.management.jmxremote.rmi.port="$jmx" -Dcom.sun.management.jmxremote.ssl=false \
        -Dcom.sun.management.jmxremote.authenticate=false -Djava.rmi.server.hostname=127.0.0.1 Idle
    local v; v=$(java -version 2>&1 | sed -n 's/.*version "\(.*\)".*/\1/p')
    listen jdwp tcp "$jdwp" jdwp OpenJDK "$v"
    listen jmx-rmi tcp "$jmx" java-rmi OpenJDK "$v"
}

daemon gdbserver gdbserver
start_gdbserver() { # ignores the address it is given: binds all; exits after the first connection, even an empty one
    ports gdb=79
    spawn /usr/bin/gdbserver --multi "127.0.0.1:$gdb"
    listen gdbserver tcp "$gdb" gdb-remote gdbserver "$(version gdbserver)"
}
