/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_print: a plan as text, for golden tests and those who read them. One property a line, in the
 * order of plan.h.
 */
#include "lib/plan_print.h"

#include <arpa/inet.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/resource.h>

#include "base/str.h"
#include "base/table.h"
#include "lib/plan_print_cgroup.h"
#include "libnet/config.h"
#include "libnet/port.h"
#include "plan/annotations.h"
#include "plan/caps.h"
#include "spec/names.h"
#include "spec/spec.h"

static const struct name attr_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "nosymfollow", 0x00200000 },
	NAMES_END,
};

static const struct name propagation_names[] = {
	{ "private", MS_PRIVATE },
	{ "shared", MS_SHARED },
	{ "slave", MS_SLAVE },
	{ "unbindable", MS_UNBINDABLE },
	{ "rprivate", MS_REC | MS_PRIVATE },
	{ "rshared", MS_REC | MS_SHARED },
	{ "rslave", MS_REC | MS_SLAVE },
	{ "runbindable", MS_REC | MS_UNBINDABLE },
	NAMES_END,
};

static void add_bits(struct text *out, const char *label, const struct name *table, uint64_t bits)
{
	const char *between = "";

	if (!bits) {
		return;
	}
	text_add(out, " %s=", label);
	for (const struct name *n = table; n->name; n++) {
		if (bits & (uint64_t)n->value) {
			text_add(out, "%s%s", between, n->name);
			between = ",";
		}
	}
}

static void print_map(struct text *out, const char *kind, const struct plan_extents *map)
{
	for (size_t i = 0; i < map->n; i++) {
		text_add(out, "%s map: %u %u %u\n", kind, map->v[i].inside, map->v[i].outside,
			 map->v[i].count);
	}
}

static void print_ids(struct text *out, const struct plan_ids *ids)
{
	static const char *const how[] = {
		[PLAN_IDS_NONE] = "none",
		[PLAN_IDS_DIRECT] = "direct",
		[PLAN_IDS_HELPERS] = "helpers",
	};

	text_add(out, "ids: %s%s", how[ids->how], ids->deny_setgroups ? ", setgroups denied" : "");
	if (ids->take_ids && (ids->setup_uid != 0 || ids->setup_gid != 0)) {
		text_add(out, ", become %u:%u", ids->setup_uid, ids->setup_gid);
	} else if (ids->take_ids) {
		text_add(out, ", become root");
	}
	text_add(out, "\n");
	if (ids->how == PLAN_IDS_HELPERS) {
		text_add(out, "id helpers: %s %s\n", ids->newuidmap, ids->newgidmap);
	}
	print_map(out, "uid", &ids->uid);
	print_map(out, "gid", &ids->gid);
}

static void print_namespaces(struct text *out, const struct plan *plan)
{
	const struct plan_namespaces *ns = &plan->ns;

	text_add(out, "new namespaces:");
	for (const struct name *n = spec_namespace_names; n->name; n++) {
		if (ns->new &(uint64_t)n->value) {
			text_add(out, " %s", n->name);
		}
	}
	text_add(out, "\n");
	for (size_t i = 0; i < ns->join_n; i++) {
		text_add(out, "join: %s %s\n", names_of(spec_namespace_names, ns->join[i].type),
			 ns->join[i].path);
	}
	for (size_t i = 0; i < ns->clock_n; i++) {
		text_add(out, "clock: %s %lld %u\n", ns->clocks[i].clock,
			 (long long)ns->clocks[i].secs, ns->clocks[i].nanosecs);
	}
	if (plan->hostname) {
		text_add(out, "hostname: %s\n", plan->hostname);
	}
	if (plan->domainname) {
		text_add(out, "domainname: %s\n", plan->domainname);
	}
	for (size_t i = 0; i < plan->net_device_n; i++) {
		text_add(out, "network device: %s as %s\n", plan->net_devices[i].host_name,
			 plan->net_devices[i].name);
	}
	text_add(out, "loopback up: %s\nnew keyring: %s\n", plan->loopback_up ? "yes" : "no",
		 plan->new_keyring ? "yes" : "no");
}

