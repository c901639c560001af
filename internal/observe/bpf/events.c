// Tells of every socket that begins to take traffic or ceases to, at that moment and with the process that did it. TCP
// sockets are told by their change of state, UDP sockets by the hooks that cgroups have; of all others, and of
// connections, nothing is told.
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL"; // see holders.c

enum kind {
	TCP_OPENED = 1, // listen() was asked for; the kernel may still refuse
	TCP_CLOSED = 2,
	TCP_REFUSED = 3, // what was told as opened never took a connection
	UDP_OPENED = 4, // bind() is about to succeed
	UDP_CLOSED = 5,
	UDP_CONNECTED = 6, // connect() was asked for: from then on it takes the traffic of one peer only
};

#define MOST_NAMES 32
#define PATH_SIZE 256
#define NAME_SIZE 96 // of one directory: what may still begin at PATH_SIZE - NAME_SIZE fits

enum exe_flags {
	EXE_DELETED = 1,
	EXE_NAMELESS = 2, // never was in a directory
	EXE_CUT = 4, // the path is longer than fits here
};

// The layout is read by ../happening.go. What is sent ends after exe_length bytes of exe.
struct event {
	__u64 at; // ns since boot
	__u64 cookie;
	__u64 inode;
	__u64 sock; // its place in the kernel's memory, to look at it again
	__u64 started; // of the process, in ns since boot
	__u64 cgroup; // of the process
	__u32 netns;
	__u32 pid;
	__u32 uid;
	__u32 device;
	__u16 port;
	__u16 exe_length;
	__u8 kind;
	__u8 family;
	__u8 v6only;
	__u8 asked; // its port was asked for; UDP: known from a moment after bind on
	__u8 exe_flags;
	__u8 kernel; // the kernel's own socket
	__u8 reserved[6];
	__u8 address[16];
	char comm[16];
	char exe[PATH_SIZE]; // the names of the path, the last one first, each with a zero behind it
};

// The size is set when it is loaded.
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

// What found no room in the ring, for each processor.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

// The UDP sockets that were bound lately, and those whose end is to be told although nobody asked for their port.
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u8);
} followed SEC(".maps");

// was_hashed tells whether the kernel ever put the socket among those that take connections.
static __always_inline bool was_hashed(struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_flags) & (1UL << bpf_core_enum_value(enum sock_flags, SOCK_RCU_FREE));
}

#define PORT_WAS_ASKED_FOR 8 // SOCK_BINDPORT_LOCK

static __always_inline bool port_was_asked_for(struct sock *sk)
{
	return BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & PORT_WAS_ASKED_FOR;
}

static __always_inline void fill_process(struct event *e)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);

	e->at = bpf_ktime_get_boot_ns();
	e->pid = BPF_CORE_READ(task, tgid);
	e->started = BPF_CORE_READ(leader, start_boottime);
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->cgroup = bpf_get_current_cgroup_id();
	bpf_core_read(e->comm, sizeof(e->comm), &leader->comm);
}

static __always_inline void fill_sock(struct event *e, struct sock *sk)
{
	struct socket *socket = BPF_CORE_READ(sk, sk_socket);

	e->sock = (__u64)sk;
	e->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	e->device = BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
	e->port = BPF_CORE_READ(sk, __sk_common.skc_num);
	e->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	e->v6only = BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only);
	e->asked = port_was_asked_for(sk);
	e->kernel = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
	if (e->family == AF_INET)
		bpf_core_read(e->address, 4, &sk->__sk_common.skc_rcv_saddr);
	else
		bpf_core_read(e->address, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	if (socket) {
		struct inode *inode = (void *)socket + bpf_core_field_offset(struct socket_alloc, vfs_inode);
		e->inode = BPF_CORE_READ(inode, i_ino);
	}
}

// climb is how far fill_exe has come.
struct climb {
	struct dentry *entry;
	struct mount *mount;
	__u32 used; // of the room for the path
};

// climb_once writes down one name and goes to the directory that it is in, or from the root of a mount to the directory
// that it lies over. It returns 0 while there is more. It is a function of its own, and no static one, so that the
// verifier goes through it once and not once for every way to get here.
__noinline int climb_once(struct climb *climb, struct event *e)
{
	struct dentry *entry, *parent;
	struct mount *mount, *below;
	__u32 used;
	long n;

	if (!climb || !e)
		return 1;
	entry = climb->entry;
	mount = climb->mount;
	used = climb->used;
	parent = BPF_CORE_READ(entry, d_parent);
	if (entry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		below = BPF_CORE_READ(mount, mnt_parent);
		if (below == mount) {
			e->exe_flags &= ~EXE_CUT;
			return 1;
		}
		climb->entry = BPF_CORE_READ(mount, mnt_mountpoint);
		climb->mount = below;
		return 0;
	}
	if (used > PATH_SIZE - NAME_SIZE)
		return 1;
	n = bpf_probe_read_kernel_str(e->exe + used, NAME_SIZE, BPF_CORE_READ(entry, d_name.name));
	if (n <= 0 || n >= NAME_SIZE)
		return 1;
	climb->used = used + n;
	if (parent == entry) {
		e->exe_flags &= ~EXE_CUT;
		return 1;
	}
	climb->entry = parent;
	return 0;
}

