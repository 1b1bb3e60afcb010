// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hone: /proc/net/hone, a line for each socket of a net namespace: whose it
 * is, who holds it, and who used it last.
 *
 * The whole table is made when the file is opened, as the opener may see it,
 * and read from memory: a reader that stops halfway holds nothing up, and what
 * it reads fits together.
 */
#include "hone.h"

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/tcp_states.h>

#define HONE_LINES_MIN		256
/* A table of them is below 2 GB. */
#define HONE_LINES_MAX		(8 * 1024 * 1024)
#define HONE_HOLDERS_SHOWN	32

/**
 * struct hone_who - a process, as the opener of the file may know it
 * @nr: process id in the opener's pid namespace, 0 if it has none there
 * @comm: its name, empty if that is not for the opener
 */
struct hone_who {
	pid_t nr;
	char comm[TASK_COMM_LEN];
};

/**
 * struct hone_holder - a process that holds a descriptor of a socket
 * @who: it
 * @tgid: its process id in the initial pid namespace
 * @next: index of the socket's next one, plus one
 */
struct hone_holder {
	struct hone_who who;
	pid_t tgid;
	u32 next;
};

/**
 * struct hone_line - a socket
 * @cookie: its identity
 * @ino: inode number of its file
 * @owner_start: when its creator was started
 * @owner: image id of its creator
 * @tx: hone_actor_key() of who sent last, 0 if not known
 * @rx: the same of who received
 * @local: its address, IPv4 as ::ffff:a.b.c.d
 * @remote: the other end's
 * @sport: its port, network byte order
 * @dport: the other end's
 * @family: AF_*
 * @protocol: IPPROTO_*
 * @state: TCP_*
 * @kern: made by the kernel for itself
 * @owner_tgid: process id of its creator
 * @creator: who made or accepted it
 * @sender: of @tx
 * @receiver: of @rx
 * @holders: index of the first holder, plus one
 * @last: index of the last one, plus one
 * @n_holders: of them
 * @more: holders beyond those
 * @next: index of the next line in the hash chain, plus one
 */
struct hone_line {
	u64 cookie;
	u64 ino;
	u64 owner_start;
	u64 owner;
	u64 tx;
	u64 rx;
	struct in6_addr local;
	struct in6_addr remote;
	__be16 sport;
	__be16 dport;
	u16 family;
	u16 protocol;
	u8 state;
	bool kern;
	u32 owner_tgid;
	struct hone_who creator;
	struct hone_who sender;
	struct hone_who receiver;
	u32 holders;
	u32 last;
	u32 n_holders;
	u32 more;
	u32 next;
};

/**
 * struct hone_table - an open file
 * @walk: the walk that fills it
 * @ns: pid namespace of the opener
 * @all: the opener may see all descriptors
 * @who: the process at whose descriptors @walk is, as the opener may know it
 * @lines: one a socket, @n of @size
 * @heads: hash of cookies, @size chains of indices plus one
 * @holders: @n_holders of @size_holders
 * @n: number of lines
 * @size: room for so many, a power of two
 * @n_holders: number of holders
 * @size_holders: room for so many
 */
struct hone_table {
	struct hone_walk walk;
	struct pid_namespace *ns;
	bool all;
	struct hone_who who;
	struct hone_line *lines;
	u32 *heads;
	struct hone_holder *holders;
	u32 n;
	u32 size;
	u32 n_holders;
	u32 size_holders;
};

static u32 *hone_head(struct hone_table *t, u64 cookie)
{
	return &t->heads[hash_64(cookie, ilog2(t->size))];
}

static struct hone_line *hone_line_find(struct hone_table *t, u64 cookie)
{
	u32 i = *hone_head(t, cookie);

	while (i && t->lines[i - 1].cookie != cookie)
		i = t->lines[i - 1].next;
	return i ? &t->lines[i - 1] : NULL;
}

static void hone_line_link(struct hone_table *t, u32 i)
{
	u32 *head = hone_head(t, t->lines[i].cookie);

	t->lines[i].next = *head;
	*head = i + 1;
}

/* Copies what a record of the socket says; names come when no lock is held. */
static void hone_line_fill(struct hone_line *l, struct sock *sk, u64 cookie,
			   u64 ino)
{
	struct hone_sock_rec r;

	hone_sock_fill(&r, sk, HONE_SOCK_SNAPSHOT);
	memset(l, 0, sizeof(*l));
	l->cookie = cookie;
	l->ino = ino;
	l->owner = r.owner;
	l->owner_start = r.owner_start;
	l->owner_tgid = r.owner_tgid;
	memcpy(&l->local, r.saddr, sizeof(l->local));
	memcpy(&l->remote, r.daddr, sizeof(l->remote));
	l->sport = r.sport;
	l->dport = r.dport;
	l->family = r.family;
	l->protocol = r.protocol;
	l->state = r.state;
	l->kern = r.rec.flags & HONE_F_SOCK_KERN;
	memcpy(l->creator.comm, r.owner_comm, sizeof(l->creator.comm));
	if (sk_fullsock(sk) && hone_capturing() &&
	    READ_ONCE(sk->sk_hone.gen) == hone_generation()) {
		l->tx = hone_sk_writer(&sk->sk_hone);
		l->rx = READ_ONCE(sk->sk_hone.rx);
	}
}

