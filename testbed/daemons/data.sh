# Databases, caches and other places that keep data.

daemon redis redis-server
start_redis() {
    ports plain=12 password=13 secure=14
    local v common=(--bind 127.0.0.1 --save '' --dir "$D" --loglevel verbose)
    v=$(version redis-server)
    spawn redis-server "${common[@]}" --port "$plain"
    spawn redis-server "${common[@]}" --port "$password" --requirepass secret
    spawn redis-server "${common[@]}" --port 0 --tls-port "$secure" --tls-auth-clients no \
        --tls-cert-file "$TLS/cert.pem" --tls-key-file "$TLS/key.pem" --tls-ca-cert-file "$TLS/cert.pem"
    listen redis tcp "$plain" redis Redis "$v"
    listen redis-password tcp "$password" redis Redis "$v"
    listen redis-tls tcp "$secure" redis Redis "$v" tls
}

daemon stunnel stunnel4 redis-server
start_stunnel() { # in front of redis, which must run: the port's owner is stunnel, what answers is Redis
    ports secure=15 redis=12
    printf 'foreground = yes\npid =\ncert = %s\n[redis]\naccept = 127.0.0.1:%s\nconnect = 127.0.0.1:%s\n' \
        "$TLS/both.pem" "$secure" "$redis" >conf
    spawn stunnel4 "$D/conf"
    listen stunnel-redis tcp "$secure" redis Redis "$(version redis-server)" tls
}

daemon memcached memcached
start_memcached() {
    ports memcache=16
    spawn /usr/bin/memcached -v -u root -l 127.0.0.1 -p "$memcache" -U "$memcache"
    listen memcached tcp "$memcache" memcache Memcached "$(version memcached)"
    listen memcached-udp udp "$memcache" memcache Memcached "$(version memcached)"
}

daemon postgresql postgresql
start_postgresql() { # one that lets everybody in, and one that asks for a password, inside TLS too, and so never tells its version
    ports open=17 closed=95
    local bin v; bin=$(echo /usr/lib/postgresql/*/bin)
    v=$(version "postgresql-$(basename "$(dirname "$bin")")")
    echo secret >secret
    cp "$TLS/cert.pem" "$TLS/key.pem" .
    chmod 600 key.pem
    chown -R postgres: .
    postgres open "$open" off --auth=trust
    postgres closed "$closed" on --auth=scram-sha-256 --pwfile="$D/secret"
    listen postgresql tcp "$open" postgresql PostgreSQL "$v"
    listen postgresql-password tcp "$closed" postgresql PostgreSQL "$v"
}

# postgres DATA PORT SSL INITDB-OPTION...
postgres() {
    [ -d "$1" ] || runuser -u postgres -- "$bin/initdb" -D "$D/$1" --no-sync "${@:4}"
    spawn runuser -u postgres -- "$bin/postgres" -D "$D/$1" -p "$2" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$D" \
        -c ssl="$3" -c ssl_cert_file="$D/cert.pem" -c ssl_key_file="$D/key.pem"
}

daemon mariadb mariadb-server
start_mariadb() {
    ports mysql=18
    cp "$TLS/cert.pem" "$TLS/key.pem" .
    chmod 600 key.pem
    chown mysql: . cert.pem key.pem
    [ -d data ] || mariadb-install-db --no-defaults --user=mysql --datadir="$D/data" --skip-test-db
    spawn /usr/sbin/mariadbd --no-defaults --user=mysql --datadir="$D/data" --bind-address=127.0.0.1 --port="$mysql" \
        --socket="$D/sock" --pid-file="$D/pid" --ssl-cert="$D/cert.pem" --ssl-key="$D/key.pem"
    listen mariadb tcp "$mysql" mysql MariaDB "$(version mariadb-server)"
}

daemon etcd etcd-server
start_etcd() { # HTTP/1 and gRPC on one port
    ports client=31 peer=32
    spawn /usr/bin/etcd --data-dir "$D/data" \
        --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
        --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
        --initial-cluster "default=http://127.0.0.1:$peer"
    listen etcd tcp "$client" http etcd "$(version etcd-server)"
    listen etcd-peer tcp "$peer" http etcd "$(version etcd-server)"
}

daemon zookeeper zookeeper
start_zookeeper() { # the Java class itself: zkEnv.sh overwrites ZOOCFGDIR
    ports zookeeper=33
    printf 'tickTime=2000\ndataDir=%s/data\nclientPort=%s\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n' "$D" "$zookeeper" >zoo.cfg
    spawn java -Xmx96m -Dzookeeper.jmx.log4j.disable=true -cp /usr/share/java/zookeeper.jar \
        org.apache.zookeeper.server.quorum.QuorumPeerMain "$D/zoo.cfg"
    listen zookeeper tcp "$zookeeper" zookeeper "Apache ZooKeeper" "$(version zookeeper)"
}

daemon prometheus prometheus
start_prometheus() {
    ports http=34
    echo '{}' >prometheus.yml
    spawn /usr/bin/prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="127.0.0.1:$http"
    listen prometheus tcp "$http" http Prometheus "$(version prometheus)"
}

daemon registry docker-registry
start_registry() {
    ports http=35
    printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$D" "$http" >conf.yml
    spawn docker-registry serve conf.yml
    listen docker-registry tcp "$http" http "Docker Registry" "$(version docker-registry)"
}