static void print_mount_ids(struct text *out, const struct plan_mount_ids *ids)
{
	text_add(out, " %s%s", ids->recursive ? "ridmap" : "idmap", ids->by_host ? "-by-host" : "");
	if (ids->namespace) {
		text_add(out, "=%s", ids->namespace);
		return;
	}
	for (size_t i = 0; i < ids->uid.n; i++) {
		text_add(out, "%suids:%u-%u-%u", i == 0 ? "=" : ",", ids->uid.v[i].inside,
			 ids->uid.v[i].outside, ids->uid.v[i].count);
	}
	for (size_t i = 0; i < ids->gid.n; i++) {
		text_add(out, ",gids:%u-%u-%u", ids->gid.v[i].inside, ids->gid.v[i].outside,
			 ids->gid.v[i].count);
	}
}

static void print_mount(struct text *out, const struct plan_mount *m)
{
	static const char *const kinds[] = {
		[PLAN_MOUNT_FS] = "fs",
		[PLAN_MOUNT_BIND] = "bind",
		[PLAN_MOUNT_CHANGE] = "change",
	};

	text_add(out, "mount: %s %s", kinds[m->kind], m->target);
	if (m->fstype) {
		text_add(out, " type=%s", m->fstype);
	}
	if (m->source) {
		text_add(out, " source=%s", m->source);
	}
	for (size_t i = 0; i < m->data_n; i++) {
		text_add(out, " data=%s", m->data[i]);
	}
	add_bits(out, "set", attr_names, m->set);
	add_bits(out, "clear", attr_names, m->clear);
	add_bits(out, "set-all", attr_names, m->set_all);
	add_bits(out, "clear-all", attr_names, m->clear_all);
	if (m->propagation) {
		text_add(out, " %s", names_of(propagation_names, (int64_t)m->propagation));
	}
	if (m->ids.present) {
		print_mount_ids(out, &m->ids);
	}
	if (m->label) {
		text_add(out, " label=%s", m->label);
	}
	if (m->as_caller) {
		text_add(out, " as-caller");
	}
	text_add(out, "%s%s%s%s%s%s%s%s%s%s\n", m->recursive ? " recursive" : "",
		 m->fs_readonly ? " readonly-fs" : "", m->copy_up ? " copy-up" : "",
		 m->source_nofollow ? " nofollow" : "", m->target_nofollow ? " dest-nofollow" : "",
		 m->copy_link ? " copy-symlink" : "", m->fall_back ? " or-bind" : "",
		 m->optional ? " optional" : "", m->own ? " own" : "",
		 m->sealed_last ? " sealed-last" : "");
}

static void print_device(struct text *out, const struct plan_device *d)
{
	switch (d->how) {
	case PLAN_DEVICE_BIND:
		text_add(out, "device: bind %s %c %u:%u from %s\n", d->path, d->type, d->major,
			 d->minor, d->source);
		break;
	case PLAN_DEVICE_NODE:
		text_add(out, "device: node %s %c %u:%u mode=%04o owner=%u:%u\n", d->path, d->type,
			 d->major, d->minor, d->mode, d->uid, d->gid);
		break;
	case PLAN_DEVICE_FIFO:
		text_add(out, "device: fifo %s mode=%04o owner=%u:%u\n", d->path, d->mode, d->uid,
			 d->gid);
		break;
	}
}

static void add_word(struct text *out, const char *word, bool there)
{
	text_add(out, "%s", there ? word : "");
}

static void print_net_config(struct text *out, const struct net_config *c)
{
	struct in_addr network = net_cidr_address(&c->cidr, 0);
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &network, text, sizeof(text));
	text_add(out, "network: mtu=%u cidr=%s/%u", c->mtu, text, c->cidr.prefix);
	add_word(out, " cidr-given", c->cidr_given);
	add_word(out, " ipv6", c->ipv6);
	add_word(out, " host-loopback", c->host_loopback);
	add_word(out, " lan", c->lan);
	add_word(out, " dns", c->dns);
	add_word(out, " by-slirp4netns", c->handler == NET_HANDLER_SLIRP);
	add_word(out, " keep-client", c->keep_client);
	add_word(out, " accel", c->accel);
	if (c->outbound_addr) {
		text_add(out, " outbound=%s", c->outbound_addr);
	}
	if (c->outbound_addr6) {
		text_add(out, " outbound6=%s", c->outbound_addr6);
	}
	text_add(out, "\n");
}

