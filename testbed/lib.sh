# The words in which daemons/*.sh describe a daemon, and how its processes are started. Sourced by `up`.

export LC_ALL=C.UTF-8 PATH=$PATH:/usr/sbin:/sbin
export RTEVENT_TESTBED=$TESTBED # marks our processes, so that `down` finds those that fork themselves away
TLS=$TESTBED/tls
DAEMONS=()            # every name, in order
WANTED=()             # those that ONLY asks for
# The daemons of the protocols that rtevent promises to know, and two that stand in front of one of them.
CORE="openssh nginx haproxy redis stunnel memcached postgresql mariadb mosquitto rabbitmq dovecot postfix vsftpd bind dnsmasq nats"
declare -A PACKAGES   # name -> Debian packages

# The Go command, wherever it is; empty when there is none.
GO=$(command -v go || ls /usr/local/go/bin/go /usr/lib/go/bin/go 2>/dev/null | head -n 1)

# daemon NAME [PACKAGE...]: there is a function start_NAME that starts it, in the directory $D.
daemon() {
    DAEMONS+=("$1")
    PACKAGES[$1]="${*:2}"
}

# ports NAME=OFFSET...: sets the variable NAME to the port at that offset from the base.
ports() {
    local pair
    for pair; do declare -g "${pair%%=*}=$((BASE + ${pair#*=}))"; done
}

# spawn COMMAND...: starts it detached, in its own session, unless it already runs.
spawn() {
    local file pid
    SPAWNED=$((SPAWNED + 1))
    file=$D/.pid.$SPAWNED
    alive "$file" && return
    setsid "${UNCONFINED[@]}" "$@" </dev/null >>"$D/log" 2>&1 3>&- &
    pid=$!
    sleep 0.05
    echo "$pid $(started "$pid")" >"$file"
}

# listen NAME TRANSPORT PORT PROTOCOL PRODUCT VERSION [tls]: what is true of one listener. "unknown" is the protocol
# of programs that speak none; VERSION is empty where there is none to know.
listen() {
    local tls=false
    [ "${7:-}" = tls ] && tls=true
    echo "$1|$2|$3|$4|$5|$6|$tls|$NAME" >>"$TESTBED/listeners"
}

# skip REASON: this daemon cannot run here, and that is no failure.
skip() {
    echo "skipped: $NAME: $1" | tee -a "$TESTBED/skipped" >&3
}

# version PACKAGE: the upstream version of an installed package.
version() {
    dpkg-query -W -f '${Version}' "$1" 2>/dev/null |
        sed -E 's/^[0-9]+://; s/-[^-]*$//; s/[+~.](dfsg|ds|really|debian|rc)[^-]*$//; s/\+(real|really|b[0-9]+).*//'
}

# owners TRANSPORT PORT: the pids that hold that socket, the oldest first.
owners() {
    local flags=-Hltnp pid
    [ "$1" = udp ] && flags=-Hlunp
    for pid in $(ss $flags "sport = :$2" | grep -o 'pid=[0-9]*' | cut -d= -f2); do echo "$(started "$pid") $pid"; done |
        sort -un | cut -d' ' -f2
}

# started PID: when it started, in ticks since boot, which tells a recycled pid.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# alive FILE: the process that `spawn` recorded there still runs.
alive() {
    local pid start
    [ -f "$1" ] && read -r pid start <"$1" && [ -n "$start" ] && [ "$(started "$pid")" = "$start" ]
}

# check_names fills WANTED from ONLY, where "core" stands for the daemons of CORE.
check_names() {
    local name
    for name in ${ONLY:-${DAEMONS[@]}}; do
        if [ "$name" = core ]; then
            # shellcheck disable=SC2206 # a list of words
            WANTED+=($CORE)
            continue
        fi
        if [ -z "${PACKAGES[$name]+known}" ]; then
            echo "testbed/up: no daemon is called \"$name\"; there are: ${DAEMONS[*]}" >&2
            return 1
        fi
        WANTED+=("$name")
    done
}

# start_daemon NAME runs its function in a directory of its own, with stdout of `up` as descriptor 3.
start_daemon() {
    (
        NAME=$1 D=$TESTBED/$1 SPAWNED=0
        mkdir -p "$D" && cd "$D" && "start_$1"
    ) 3>&1 >/dev/null
}

# Debian's own AppArmor profiles (named, chronyd, cupsd...) would keep daemons out of our directories.
UNCONFINED=()
if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] && aa-exec -p unconfined true 2>/dev/null; then
    UNCONFINED=(aa-exec -p unconfined --)
fi

make_certificate() {
    mkdir -p "$TLS"
    [ -e "$TLS/both.pem" ] && return
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout "$TLS/key.pem" -out "$TLS/cert.pem" 2>/dev/null
    cat "$TLS/cert.pem" "$TLS/key.pem" >"$TLS/both.pem"
    chmod 644 "$TLS"/*.pem
}
