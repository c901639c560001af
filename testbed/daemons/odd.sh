# Our own programs of no known protocol (testbed/odd): the right answer is "unknown", how they behave, and the process.

daemon odd
start_odd() {
    if [ -z "$GO" ]; then
        skip "there is no go command to build it with"
        return
    fi
    (cd "$here/.." && "$GO" build -o "$D/odd" ./testbed/odd) || return
    local kind offset=100 protocol
    for kind in silent echo random closes line banner binary json closes-on-data streams dribbles 264 220 escapes everything; do
        protocol=unknown
        [ $kind = echo ] && protocol=echo
        odd $kind tcp $offset $protocol
        offset=$((offset + 1))
    done
    odd silent tcp 115 unknown tls
    odd line tcp 116 unknown tls
    odd http tcp 117 http
    odd http tcp 118 http tls
    odd silent udp 119 unknown
    odd echo udp 120 echo
}

# odd KIND TRANSPORT OFFSET PROTOCOL [tls]
odd() {
    local port=$((BASE + $3)) name=odd-$1 options=()
    [ "$2" = udp ] && options=(-udp) name=$name-udp
    [ "${5:-}" = tls ] && options=(-tls) name=$name-tls
    spawn ./odd "${options[@]}" "$1" "127.0.0.1:$port"
    listen "$name" "$2" "$port" "$4" odd '' "${5:-}"
}