static void print_net(struct text *out, const struct plan_net *net)
{
	if (net->config) {
		print_net_config(out, net->config);
	}
	for (size_t i = 0; net->ports && i < net->ports->n; i++) {
		char text[NET_PORT_TEXT_MAX];

		net_port_print(&net->ports->v[i], text);
		text_add(out, "publish: %s\n", text);
	}
	for (size_t i = 0; i < net->early_n; i++) {
		text_add(out, "network sysctl: %s=%s\n", net->early[i].path, net->early[i].value);
	}
	if (net->names_first) {
		text_add(out, "network files: made and read first\n");
	}
	if (net->accel) {
		text_add(out, "network filter: of %s\n", net->where);
	}
}

static void print_fs(struct text *out, const struct plan_fs *fs)
{
	text_add(out, "rootfs: %s%s%s\n", fs->rootfs, fs->readonly ? " read-only" : "",
		 fs->no_pivot ? " no-pivot" : "");
	text_add(out, "host mounts: %s\n",
		 names_of(propagation_names, (int64_t)fs->host_propagation));
	if (fs->root_propagation) {
		text_add(out, "root propagation: %s\n",
			 names_of(propagation_names, (int64_t)fs->root_propagation));
	}
	for (size_t i = 0; i < fs->mount_n; i++) {
		print_mount(out, &fs->mounts[i]);
	}
	for (size_t i = 0; i < fs->device_n; i++) {
		print_device(out, &fs->devices[i]);
	}
	for (size_t i = 0; i < fs->link_n; i++) {
		text_add(out, "link: %s -> %s\n", fs->links[i].path, fs->links[i].target);
	}
	for (size_t i = 0; i < fs->masked.n; i++) {
		text_add(out, "masked: %s\n", fs->masked.v[i]);
	}
	for (size_t i = 0; i < fs->readonly_paths.n; i++) {
		text_add(out, "read-only: %s\n", fs->readonly_paths.v[i]);
	}
}

static void print_caps(struct text *out, const char *set, uint64_t mask)
{
	text_add(out, "%s:", set);
	for (const struct name *n = plan_cap_names; n->name; n++) {
		if (mask >> n->value & 1) {
			text_add(out, " %s", n->name + 4);
		}
	}
	text_add(out, "\n");
}

static void print_limit(struct text *out, uint64_t value)
{
	if (value == RLIM_INFINITY) {
		text_add(out, " unlimited");
	} else {
		text_add(out, " %llu", (unsigned long long)value);
	}
}

static void print_scheduler(struct text *out, const struct plan_scheduler *s)
{
	text_add(out, "scheduler: policy=%u flags=%llu nice=%d priority=%u", s->policy,
		 (unsigned long long)s->flags, s->nice, s->priority);
	if (s->runtime || s->deadline || s->period) {
		text_add(out, " runtime=%llu deadline=%llu period=%llu",
			 (unsigned long long)s->runtime, (unsigned long long)s->deadline,
			 (unsigned long long)s->period);
	}
	text_add(out, "\n");
}

/* Nodes from 64 on are rare: their words are told only where they hold any. */
static void print_memory_policy(struct text *out, const struct plan_memory_policy *policy)
{
	text_add(out, "memory policy: 0x%x nodes=%llx", (unsigned)policy->mode,
		 (unsigned long long)policy->nodes[0]);
	for (size_t i = 1; i < PLAN_NODES_MAX / 64; i++) {
		if (policy->nodes[i]) {
			text_add(out, " from %zu on=%llx", i * 64,
				 (unsigned long long)policy->nodes[i]);
		}
	}
	text_add(out, "\n");
}