// fill_exe writes down the path of the executable, from its end up to the root of the mount namespace.
static __always_inline void fill_exe(struct event *e)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *entry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct climb climb = {};

	if (!entry || !mount)
		return;
	climb.entry = entry;
	climb.mount = (void *)mount - bpf_core_field_offset(struct mount, mnt);
	e->exe_flags = EXE_CUT;
	if (!BPF_CORE_READ(entry, d_hash.pprev))
		e->exe_flags |= EXE_DELETED;
	if (BPF_CORE_READ(entry, d_parent) == entry)
		e->exe_flags |= EXE_NAMELESS;
#pragma clang loop unroll(disable)
	for (int i = 0; i < MOST_NAMES; i++)
		if (climb_once(&climb, e))
			break;
	e->exe_length = climb.used;
}

static __always_inline void send(struct event *e)
{
	__u64 size = __builtin_offsetof(struct event, exe) + e->exe_length;
	__u32 zero = 0;
	__u64 *count;

	if (size > sizeof(*e))
		size = sizeof(*e);
	if (bpf_ringbuf_output(&events, e, size, 0) == 0)
		return;
	count = bpf_map_lookup_elem(&dropped, &zero);
	if (count)
		*count += 1;
}

static __always_inline bool is_mptcp(struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;

	return bpf_core_field_exists(tcp->is_mptcp) && BPF_CORE_READ_BITFIELD_PROBED(tcp, is_mptcp);
}

SEC("tp_btf/inet_sock_set_state")
int tcp_state(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	int before = ctx[1], after = ctx[2];
	struct event e = {};

	if (after == TCP_LISTEN && before != TCP_LISTEN)
		e.kind = TCP_OPENED;
	else if (before == TCP_LISTEN && after == TCP_CLOSE)
		e.kind = TCP_CLOSED;
	else
		return 0;
	if (sk->sk_protocol != IPPROTO_TCP)
		return 0; // of MPTCP, the TCP socket beneath tells
	e.cookie = bpf_get_socket_cookie(sk);
	fill_process(&e);
	fill_sock(&e, sk);
	if (e.kind == TCP_CLOSED) {
		// A port that the kernel chose is taken back by now, but not what went on the wire.
		__be16 port = BPF_CORE_READ((struct inet_sock *)sk, inet_sport);
		if (!e.port)
			e.port = __builtin_bswap16(port);
		if (!was_hashed(sk))
			e.kind = TCP_REFUSED;
	}
	if (e.kind != TCP_CLOSED)
		fill_exe(&e);
	if (e.kernel && is_mptcp(sk))
		e.kernel = 0; // the kernel made it, for a socket that the process has
	send(&e);
	return 0;
}

static __always_inline int udp_opened(struct bpf_sock *ctx)
{
	struct event e = {};
	__u8 yes = 1;

	if (ctx->protocol != IPPROTO_UDP)
		return 1;
	e.kind = UDP_OPENED;
	e.cookie = bpf_get_socket_cookie(ctx);
	fill_process(&e);
	fill_sock(&e, (struct sock *)ctx);
	fill_exe(&e);
	bpf_map_update_elem(&followed, &e.cookie, &yes, BPF_ANY);
	send(&e);
	return 1;
}

SEC("cgroup/post_bind4")
int udp_bound4(struct bpf_sock *ctx)
{
	return udp_opened(ctx);
}

SEC("cgroup/post_bind6")
int udp_bound6(struct bpf_sock *ctx)
{
	return udp_opened(ctx);
}

SEC("cgroup/sock_release")
int udp_released(struct bpf_sock *ctx)
{
	struct sock *sk = (struct sock *)ctx;
	struct event e = {};

	if (ctx->protocol != IPPROTO_UDP)
		return 1;
	e.cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	if (!e.cookie)
		return 1; // nobody ever looked at it
	if (bpf_map_delete_elem(&followed, &e.cookie) && !port_was_asked_for(sk))
		return 1;
	e.kind = UDP_CLOSED;
	fill_process(&e);
	fill_sock(&e, sk);
	send(&e);
	return 1;
}

static __always_inline int udp_connecting(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct event e = {};

	if (ctx->protocol != IPPROTO_UDP || !sk || !sk->src_port)
		return 1; // most clients have no port yet
	e.cookie = bpf_get_socket_cookie(ctx);
	if (!bpf_map_lookup_elem(&followed, &e.cookie))
		return 1;
	e.kind = UDP_CONNECTED;
	e.family = sk->family;
	e.at = bpf_ktime_get_boot_ns();
	send(&e);
	return 1;
}

SEC("cgroup/connect4")
int udp_connect4(struct bpf_sock_addr *ctx)
{
	return udp_connecting(ctx);
}

SEC("cgroup/connect6")
int udp_connect6(struct bpf_sock_addr *ctx)
{
	return udp_connecting(ctx);
}

// What look says of a socket.
#define LOOK_SAME 1 // it still is the socket with this cookie
#define LOOK_HASHED 2
#define LOOK_ASKED 4 // its port was asked for
#define LOOK_V6ONLY 8

// look is not attached to anything: it is run to see what became of a socket. It returns the port, the state and the
// flags, and 0 for a socket that is not there any more.
SEC("raw_tp")
int look(__u64 *ctx)
{
	struct sock *sk = (struct sock *)ctx[0];
	__u64 cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	__u32 seen = LOOK_SAME, port, state;

	if (!cookie || cookie != ctx[1])
		return 0;
	if (was_hashed(sk))
		seen |= LOOK_HASHED;
	if (port_was_asked_for(sk))
		seen |= LOOK_ASKED;
	if (BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only))
		seen |= LOOK_V6ONLY;
	port = BPF_CORE_READ(sk, __sk_common.skc_num);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	return port << 16 | state << 8 | seen;
}
