# Servers of files, repositories, printers and compilers.

daemon vsftpd vsftpd
start_vsftpd() {
    ports ftp=44
    mkdir -p empty
    printf '%s\n' listen=YES listen_address=127.0.0.1 "listen_port=$ftp" background=NO anonymous_enable=YES \
        secure_chroot_dir="$D/empty" seccomp_sandbox=NO \
        ssl_enable=YES rsa_cert_file="$TLS/cert.pem" rsa_private_key_file="$TLS/key.pem" \
        xferlog_enable=YES xferlog_std_format=NO log_ftp_protocol=YES vsftpd_log_file="$D/vsftpd.log" >conf
    spawn /usr/sbin/vsftpd "$D/conf"
    listen vsftpd tcp "$ftp" ftp vsftpd "$(version vsftpd)"
}

daemon samba samba
start_samba() {
    ports smb=50
    mkdir -p private state cache lock pid ncalrpc
    cat >conf <<E
[global]
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  smb ports = $smb
  private dir = $D/private
  state directory = $D/state
  cache directory = $D/cache
  lock directory = $D/lock
  pid directory = $D/pid
  ncalrpc dir = $D/ncalrpc
  log file = $D/log.smbd
  disable spoolss = yes
  load printers = no
E
    spawn /usr/sbin/smbd -F --no-process-group -s "$D/conf"
    listen samba tcp "$smb" smb Samba "$(version samba)"
}

daemon cups cups-daemon
start_cups() {
    ports ipp=51
    printf 'Listen 127.0.0.1:%s\nBrowsing Off\nWebInterface No\n<Location />\nOrder allow,deny\nAllow 127.0.0.1\n</Location>\n' "$ipp" >cupsd.conf
    cat >cups-files.conf <<E
ServerRoot $D
StateDir $D/run
CacheDir $D/cache
RequestRoot $D/spool
AccessLog $D/access.log
ErrorLog $D/error.log
E
    spawn /usr/sbin/cupsd -f -c "$D/cupsd.conf" -s "$D/cups-files.conf"
    listen cups tcp "$ipp" ipp CUPS "$(version cups-daemon)"
}

daemon rsync rsync
start_rsync() { # tells its protocol version (31, 32) only
    ports rsync=62
    printf 'use chroot = no\n[files]\npath = %s\n' "$D" >conf
    spawn /usr/bin/rsync --daemon --no-detach --address=127.0.0.1 --port="$rsync" --config="$D/conf"
    listen rsync tcp "$rsync" rsync rsync "$(version rsync)"
}

daemon git git
start_git() {
    ports git=63
    spawn /usr/bin/git daemon --listen=127.0.0.1 --port="$git" --base-path="$D" --export-all
    listen git tcp "$git" git Git "$(version git)"
}

daemon svnserve subversion
start_svnserve() {
    ports svn=64
    [ -d repo ] || svnadmin create repo
    spawn /usr/bin/svnserve -d --foreground --listen-host 127.0.0.1 --listen-port "$svn" -r "$D/repo"
    listen svnserve tcp "$svn" svn Subversion "$(version subversion)"
}

daemon tftpd tftpd-hpa
start_tftpd() {
    ports tftp=94
    spawn /usr/sbin/in.tftpd -L -4 -a "127.0.0.1:$tftp" -s "$D"
    listen tftpd udp "$tftp" tftp tftpd-hpa "$(version tftpd-hpa)"
}

daemon distccd distcc
start_distccd() {
    ports distcc=71
    spawn /usr/bin/distccd --daemon --no-detach --log-stderr --listen 127.0.0.1 --port "$distcc" --allow 127.0.0.0/8 \
        --user nobody --jobs 1
    listen distccd tcp "$distcc" distcc distccd "$(version distcc)"
}