static void print_process(struct text *out, const struct plan_process *p)
{
	if (!p->present) {
		text_add(out, "process: none\n");
		return;
	}
	for (size_t i = 0; i < p->args.n; i++) {
		text_add(out, "arg: %s\n", p->args.v[i]);
	}
	for (size_t i = 0; i < p->env.n; i++) {
		text_add(out, "env: %s\n", p->env.v[i]);
	}
	text_add(out, "path: %s\ncwd: %s\n", p->path, p->cwd);
	if (p->terminal) {
		text_add(out, "terminal: %u rows, %u columns\n", p->rows, p->columns);
	}
	text_add(out, "user: %u:%u\ngroups:", p->uid, p->gid);
	for (size_t i = 0; i < p->group_n; i++) {
		text_add(out, " %u", p->groups[i]);
	}
	text_add(out, "%s%s\n", p->set_groups ? "" : " (left alone)",
		 p->groups_may_stay ? " (may stay)" : "");
	if (p->set_umask) {
		text_add(out, "umask: %04o\n", p->umask);
	}
	print_caps(out, "bounding", p->caps.bounding);
	print_caps(out, "effective", p->caps.effective);
	print_caps(out, "permitted", p->caps.permitted);
	print_caps(out, "inheritable", p->caps.inheritable);
	print_caps(out, "ambient", p->caps.ambient);
	text_add(out, "no new privileges: %s\n", p->no_new_privs ? "yes" : "no");
	for (size_t i = 0; i < p->rlimit_n; i++) {
		text_add(out, "rlimit: %s", p->rlimits[i].name);
		print_limit(out, p->rlimits[i].soft);
		print_limit(out, p->rlimits[i].hard);
		text_add(out, "\n");
	}
	if (p->set_oom_score_adj) {
		text_add(out, "oom score: %d\n", p->oom_score_adj);
	}
	if (p->scheduler.set) {
		print_scheduler(out, &p->scheduler);
	}
	if (p->set_io_priority) {
		text_add(out, "io priority: %d:%d\n", p->io_priority >> 13,
			 p->io_priority & 0x1fff);
	}
	if (p->memory_policy.set) {
		print_memory_policy(out, &p->memory_policy);
	}
	if (p->set_personality) {
		text_add(out, "personality: 0x%lx\n", p->personality);
	}
	if (p->apparmor) {
		text_add(out, "apparmor: %s\n", p->apparmor);
	}
	if (p->selinux) {
		text_add(out, "selinux: %s\n", p->selinux);
	}
	if (p->preserve_fds > 0) {
		text_add(out, "descriptors kept: %d\n", p->preserve_fds);
	}
	if (p->listen_fds > 0) {
		text_add(out, "of them by socket activation: %d\n", p->listen_fds);
	}
}

static void print_cpus(struct text *out, const char *when, const struct plan_cpus *cpus)
{
	const char *between = " ";

	if (!cpus->set) {
		return;
	}
	text_add(out, "%s CPUs:", when);
	for (unsigned cpu = 0; cpu < PLAN_CPUS_MAX; cpu++) {
		if (cpus->bits[cpu / 64] >> (cpu % 64) & 1) {
			text_add(out, "%s%u", between, cpu);
			between = ",";
		}
	}
	text_add(out, "\n");
}

/* What exec joins, in place of what a launch makes. */
static void print_enter(struct text *out, const struct plan *plan)
{
	text_add(out, "enter:");
	for (const struct name *n = spec_namespace_names; n->name; n++) {
		if (plan->enter.join & (uint64_t)n->value) {
			text_add(out, " %s", n->name);
		}
	}
	text_add(out, "\nwait to be placed: %s\n", plan->enter.place ? "yes" : "no");
	print_cpus(out, "initial", &plan->enter.initial);
	print_cpus(out, "final", &plan->enter.final);
	text_add(out, "container's keyring: %s\n", plan->new_keyring ? "yes" : "no");
	if (plan->enter.mounts == PLAN_ENTER_NO_MOUNTS) {
		return;
	}
	if (plan->enter.mounts == PLAN_ENTER_ADD_MOUNTS) {
		text_add(out, "mounts are added; host mounts: %s\n",
			 names_of(propagation_names, (int64_t)plan->fs.host_propagation));
	} else {
		text_add(out, "mounts are removed\n");
	}
	for (size_t i = 0; i < plan->fs.mount_n; i++) {
		print_mount(out, &plan->fs.mounts[i]);
	}
}