/* Those that the opener may not know of are one, without pid and name. */
static int hone_line_hold(struct hone_table *t, struct hone_line *l,
			  struct task_struct *task)
{
	pid_t tgid = t->who.nr ? task->tgid : 0;
	struct hone_holder *h;
	u32 i;

	for (i = l->holders; i; i = t->holders[i - 1].next)
		if (t->holders[i - 1].tgid == tgid)
			return 0;
	if (l->n_holders == HONE_HOLDERS_SHOWN) {
		/* A thread's own table is one of its process's. */
		l->more += thread_group_leader(task);
		return 0;
	}
	if (t->n_holders == t->size_holders)
		return -ENOSPC;
	h = &t->holders[t->n_holders++];
	h->who = t->who;
	h->tgid = tgid;
	h->next = 0;
	if (l->last)
		t->holders[l->last - 1].next = t->n_holders;
	else
		l->holders = t->n_holders;
	l->last = t->n_holders;
	l->n_holders++;
	return 0;
}

static int hone_table_visit(struct hone_walk *w, struct sock *sk, u64 ino,
			    struct task_struct *task)
{
	struct hone_table *t = container_of(w, struct hone_table, walk);
	u64 cookie = sock_gen_cookie(sk);
	struct hone_line *l;

	l = hone_line_find(t, cookie);
	if (!l) {
		if (t->n == t->size)
			return -ENOSPC;
		l = &t->lines[t->n];
		hone_line_fill(l, sk, cookie, ino);
		hone_line_link(t, t->n++);
	}
	return task ? hone_line_hold(t, l, task) : 0;
}

/* As for /proc/<pid>/fd: what a process holds is not for everybody. */
static bool hone_may_know(struct task_struct *task)
{
	return ptrace_may_access(task, PTRACE_MODE_READ_FSCREDS |
				       PTRACE_MODE_NOAUDIT);
}

static void hone_who_fill(struct hone_table *t, struct hone_who *who,
			  struct task_struct *task, const char *comm)
{
	memset(who, 0, sizeof(*who));
	if (!hone_may_know(task))
		return;
	who->nr = task_tgid_nr_ns(task, t->ns);
	if (!who->nr)
		return;
	rcu_read_lock();
	strscpy_pad(who->comm, comm ?: hone_task_leader(task)->comm,
		    sizeof(who->comm));
	rcu_read_unlock();
}

/* Who may not know of a process does not make it wait either. */
static bool hone_table_thread(struct hone_walk *w, struct task_struct *task)
{
	struct hone_table *t = container_of(w, struct hone_table, walk);

	hone_who_fill(t, &t->who, task, NULL);
	return t->who.nr || t->all;
}

static struct task_struct *hone_find_task(u32 nr, enum pid_type type)
{
	struct task_struct *task;

	rcu_read_lock();
	task = pid_task(find_pid_ns(nr, &init_pid_ns), type);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task;
}

/* One that has ended is known by the name it had, to who may know of all. */
static void hone_name_creator(struct hone_table *t, struct hone_line *l)
{
	struct task_struct *task = NULL;
	char comm[TASK_COMM_LEN];

	memcpy(comm, l->creator.comm, sizeof(comm));
	memset(&l->creator, 0, sizeof(l->creator));
	if (l->kern) {
		strscpy(l->creator.comm, "kernel", sizeof(l->creator.comm));
		return;
	}
	if (l->owner_tgid)
		task = hone_find_task(l->owner_tgid, PIDTYPE_TGID);
	if (task && (task->start_boottime == l->owner_start ||
		     READ_ONCE(task->signal->hone_id) == l->owner))
		hone_who_fill(t, &l->creator, task, comm);
	else if (t->ns == &init_pid_ns && capable(CAP_SYS_PTRACE))
		memcpy(l->creator.comm, comm, sizeof(comm));
	if (task)
		put_task_struct(task);
}

static void hone_name_actor(struct hone_table *t, struct hone_who *who, u64 key)
{
	u32 tid = key & (BIT(22) - 1);
	struct task_struct *task;

	if (!key)
		return;
	if (key == hone_actor_key(NULL)) {
		strscpy(who->comm, "kernel", sizeof(who->comm));
		return;
	}
	task = hone_find_task(tid, PIDTYPE_PID);
	if (!task)
		return;
	if (hone_actor_key(task) == key)
		hone_who_fill(t, who, task, NULL);
	put_task_struct(task);
}

