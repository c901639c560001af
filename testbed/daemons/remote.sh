# Ways into a machine and out of it: shells, screens, tunnels.

daemon openssh openssh-server
start_openssh() {
    ports ssh=1
    mkdir -p /run/sshd
    [ -e host ] || ssh-keygen -q -t ed25519 -N '' -f host
    spawn /usr/sbin/sshd -D -e -f /dev/null -h "$D/host" -o "Port=$ssh" -o ListenAddress=127.0.0.1
    listen openssh tcp "$ssh" ssh OpenSSH "$(version openssh-server)"
}

daemon dropbear dropbear-bin
start_dropbear() {
    ports ssh=2
    [ -e key ] || dropbearkey -t ed25519 -f key
    spawn /usr/sbin/dropbear -F -E -r key -p "127.0.0.1:$ssh" -P "$D/pid"
    listen dropbear tcp "$ssh" ssh Dropbear "$(version dropbear-bin)"
}

daemon telnetd inetutils-telnetd openbsd-inetd
start_telnetd() { # the port's owner is inetd
    ports telnet=69
    echo "127.0.0.1:$telnet stream tcp nowait root /usr/sbin/telnetd telnetd" >conf
    spawn /usr/sbin/inetd -i "$D/conf"
    listen telnetd tcp "$telnet" telnet "GNU inetutils telnetd" "$(version inetutils-telnetd)"
}

daemon tigervnc tigervnc-standalone-server
start_tigervnc() {
    ports vnc=52
    spawn Xtigervnc ":$((vnc - 6000))" -rfbport "$vnc" -interface 127.0.0.1 -localhost -SecurityTypes None -nolisten tcp -geometry 320x200
    listen tigervnc tcp "$vnc" vnc TigerVNC "$(version tigervnc-standalone-server)"
}

daemon xvfb xvfb
start_xvfb() { # an X server's TCP port is 6000 + display and cannot be bound to one address
    ports x11=76
    spawn Xvfb ":$((x11 - 6000))" -listen tcp -nolisten inet6 -screen 0 64x64x24
    listen xvfb tcp "$x11" x11 X.Org "$(version xvfb)"
}

daemon xrdp xrdp
start_xrdp() {
    ports rdp=53
    sed -E "s#^port=3389#port=tcp://127.0.0.1:$rdp#; s#^certificate=.*#certificate=$TLS/cert.pem#
        s#^key_file=.*#key_file=$TLS/key.pem#; s#^LogFile=.*#LogFile=$D/xrdp.log#; s#^EnableSyslog=.*#EnableSyslog=false#" \
        /etc/xrdp/xrdp.ini >xrdp.ini
    spawn /usr/sbin/xrdp -n -c "$D/xrdp.ini"
    listen xrdp tcp "$rdp" rdp xrdp "$(version xrdp)"
}

daemon openvpn openvpn
start_openvpn() { # the TCP server makes a tun device, the UDP one none
    ports openvpn=68
    local options=(--local 127.0.0.1 --port "$openvpn" --tls-server --ca "$TLS/cert.pem" --cert "$TLS/cert.pem" --key "$TLS/key.pem" --dh none)
    spawn /usr/sbin/openvpn --dev null --proto udp "${options[@]}"
    listen openvpn-udp udp "$openvpn" openvpn OpenVPN "$(version openvpn)"
    if [ ! -c /dev/net/tun ]; then
        skip "its TCP server needs /dev/net/tun"
        return
    fi
    spawn /usr/sbin/openvpn --dev tun --mode server --ifconfig-noexec --route-noexec --topology subnet --proto tcp-server "${options[@]}"
    listen openvpn tcp "$openvpn" openvpn OpenVPN "$(version openvpn)"
}

daemon tor tor
start_tor() { # its way out is a closed port of this machine, so it never leaves it. An empty datagram to its DNSPort kills it
    ports socks=54 control=55 tunnel=56
    mkdir -p data
    chmod 700 data
    cat >torrc <<E
DataDirectory $D/data
HTTPSProxy 127.0.0.1:1
SocksPort 127.0.0.1:$socks
ControlPort 127.0.0.1:$control
CookieAuthentication 1
HTTPTunnelPort 127.0.0.1:$tunnel
DNSPort 127.0.0.1:$tunnel
E
    spawn /usr/bin/tor --defaults-torrc /dev/null -f "$D/torrc"
    local v; v=$(version tor)
    listen tor-socks tcp "$socks" socks5 Tor "$v"
    listen tor-control tcp "$control" tor-control Tor "$v"
    listen tor-http-tunnel tcp "$tunnel" http-proxy Tor "$v"
    listen tor-dns udp "$tunnel" domain Tor "$v"
}