static void print_hooks(struct text *out, const struct plan_hooks *hooks)
{
	for (size_t kind = 0; kind < PLAN_HOOK_KINDS; kind++) {
		for (size_t i = 0; i < hooks->of[kind].n; i++) {
			const struct plan_hook *h = &hooks->of[kind].v[i];

			text_add(out, "hook: %s %s", h->where, h->path);
			for (const char **arg = h->argv; *arg; arg++) {
				text_add(out, " \"%s\"", *arg);
			}
			text_add(out, "%s timeout=%d\n", h->env ? " own-env" : "", h->timeout);
		}
	}
	if (hooks->out) {
		text_add(out, "hooks' output: %s\n", hooks->out);
	}
	if (hooks->err) {
		text_add(out, "hooks' errors: %s\n", hooks->err);
	}
	if (hooks->state_head) {
		text_add(out, "hooks' state: %s…%s\n", hooks->state_head, hooks->state_tail);
	}
}

static void print_rdt(struct text *out, const struct plan_rdt *rdt)
{
	if (!rdt->group) {
		return;
	}
	text_add(out, "resctrl %s: %s%s%s\n", rdt->mount, rdt->group,
		 rdt->must_exist ? " must exist" : "",
		 rdt->remove_group ? " removed at the end" : "");
	if (rdt->l3_schema) {
		text_add(out, "resctrl schema: %s\n", rdt->l3_schema);
	}
	if (rdt->mb_schema) {
		text_add(out, "resctrl schema: %s\n", rdt->mb_schema);
	}
	for (size_t i = 0; i < rdt->schemata.n; i++) {
		text_add(out, "resctrl schema: %s\n", rdt->schemata.v[i]);
	}
	if (rdt->monitor) {
		text_add(out, "resctrl monitor: %s\n", rdt->monitor);
	}
}

static void print_filter(struct text *out, const struct plan_filter *f)
{
	if (f->present) {
		text_add(out, "filter: flags=0x%x%s%s%s", f->flags, f->strict ? " strict" : "",
			 f->notify ? " notify " : "", f->notify ? f->listener_path : "");
		if (f->listener_metadata) {
			text_add(out, " metadata=\"%s\"", f->listener_metadata);
		}
		if (f->program) {
			text_add(out, " ready-made, %zu bytes", f->program_size);
		}
		text_add(out, "\n");
	}
}

static void print_annotations(struct text *out, const struct plan_value *values)
{
	for (size_t i = 0; i < PLAN_ANNOTATION_N; i++) {
		const struct plan_value *v = &values[i];

		if (!v->text) {
			continue;
		}
		text_add(out, "annotation: %s: ", plan_annotations[i].name);
		switch (plan_annotations[i].kind) {
		case PLAN_ANNOTATION_FLAG:
			text_add(out, "%s\n", v->flag ? "yes" : "no");
			break;
		case PLAN_ANNOTATION_NUMBER:
			text_add(out, "%lld\n", (long long)v->number);
			break;
		default:
			text_add(out, "%s\n", v->text);
		}
	}
}

const char *plan_print(struct arena *arena, const struct plan *plan)
{
	struct text out;

	text_init(&out, arena);
	text_add(&out, "container: %s\nbundle: %s\n", plan->id, plan->bundle);
	print_annotations(&out, plan->annotations);
	print_ids(&out, &plan->ids);
	if (plan->trace) {
		text_add(&out, "steps are told\n");
	}
	if (plan->host_setup) {
		text_add(&out, "the host has something to do before the pivot\n");
	}
	if (plan->enter.present) {
		print_enter(&out, plan);
		print_net(&out, &plan->net);
	} else {
		print_namespaces(&out, plan);
		print_net(&out, &plan->net);
		plan_print_cgroup(&out, &plan->cgroup);
		print_fs(&out, &plan->fs);
	}
	print_process(&out, &plan->process);
	for (size_t i = 0; i < plan->sysctl_n; i++) {
		text_add(&out, "sysctl: %s = %s\n", plan->sysctls[i].path, plan->sysctls[i].value);
	}
	print_rdt(&out, &plan->rdt);
	print_filter(&out, &plan->filter);
	print_hooks(&out, &plan->hooks);
	for (size_t i = 0; i < plan->note_n; i++) {
		const struct plan_note *n = &plan->notes[i];

		text_add(&out, "%s: %s: %s: %s%s%s\n", n->quiet ? "quiet note" : "note", n->path,
			 n->what, n->why, n->remedy ? "; " : "", n->remedy ? n->remedy : "");
	}
	return out.s;
}