static void hone_table_free(struct hone_table *t)
{
	if (t->ns)
		put_pid_ns(t->ns);
	kvfree(t->lines);
	kvfree(t->heads);
	kvfree(t->holders);
	kfree(t);
}

static void *hone_enlarge(void *old, u32 n, u32 size, size_t each)
{
	void *new = kvmalloc_array(size, each, GFP_KERNEL_ACCOUNT);

	if (new && n)
		memcpy(new, old, n * each);
	if (new)
		kvfree(old);
	return new;
}

/* Makes room where there is none. */
static int hone_table_grow(struct hone_table *t)
{
	void *lines, *holders;
	u32 i, *heads, size;

	if (t->n == t->size) {
		size = t->size ? t->size * 2 : HONE_LINES_MIN;
		if (size > HONE_LINES_MAX)
			return -E2BIG;
		heads = kvcalloc(size, sizeof(*heads), GFP_KERNEL_ACCOUNT);
		lines = heads ? hone_enlarge(t->lines, t->n, size,
					     sizeof(*t->lines)) : NULL;
		if (!lines) {
			kvfree(heads);
			return -ENOMEM;
		}
		kvfree(t->heads);
		t->heads = heads;
		t->lines = lines;
		t->size = size;
		for (i = 0; i < t->n; i++) {
			hone_line_link(t, i);
			if (!(i % 4096))
				cond_resched();
		}
	}
	if (t->n_holders == t->size_holders) {
		size = t->size_holders ? t->size_holders * 2 : HONE_LINES_MIN;
		if (size > HONE_LINES_MAX)
			return -E2BIG;
		holders = hone_enlarge(t->holders, t->n_holders, size,
				       sizeof(*t->holders));
		if (!holders)
			return -ENOMEM;
		t->holders = holders;
		t->size_holders = size;
	}
	return 0;
}

static int hone_table_fill(struct hone_table *t)
{
	u64 pos = 0;
	int ret;
	u32 i;

	ret = hone_table_grow(t);
	while (!ret) {
		ret = hone_walk_step(&t->walk, &pos);
		if (!ret)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		/* What is visited again is there already. */
		ret = ret == -ENOSPC ? hone_table_grow(t) : min(ret, 0);
	}
	for (i = 0; !ret && i < t->n; i++) {
		hone_name_creator(t, &t->lines[i]);
		hone_name_actor(t, &t->lines[i].sender, t->lines[i].tx);
		hone_name_actor(t, &t->lines[i].receiver, t->lines[i].rx);
		cond_resched();
	}
	return ret;
}

static void *hone_seq_start(struct seq_file *m, loff_t *pos)
{
	struct hone_table *t = m->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	return *pos <= t->n ? &t->lines[*pos - 1] : NULL;
}

static void *hone_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return hone_seq_start(m, pos);
}

static void hone_seq_stop(struct seq_file *m, void *v)
{
}

