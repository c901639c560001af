# Web servers and what stands in front of them.

daemon nginx nginx-light
start_nginx() {
    ports plain=3 secure=4 nameless=5
    cat >conf <<E
user www-data; daemon off; worker_processes 1; pid $D/pid; error_log $D/error.log info;
events {}
http {
    access_log off;
    client_body_temp_path $D/t1; proxy_temp_path $D/t2; fastcgi_temp_path $D/t3; uwsgi_temp_path $D/t4; scgi_temp_path $D/t5;
    server { listen 127.0.0.1:$plain; return 200 "hello\n"; }
    server { listen 127.0.0.1:$secure ssl; ssl_certificate $TLS/cert.pem; ssl_certificate_key $TLS/key.pem; return 200 "hello\n"; }
    server { listen 127.0.0.1:$nameless; server_tokens off; return 404; }
}
E
    spawn /usr/sbin/nginx -c "$D/conf"
    local v; v=$(version nginx-light)
    listen nginx tcp "$plain" http nginx "$v"
    listen nginx-tls tcp "$secure" http nginx "$v" tls
    listen nginx-no-version tcp "$nameless" http nginx "$v"
}

daemon apache apache2
start_apache() {
    local modules=/usr/lib/apache2/modules
    ports plain=6 secure=7
    cat >conf <<E
ServerName localhost
PidFile $D/pid
ErrorLog $D/error.log
User www-data
Group www-data
DocumentRoot $D
Listen 127.0.0.1:$plain
Listen 127.0.0.1:$secure
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule socache_shmcb_module $modules/mod_socache_shmcb.so
LoadModule ssl_module $modules/mod_ssl.so
<VirtualHost 127.0.0.1:$secure>
  SSLEngine on
  SSLCertificateFile $TLS/cert.pem
  SSLCertificateKeyFile $TLS/key.pem
</VirtualHost>
E
    spawn env APACHE_RUN_DIR="$D" /usr/sbin/apache2 -f "$D/conf" -DFOREGROUND
    listen apache tcp "$plain" http "Apache httpd" "$(version apache2)"
    listen apache-tls tcp "$secure" http "Apache httpd" "$(version apache2)" tls
}

daemon haproxy haproxy
start_haproxy() { # the second one answers as nginx when nginx runs: `product` is what answers
    ports alone=8 front=9 nginx=3
    cat >conf <<E
defaults
  mode http
  log stdout format raw daemon
  option httplog
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen no_backend
  bind 127.0.0.1:$alone
listen in_front_of_nginx
  bind 127.0.0.1:$front
  server one 127.0.0.1:$nginx
E
    spawn /usr/sbin/haproxy -db -f conf
    listen haproxy tcp "$alone" http HAProxy "$(version haproxy)"
    listen haproxy-nginx tcp "$front" http HAProxy "$(version haproxy)"
}

daemon squid squid
start_squid() {
    ports proxy=10
    cat >conf <<E
http_port 127.0.0.1:$proxy
http_access allow all
access_log none
cache_log $D/cache.log
coredump_dir $D
pid_filename none
cache_effective_user proxy
pinger_enable off
E
    chown proxy: .
    spawn /usr/sbin/squid -N -f "$D/conf"
    listen squid tcp "$proxy" http-proxy Squid "$(version squid)"
}

daemon tinyproxy tinyproxy
start_tinyproxy() {
    ports proxy=11
    printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nMaxClients 20\n' "$proxy" >conf
    spawn /usr/bin/tinyproxy -d -c "$D/conf"
    listen tinyproxy tcp "$proxy" http-proxy Tinyproxy "$(version tinyproxy)"
}

daemon icecast icecast2
start_icecast() {
    ports http=74
    cat >icecast.xml <<E
<icecast><hostname>localhost</hostname>
<authentication><source-password>a</source-password><admin-user>admin</admin-user><admin-password>b</admin-password></authentication>
<listen-socket><port>$http</port><bind-address>127.0.0.1</bind-address></listen-socket>
<paths><logdir>$D</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog></logging></icecast>
E
    chown nobody .
    spawn runuser -u nobody -- icecast2 -c "$D/icecast.xml"
    listen icecast tcp "$http" http Icecast "$(version icecast2)"
}

daemon php_fpm php8.2-fpm
start_php_fpm() {
    ports fastcgi=86
    printf '[global]\nerror_log=%s/error.log\npid=%s/pid\n[www]\nuser=www-data\nlisten=127.0.0.1:%s\npm=static\npm.max_children=1\n' \
        "$D" "$D" "$fastcgi" >conf
    spawn php-fpm8.2 -F -y "$D/conf"
    listen php-fpm tcp "$fastcgi" fastcgi PHP-FPM "$(version php8.2-fpm)"
}

daemon tomcat tomcat10
start_tomcat() {
    ports http=87 ajp=88
    mkdir -p conf logs temp webapps/ROOT work
    cp /etc/tomcat10/web.xml /etc/tomcat10/logging.properties conf/
    echo hello >webapps/ROOT/index.txt
    cat >conf/server.xml <<E
<Server port="-1"><Service name="Catalina">
<Connector port="$http" address="127.0.0.1" protocol="HTTP/1.1"/>
<Connector port="$ajp" address="127.0.0.1" protocol="AJP/1.3" secretRequired="false"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
</Service></Server>
E
    spawn env CATALINA_HOME=/usr/share/tomcat10 CATALINA_BASE="$D" CATALINA_OPTS=-Xmx96m /usr/share/tomcat10/bin/catalina.sh run
    listen tomcat tcp "$http" http "Apache Tomcat" "$(version tomcat10)"
    listen tomcat-ajp tcp "$ajp" ajp13 "Apache Tomcat" "$(version tomcat10)"
}
