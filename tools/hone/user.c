// SPDX-License-Identifier: GPL-2.0-only
/* Users: whom the reader runs as, once it need not be root. */
#include "user.h"
#include "msg.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *user;	/* NULL: nobody */
static uid_t uid;
static gid_t gid;

void user_choose(const char *name)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(name);
	if (!pw) {
		msg("-Z: %s: %s", name, errno ? strerror(errno) :
		    "there is no such user");
		exit(EXIT_USAGE);
	}
	if (geteuid() && geteuid() != pw->pw_uid) {
		msg("-Z: %s: only root can become another user", name);
		exit(EXIT_USAGE);
	}
	user = name;
	uid = pw->pw_uid;
	gid = pw->pw_gid;
}

bool user_wanted(void)
{
	return user && uid && !geteuid();
}

/* All three ids of both, so that there is no way back. */
bool user_become(void)
{
	if (!user_wanted())
		return true;
	if (initgroups(user, gid) || setresgid(gid, gid, gid) ||
	    setresuid(uid, uid, uid)) {
		msg_errno("becoming a user: %s", user);
		return false;
	}
	if (!setuid(0)) {
		msg("becoming a user: %s: it could become root again", user);
		return false;
	}
	return true;
}
