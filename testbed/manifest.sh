# Waits until every port is open and writes down the truth. Sourced by `up`.

# write_manifest waits up to WAIT seconds for each listener of this run, then writes manifest.json. What never opened is
# reported in DIR/failed and left out.
write_manifest() {
    local deadline=$((SECONDS + ${WAIT:-90})) line transport port pids
    : >"$TESTBED/failed"
    : >"$TESTBED/open"
    while IFS= read -r line; do
        IFS='|' read -r _ transport port _ <<<"$line"
        while pids=$(owners "$transport" "$port") && [ -z "$pids" ] && [ $SECONDS -lt $deadline ]; do sleep 0.2; done
        if [ -n "$pids" ]; then
            echo "$line|$(head -n 1 <<<"$pids")" >>"$TESTBED/open"
        else
            echo "failed: ${line%%|*} ($port/$transport), see $TESTBED/${line##*|}/log" | tee -a "$TESTBED/failed" >&2
        fi
    done <"$TESTBED/listeners"
    manifest >"$TESTBED/manifest.json"
}

# manifest prints one JSON object a line: what `listen` said, and the process that holds the socket, its executable and
# the package that this came from, as dpkg has it.
manifest() {
    local name transport port protocol product version tls daemon pid exe separator=''
    declare -A package
    owning_packages
    echo '['
    while IFS='|' read -r name transport port protocol product version tls daemon pid; do
        exe=$(readlink "/proc/$pid/exe")
        printf '%s{"name":"%s","daemon":"%s","transport":"%s","port":%s,"protocol":"%s","product":"%s","version":"%s","tls":%s' \
            "$separator" "$name" "$daemon" "$transport" "$port" "$protocol" "$product" "$version" "$tls"
        printf ',"pid":%s,"owner":"%s","exe":"%s","package":"%s"}' \
            "$pid" "$(cat "/proc/$pid/comm")" "$exe" "${package[$exe]:-}"
        separator=$',\n'
    done <"$TESTBED/open"
    printf '\n]\n'
}

# owning_packages fills package (of manifest) with executable -> package. dpkg knows some files by their path before /usr was
# merged, so both paths are asked for.
owning_packages() {
    local exes line path
    mapfile -t exes < <(cut -d'|' -f9 "$TESTBED/open" | sed 's#.*#/proc/&/exe#' | xargs -r readlink | sort -u)
    while IFS= read -r line; do
        path=${line#*: }
        case $path in /usr/*) ;; *) path=/usr$path ;; esac
        package[$path]=${line%%[:,]*}
    done < <(dpkg -S "${exes[@]}" "${exes[@]#/usr}" 2>/dev/null | grep -v '^diversion ')
}
