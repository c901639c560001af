# Servers that are asked for names: domains, directories, words.

daemon bind bind9
start_bind() { # with a root zone of its own, so that it never asks the real one
    ports domain=45 statistics=46
    printf '%s\n' '$TTL 60' '@ SOA . . 1 60 60 60 60' '@ NS localhost.' 'localhost. A 127.0.0.1' >root
    cat >conf <<E
options { directory "$D"; listen-on port $domain { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; dnssec-validation no; pid-file none; session-keyfile none; };
zone "." { type primary; file "root"; notify no; };
controls {};
statistics-channels { inet 127.0.0.1 port $statistics; };
E
    spawn /usr/sbin/named -g -4 -c "$D/conf"
    local v; v=$(version bind9)
    listen bind tcp "$domain" domain BIND "$v"
    listen bind-udp udp "$domain" domain BIND "$v"
    listen bind-statistics tcp "$statistics" http BIND "$v"
}

daemon dnsmasq dnsmasq-base
start_dnsmasq() {
    ports domain=47
    spawn /usr/sbin/dnsmasq -k --conf-file=/dev/null --user=root --pid-file= --port="$domain" \
        --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --log-facility=-
    listen dnsmasq tcp "$domain" domain dnsmasq "$(version dnsmasq-base)"
    listen dnsmasq-udp udp "$domain" domain dnsmasq "$(version dnsmasq-base)"
}

daemon slapd slapd
start_slapd() {
    ports ldap=48 ldaps=49
    mkdir -p data
    cat >conf <<E
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $D/pid
TLSCertificateFile $TLS/cert.pem
TLSCertificateKeyFile $TLS/key.pem
database mdb
suffix "dc=example,dc=test"
directory $D/data
E
    spawn /usr/sbin/slapd -d 0 -f conf -h "ldap://127.0.0.1:$ldap ldaps://127.0.0.1:$ldaps"
    listen openldap tcp "$ldap" ldap OpenLDAP "$(version slapd)"
    listen openldap-ldaps tcp "$ldaps" ldap OpenLDAP "$(version slapd)" tls
}

daemon dictd dictd dict-elements
start_dictd() { # needs a dictionary
    ports dict=92
    printf 'database elements {\n data "/usr/share/dictd/elements.dict.dz"\n index "/usr/share/dictd/elements.index"\n}\n' >conf
    spawn /usr/sbin/dictd -d nodetach -c "$D/conf" --listen-to 127.0.0.1 -p "$dict" --pid-file "$D/pid"
    listen dictd tcp "$dict" dict dictd "$(version dictd)"
}
