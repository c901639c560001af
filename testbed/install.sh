# Installs the Debian packages of the daemons in WANTED, without letting any of them start by itself. Sourced by `up`.

# check_system says in words why there can be no test bed here.
check_system() {
    [ "$(id -u)" = 0 ] && grep -qsx 'ID=debian' /etc/os-release && return
    echo "testbed/up: the test bed needs root on Debian 12 (this is uid $(id -u) on $(system_name))." >&2
    echo "Elsewhere, in a container: docker run --rm -v \"\$PWD:/rtevent\" -w /rtevent golang:1.26-bookworm make test" >&2
    return 3
}

# install_packages installs what is missing, or says in words why it does not: 3 where it is not to, 1 where it failed.
install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} = 0 ] && return
    if [ "${INSTALL:-yes}" = no ]; then
        echo "testbed/up: not installed: ${missing[*]} (INSTALL=no); \`make test\` installs them" >&2
        return 3
    fi
    echo "installing ${#missing[@]} packages and what they depend on: ${missing[*]}"
    apt_install "${missing[@]}" && return
    tail -n 5 "$TESTBED/apt.log" >&2
    echo "testbed/up: apt-get install failed, see $TESTBED/apt.log" >&2
    return 1
}

system_name() { sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null | grep . || uname -s; }

# missing_packages prints the packages of WANTED, and those of `up` itself, that are not installed.
missing_packages() {
    local name wanted
    wanted="iproute2 procps openssl ${MORE:-}"
    for name in "${WANTED[@]}"; do wanted+=" ${PACKAGES[$name]}"; done
    # shellcheck disable=SC2086 # a list of words
    comm -23 <(printf '%s\n' $wanted | sort -u) \
        <(dpkg-query -W -f '${Package} ${Status}\n' 2>/dev/null | sed -n 's/ install ok installed$//p' | sort -u)
}

# apt_install PACKAGE... waits for another apt to finish. A policy-rc.d of ours keeps the packages from starting their
# services, and is gone afterwards.
apt_install() {
    local policy=/usr/sbin/policy-rc.d ours='' status
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && ours=yes
    fi
    {
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
            -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-unsafe-io "$@"
    } </dev/null >"$TESTBED/apt.log" 2>&1
    status=$?
    [ -n "$ours" ] && rm -f $policy
    return $status
}
