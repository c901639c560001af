#!/bin/sh
# rt-event with what every host has: nc for lines, curl for HTTP.
#
#   shell.sh greet HOST:PORT                      what is this?
#   shell.sh sub   HOST:PORT FILTER [FROM]        events, one a line, until interrupted (FROM: live, oldest, state, a cursor)
#   shell.sh read  HOST:PORT FILTER [FROM]        events up to now, over HTTP
#   shell.sh pub   HOST:PORT TOPIC JSON           one event, by nc
#   shell.sh post  HOST:PORT TOPIC JSON           one event, over HTTP
#
# It does not resume by itself: rt_event.py does. TOPIC, FILTER and FROM hold no quotes.
set -eu
what=$1 server=$2
host=${server%:*} port=${server##*:}

# event TOPIC JSON writes an event with an id of its own.
event() {
    printf '{"specversion":"1.0","id":"%s","source":"//%s/shell","type":"%s","topic":"%s","data":%s}\n' \
        "$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)" "$(hostname)" "$1" "$1" "$2"
}

case $what in
greet) printf '{"rt":"bye"}\n' | nc -N "$host" "$port" | head -n 1 ;;
sub) { printf '{"rt":"sub","topics":["%s"],"from":"%s"}\n' "$3" "${4:-live}"; tail -f /dev/null; } | nc "$host" "$port" | grep --line-buffered '"specversion"' ;;
read) curl -sS -N -G "http://$server/events" --data-urlencode "topic=$3" -d "from=${4:-oldest}" -d until=live | grep '"specversion"' ;;
pub) { event "$3" "$4"; printf '{"rt":"bye"}\n'; } | nc -N "$host" "$port" | grep -E '"rt":"(ack|error)"' ;;
post) event "$3" "$4" | curl -sS "http://$server/events" -H 'Content-Type: application/cloudevents+json' --data-binary @- ;;
*) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2 && exit 4 ;;
esac
