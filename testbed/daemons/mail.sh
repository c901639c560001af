# Mail.

daemon dovecot dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved
start_dovecot() {
    ports imap=36 imaps=37 pop3=38 pop3s=39 lmtp=40 sieve=41
    dovecot_conf >conf
    spawn /usr/sbin/dovecot -F -c "$D/conf"
    local v; v=$(version dovecot-core)
    listen dovecot-imap tcp "$imap" imap Dovecot "$v"
    listen dovecot-imaps tcp "$imaps" imap Dovecot "$v" tls
    listen dovecot-pop3 tcp "$pop3" pop3 Dovecot "$v"
    listen dovecot-pop3s tcp "$pop3s" pop3 Dovecot "$v" tls
    listen dovecot-lmtp tcp "$lmtp" lmtp Dovecot "$v"
    listen dovecot-sieve tcp "$sieve" managesieve Dovecot "$v"
}

dovecot_conf() {
    cat <<E
base_dir = $D/run
log_path = $D/dovecot.log
protocols = imap pop3 lmtp sieve
listen = 127.0.0.1
mail_location = maildir:$D/mail
ssl_cert = <$TLS/cert.pem
ssl_key = <$TLS/key.pem
disable_plaintext_auth = no
passdb {
  driver = static
  args = password=secret
}
service imap-login {
  inet_listener imap {
    port = $imap
  }
  inet_listener imaps {
    port = $imaps
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = $pop3
  }
  inet_listener pop3s {
    port = $pop3s
    ssl = yes
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = $lmtp
  }
}
service managesieve-login {
  inet_listener sieve {
    port = $sieve
  }
}
E
}

daemon postfix postfix
start_postfix() { # its banner has no version
    ports smtp=42 smtps=43
    mkdir -p etc spool data
    chown postfix: data
    cat >etc/main.cf <<E
compatibility_level = 3.7
queue_directory = $D/spool
data_directory = $D/data
myhostname = mail.example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
maillog_file = $D/maillog
maillog_file_prefixes = $D, /var, /dev/stdout
alias_maps =
alias_database =
smtpd_tls_cert_file = $TLS/cert.pem
smtpd_tls_key_file = $TLS/key.pem
smtpd_tls_security_level = may
E
    sed -E "s/^smtp +inet .*/127.0.0.1:$smtp inet n - n - - smtpd\\n127.0.0.1:$smtps inet n - n - - smtpd -o smtpd_tls_wrappermode=yes/
        s/^([a-z]+ +unix +[-ny]+ +[-ny]+ +)y/\\1n/" /usr/share/postfix/master.cf.dist >etc/master.cf
    spawn /usr/sbin/postfix -c "$D/etc" start-fg
    listen postfix tcp "$smtp" smtp Postfix "$(version postfix)"
    listen postfix-smtps tcp "$smtps" smtp Postfix "$(version postfix)" tls
}

daemon spamd spamd
start_spamd() {
    ports spamd=89
    spawn /usr/sbin/spamd -x -L -u nobody -i 127.0.0.1 -p "$spamd" -m 1 -H "$D"
    listen spamd tcp "$spamd" spamassassin SpamAssassin "$(version spamd)"
}
