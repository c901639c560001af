package protocol

// All lists every protocol. The list is explicit so that its order is visible and nothing runs at import; of two
// readers that both know a reply the more confident wins, then the earlier in this list.
var All = []*Def{
	&http,
	&ipp,
	&tls,
	&ssh,
	&smtp,
	&imap,
	&pop3,
	&ftp,
	&domain,
	&redis,
	&memcache,
	&postgresql,
	&mysql,
	&mqtt,
	&amqp,
	&nats,
	&echo,
}
