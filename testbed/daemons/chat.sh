# Chat, telephony and music.

daemon ngircd ngircd
start_ngircd() {
    ports irc=57 secure=58
    cat >conf <<E
[Global]
Name = irc.example.test
Info = test
Listen = 127.0.0.1
Ports = $irc
ServerUID = irc
ServerGID = irc
MotdPhrase = hello
PidFile =
[Options]
Ident = no
PAM = no
DNS = no
[SSL]
CertFile = $TLS/cert.pem
KeyFile = $TLS/key.pem
Ports = $secure
E
    spawn /usr/sbin/ngircd -n -f "$D/conf"
    listen ngircd tcp "$irc" irc ngIRCd "$(version ngircd)"
    listen ngircd-tls tcp "$secure" irc ngIRCd "$(version ngircd)" tls
}

daemon prosody prosody
start_prosody() {
    ports c2s=59 s2s=60 secure=61
    mkdir -p data
    chown -R prosody: .
    cat >conf.lua <<E
data_path = "$D/data"
pidfile = "$D/pid"
log = { info = "$D/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { $c2s }
s2s_ports = { $s2s }
component_ports = {}
c2s_direct_tls_ports = { $secure }
ssl = { key = "$TLS/key.pem", certificate = "$TLS/cert.pem" }
c2s_direct_tls_ssl = { key = "$TLS/key.pem", certificate = "$TLS/cert.pem" }
modules_enabled = { "tls", "saslauth", "disco", "dialback" }
VirtualHost "localhost"
E
    spawn runuser -u prosody -- prosody -F --config "$D/conf.lua"
    local v; v=$(version prosody)
    listen prosody-c2s tcp "$c2s" xmpp-client Prosody "$v"
    listen prosody-s2s tcp "$s2s" xmpp-server Prosody "$v"
    listen prosody-c2s-tls tcp "$secure" xmpp-client Prosody "$v" tls
}

daemon kamailio kamailio
start_kamailio() {
    ports sip=67
    local modules; modules=$(echo /usr/lib/*/kamailio/modules/)
    cat >conf <<E
children=1
tcp_children=1
log_stderror=yes
mpath="$modules"
loadmodule "sl.so"
request_route { sl_send_reply("404", "Not here"); }
E
    spawn /usr/sbin/kamailio -DD -E -f "$D/conf" -Y "$D" -w "$D" -m 32 -l "udp:127.0.0.1:$sip" -l "tcp:127.0.0.1:$sip"
    listen kamailio tcp "$sip" sip Kamailio "$(version kamailio)"
    listen kamailio-udp udp "$sip" sip Kamailio "$(version kamailio)"
}

daemon mpd mpd
start_mpd() { # greets with the version of its protocol, 0.23.5, not with its own
    ports mpd=75
    printf 'bind_to_address "127.0.0.1"\nport "%s"\ndb_file "%s/db"\nmusic_directory "%s"\naudio_output {\ntype "null"\nname "none"\n}\n' \
        "$mpd" "$D" "$D" >conf
    spawn /usr/bin/mpd --no-daemon --stderr "$D/conf"
    listen mpd tcp "$mpd" mpd "Music Player Daemon" "$(version mpd)"
}