static void hone_show_protocol(struct seq_file *m, const struct hone_line *l)
{
	static const struct {
		u16 protocol;
		const char *name;
	} names[] = {
		{ IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" },
		{ IPPROTO_UDPLITE, "udplite" },
		{ IPPROTO_ICMP, "icmp" },
		{ IPPROTO_ICMPV6, "icmpv6" },
		{ IPPROTO_SCTP, "sctp" },
		{ IPPROTO_MPTCP, "mptcp" },
		{ IPPROTO_RAW, "raw" },
	};
	int i;

	if (l->family == AF_PACKET) {
		seq_puts(m, "packet");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (names[i].protocol == l->protocol) {
			seq_puts(m, names[i].name);
			return;
		}
	}
	seq_printf(m, "%u", l->protocol);
}

static void hone_show_state(struct seq_file *m, const struct hone_line *l)
{
	static const char * const names[] = {
		[TCP_ESTABLISHED]	= "ESTABLISHED",
		[TCP_SYN_SENT]		= "SYN_SENT",
		[TCP_SYN_RECV]		= "SYN_RECV",
		[TCP_FIN_WAIT1]		= "FIN_WAIT1",
		[TCP_FIN_WAIT2]		= "FIN_WAIT2",
		[TCP_TIME_WAIT]		= "TIME_WAIT",
		[TCP_CLOSE]		= "CLOSE",
		[TCP_CLOSE_WAIT]	= "CLOSE_WAIT",
		[TCP_LAST_ACK]		= "LAST_ACK",
		[TCP_LISTEN]		= "LISTEN",
		[TCP_CLOSING]		= "CLOSING",
		[TCP_NEW_SYN_RECV]	= "NEW_SYN_RECV",
	};

	if (l->family == AF_PACKET)
		seq_puts(m, " -");
	else if (l->state < ARRAY_SIZE(names) && names[l->state])
		seq_printf(m, " %s", names[l->state]);
	else
		seq_printf(m, " %u", l->state);
}

static void hone_show_end(struct seq_file *m, const struct hone_line *l,
			  const struct in6_addr *addr, __be16 port)
{
	if (l->family == AF_INET)
		seq_printf(m, " %pI4:%u", &addr->s6_addr32[3], ntohs(port));
	else if (l->family == AF_INET6)
		seq_printf(m, " [%pI6c]:%u", addr, ntohs(port));
	else
		seq_puts(m, " -");
}

/* A name may hold anything: blanks would part fields, commas holders. */
static void hone_show_who(struct seq_file *m, const struct hone_who *who)
{
	seq_printf(m, "%d/", who->nr);
	if (who->comm[0])
		seq_escape_str(m, who->comm, ESCAPE_OCTAL | ESCAPE_NAP |
			       ESCAPE_APPEND, " ,/\\");
	else
		seq_putc(m, '-');
}

static void hone_show_holders(struct seq_file *m, const struct hone_table *t,
			      const struct hone_line *l)
{
	char sep = ' ';
	u32 i;

	if (!l->holders)
		seq_puts(m, " -");
	for (i = l->holders; i; i = t->holders[i - 1].next) {
		seq_putc(m, sep);
		hone_show_who(m, &t->holders[i - 1].who);
		sep = ',';
	}
	if (l->more)
		seq_printf(m, ",+%u", l->more);
}

static int hone_seq_show(struct seq_file *m, void *v)
{
	const struct hone_table *t = m->private;
	const struct hone_line *l = v;
	u64 n[4];

	if (v == SEQ_START_TOKEN) {
		seq_puts(m, "id protocol state local remote inode creator holders sender receiver in_packets in_bytes out_packets out_bytes\n");
		return 0;
	}
	seq_printf(m, "%llu ", l->cookie);
	hone_show_protocol(m, l);
	hone_show_state(m, l);
	hone_show_end(m, l, &l->local, l->sport);
	hone_show_end(m, l, &l->remote, l->dport);
	seq_printf(m, " %llu ", l->ino);
	hone_show_who(m, &l->creator);
	hone_show_holders(m, t, l);
	seq_putc(m, ' ');
	hone_show_who(m, &l->sender);
	seq_putc(m, ' ');
	hone_show_who(m, &l->receiver);
	if (hone_count_read(l->cookie, n))
		seq_printf(m, " %llu %llu %llu %llu\n", n[0], n[1], n[2], n[3]);
	else
		seq_puts(m, " - - - -\n");
	return 0;
}

static const struct seq_operations hone_seq_ops = {
	.start	= hone_seq_start,
	.next	= hone_seq_next,
	.stop	= hone_seq_stop,
	.show	= hone_seq_show,
};

static int hone_proc_open(struct inode *inode, struct file *file)
{
	struct net *net = pde_data(inode);
	struct hone_table *t;
	int err;

	/* Its processes are judged one by one: hone_may_know(). */
	if (!ns_capable(net->user_ns, CAP_NET_ADMIN))
		return -EPERM;
	t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);
	if (!t)
		return -ENOMEM;
	t->ns = get_pid_ns(task_active_pid_ns(current));
	t->all = ns_capable_noaudit(&init_user_ns, CAP_SYS_PTRACE);
	t->walk.net = net;
	t->walk.visit = hone_table_visit;
	t->walk.thread = hone_table_thread;
	err = hone_table_fill(t);
	if (!err)
		err = seq_open(file, &hone_seq_ops);
	if (err) {
		hone_table_free(t);
		return err;
	}
	((struct seq_file *)file->private_data)->private = t;
	return 0;
}

static int hone_proc_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	hone_table_free(m->private);
	return seq_release(inode, file);
}

static const struct proc_ops hone_proc_ops = {
	.proc_open	= hone_proc_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_release	= hone_proc_release,
};

/* While the file is open()ed the namespace waits to be removed. */
static int __net_init hone_proc_net_init(struct net *net)
{
	return proc_create_data("hone", 0400, net->proc_net, &hone_proc_ops,
				net) ? 0 : -ENOMEM;
}

static void __net_exit hone_proc_net_exit(struct net *net)
{
	remove_proc_entry("hone", net->proc_net);
}

static struct pernet_operations hone_proc_net_ops = {
	.init = hone_proc_net_init,
	.exit = hone_proc_net_exit,
};

/**
 * hone_proc_init - offer /proc/net/hone in every net namespace
 *
 * Context: init.
 * Return: 0 or a negative errno.
 */
int __init hone_proc_init(void)
{
	return register_pernet_subsys(&hone_proc_net_ops);
}
