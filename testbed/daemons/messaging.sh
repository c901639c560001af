# Message brokers and job queues.

daemon mosquitto mosquitto
start_mosquitto() { # its WebSocket listener cannot be bound to one address: bind_interface is the nearest thing
    ports mqtt=19 secure=20 websocket=21
    cat >conf <<E
user root
allow_anonymous true
listener $mqtt 127.0.0.1
listener $secure 127.0.0.1
certfile $TLS/cert.pem
keyfile $TLS/key.pem
listener $websocket 127.0.0.1
protocol websockets
bind_interface lo
E
    spawn /usr/sbin/mosquitto -c "$D/conf"
    local v; v=$(version mosquitto)
    listen mosquitto tcp "$mqtt" mqtt Mosquitto "$v"
    listen mosquitto-tls tcp "$secure" mqtt Mosquitto "$v" tls
    listen mosquitto-websocket tcp "$websocket" http Mosquitto "$v"
}

daemon rabbitmq rabbitmq-server
start_rabbitmq() { # one Erlang VM, six ports of six protocols; and epmd, which it starts. Its wrapper would lose the environment
    ports amqp=22 amqps=23 management=24 stomp=25 mqtt=26 epmd=27 dist=28
    cat >rabbitmq.conf <<E
listeners.tcp.1 = 127.0.0.1:$amqp
listeners.ssl.1 = 127.0.0.1:$amqps
ssl_options.certfile = $TLS/cert.pem
ssl_options.keyfile = $TLS/key.pem
ssl_options.cacertfile = $TLS/cert.pem
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
stomp.listeners.tcp.1 = 127.0.0.1:$stomp
mqtt.listeners.tcp.1 = 127.0.0.1:$mqtt
E
    echo '[rabbitmq_management,rabbitmq_stomp,rabbitmq_mqtt].' >enabled_plugins
    chown -R rabbitmq: .
    spawn runuser -u rabbitmq -- env HOME="$D" ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd" \
        RABBITMQ_NODENAME=rt@localhost RABBITMQ_DIST_PORT="$dist" RABBITMQ_CONFIG_FILE="$D/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$D/enabled_plugins" RABBITMQ_MNESIA_BASE="$D/mnesia" RABBITMQ_LOG_BASE="$D/logs" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
        /usr/lib/rabbitmq/bin/rabbitmq-server
    local v erlang
    v=$(version rabbitmq-server) erlang=$(version erlang-base)
    listen rabbitmq tcp "$amqp" amqp RabbitMQ "$v"
    listen rabbitmq-tls tcp "$amqps" amqp RabbitMQ "$v" tls
    listen rabbitmq-management tcp "$management" http RabbitMQ "$v"
    listen rabbitmq-stomp tcp "$stomp" stomp RabbitMQ "$v"
    listen rabbitmq-mqtt tcp "$mqtt" mqtt RabbitMQ "$v"
    listen epmd tcp "$epmd" epmd "Erlang Port Mapper Daemon" "$erlang"
    listen rabbitmq-dist tcp "$dist" erlang-dist "Erlang/OTP" "$erlang"
}

daemon nats nats-server
start_nats() {
    ports nats=29 monitor=30
    spawn nats-server -a 127.0.0.1 -p "$nats" -m "$monitor"
    listen nats tcp "$nats" nats NATS "$(version nats-server)"
    listen nats-monitor tcp "$monitor" http NATS "$(version nats-server)"
}

daemon gearman gearman-job-server
start_gearman() {
    ports gearman=91
    spawn /usr/sbin/gearmand -L 127.0.0.1 -p "$gearman" -l stderr -u root
    listen gearmand tcp "$gearman" gearman gearmand "$(version gearman-job-server)"
}
