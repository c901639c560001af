# Daemons that watch machines, keep their time, power and position, or measure them.

daemon snmpd snmpd
start_snmpd() { # -I -smux: it would open 199/tcp besides
    ports snmp=65
    echo 'rocommunity public 127.0.0.1' >conf
    spawn /usr/sbin/snmpd -f -Lo -I -smux -C -c "$D/conf" -p "$D/pid" "udp:127.0.0.1:$snmp"
    listen snmpd udp "$snmp" snmp net-snmp "$(version snmpd)"
}

daemon chrony chrony
start_chrony() { # -x: leaves the machine's clock alone
    ports ntp=66
    printf 'port %s\nbindaddress 127.0.0.1\ncmdport 0\nbindcmdaddress /\nlocal stratum 10\nallow 127.0.0.0/8\npidfile %s/pid\ndriftfile %s/drift\n' \
        "$ntp" "$D" "$D" >conf
    spawn /usr/sbin/chronyd -d -x -f "$D/conf"
    listen chrony udp "$ntp" ntp chrony "$(version chrony)"
}

daemon gpsd gpsd
start_gpsd() {
    ports gpsd=70
    spawn /usr/sbin/gpsd -N -S "$gpsd" -F "$D/sock"
    listen gpsd tcp "$gpsd" gpsd gpsd "$(version gpsd)"
}

daemon zabbix_agent zabbix-agent
start_zabbix_agent() {
    ports zabbix=72
    printf 'PidFile=%s/pid\nLogType=console\nServer=127.0.0.1\nListenIP=127.0.0.1\nListenPort=%s\nAllowRoot=1\nStartAgents=1\n' "$D" "$zabbix" >conf
    spawn /usr/sbin/zabbix_agentd -f -c "$D/conf"
    listen zabbix-agent tcp "$zabbix" zabbix-agent Zabbix "$(version zabbix-agent)"
}

daemon munin_node munin-node
start_munin_node() {
    ports munin=73
    printf 'host 127.0.0.1\nport %s\nbackground 0\nsetsid 0\nuser root\ngroup root\nallow ^127\\.0\\.0\\.1$\nlog_file %s/munin.log\npid_file %s/pid\n' \
        "$munin" "$D" "$D" >conf
    spawn /usr/sbin/munin-node --config "$D/conf"
    listen munin-node tcp "$munin" munin Munin "$(version munin-node)"
}

daemon nut nut-server
start_nut() { # upsd itself: the one in /sbin reads /etc/nut/nut.conf
    ports nut=90
    echo 'MODE=standalone' >nut.conf
    : >ups.conf
    : >upsd.users
    printf 'LISTEN 127.0.0.1 %s\nALLOW_NO_DEVICE 1\nSTATEPATH %s\n' "$nut" "$D" >upsd.conf
    spawn env NUT_CONFPATH="$D" NUT_STATEPATH="$D" NUT_ALTPIDPATH="$D" NUT_PIDPATH="$D" /lib/nut/upsd -F -u root
    listen nut tcp "$nut" nut "Network UPS Tools" "$(version nut-server)"
}

daemon iperf3 iperf3
start_iperf3() {
    ports iperf3=93
    spawn /usr/bin/iperf3 -s -B 127.0.0.1 -p "$iperf3"
    listen iperf3 tcp "$iperf3" iperf3 iperf3 "$(version iperf3)"
}

daemon rpcbind rpcbind
start_rpcbind() { # its port cannot be changed, and -h 127.0.0.1 makes this version crash: it binds all addresses
    if ! alive "$D/.pid.1" && [ -n "$(ss -Hltn 'sport = :111')" ]; then
        skip "111/tcp, which it cannot change, is taken: $(ss -Hltnp 'sport = :111' | grep -o -m 1 'users:.*' || echo 'by a process out of sight')"
        return
    fi
    spawn /sbin/rpcbind -f
    listen rpcbind tcp 111 rpcbind rpcbind "$(version rpcbind)"
    listen rpcbind-udp udp 111 rpcbind rpcbind "$(version rpcbind)"
}
