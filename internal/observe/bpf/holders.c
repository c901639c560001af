// Walks every descriptor of every process inside the kernel and writes a record for each that is a listening TCP or
// an unconnected UDP socket. It sees all network namespaces, and the threads that have a descriptor table of their own.
#include "kernel.h"

// Dual, because the helpers that it calls (bpf_seq_write, bpf_probe_read_kernel) are reserved to GPL-compatible programs.
char LICENSE[] SEC("license") = "Dual BSD/GPL";

// The layout is read by ../record.go: 88 bytes, no padding.
struct record {
	__u64 cookie;
	__u64 inode;
	__u64 started; // of the process, in ns since boot
	__u32 netns;
	__u32 pid;
	__u32 fd;
	__u32 uid;
	__u32 device;
	__u16 protocol;
	__u16 port;
	__u8 family;
	__u8 state;
	__u8 v6only;
	__u8 userlocks;
	__u8 address[16];
	char comm[16];
	__u32 reserved;
};

static __always_inline bool listens(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;
	__u8 state = sk->__sk_common.skc_state;

	if (family != AF_INET && family != AF_INET6)
		return 0;
	switch (sk->sk_protocol) {
	case IPPROTO_TCP:
	case IPPROTO_MPTCP:
		return state == TCP_LISTEN;
	case IPPROTO_UDP:
		return state == TCP_CLOSE && sk->__sk_common.skc_num != 0;
	}
	return 0;
}

SEC("iter/task_file")
int holders(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task, *leader;
	struct file *file = ctx->file;
	struct record r = {};
	struct socket *socket;
	struct sock *sk;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !listens(sk))
		return 0;

	leader = task->group_leader;
	r.cookie = bpf_get_socket_cookie(sk);
	r.inode = file->f_inode->i_ino;
	r.started = leader->start_boottime;
	r.netns = sk->__sk_common.skc_net.net->ns.inum;
	r.pid = task->tgid;
	r.fd = ctx->fd;
	r.uid = sk->sk_uid.val;
	r.device = sk->__sk_common.skc_bound_dev_if;
	r.protocol = sk->sk_protocol;
	r.port = sk->__sk_common.skc_num;
	r.family = sk->__sk_common.skc_family;
	r.state = sk->__sk_common.skc_state;
	r.v6only = BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only);
	r.userlocks = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks);
	if (r.family == AF_INET)
		bpf_probe_read_kernel(r.address, 4, &sk->__sk_common.skc_rcv_saddr);
	else
		bpf_probe_read_kernel(r.address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_probe_read_kernel(r.comm, sizeof(r.comm), leader->comm);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}
