/* From paths to dentries (fs/walk.c). One walk at a time: paths live in static buffers, which is
   sound because a walk never sleeps. */
#pragma once
#include "fs/dentry.h"
#include "linux/fcntl.h"

#define WALK_FOLLOW 1    /* a link as the last component is followed */
#define WALK_PARENT 2    /* stop before the last component, which goes to `last` */
#define WALK_DIRECTORY 4 /* the result must be a directory */
#define WALK_EMPTY 8     /* an empty path is the base itself */
#define WALK_OPEN 16     /* the result will be read: its content may be fetched with it */
/* openat2(2): what the path must not lead through. */
#define WALK_NO_XDEV 32        /* other file systems */
#define WALK_NO_MAGIC_LINKS 64 /* links to objects, as in /proc */
#define WALK_NO_LINKS 128      /* any link */
#define WALK_BENEATH 256       /* out of the directory it starts from */
#define WALK_IN_ROOT 512       /* the same, but that directory is "/" */
#define WALK_CONFINED (WALK_BENEATH | WALK_IN_ROOT)

struct walk {
    struct dentry *top; /* where ".." ends and "/" begins; held by whoever holds it for the process */
    struct dentry *at;  /* the result or, with WALK_PARENT, the directory; referenced */
    struct name last;   /* WALK_PARENT: size 0 when there is none ("/", or it is "." or "..") */
    bool dot, dotdot;   /* the last component is one of those */
    bool slash;         /* slashes follow the last component */
    u32 flags, links;
    char *buffer, *rest;
};

/* Paths are read into buffer 0 or 1 (rename and link have two). Text or ERR_PTR. */
char *path_from_user(int buffer, u64 address);
char *path_from_kernel(int buffer, const char *path);

/* Walk a path in one of the buffers from `dirfd`; 0 or negative errno. */
i64 walk_at(struct walk *walk, i32 dirfd, char *path, u32 flags);
/* Go on through a symbolic link found at walk->at with name `last`. */
i64 walk_through(struct walk *walk, struct dentry *link);
/* Look a name up in a directory, crossing into mounts: dentry, NULL, ERR_PTR. */
struct dentry *walk_lookup(struct dentry *dir, const struct name *name, const char *rest, u32 flags);

/* user path -> referenced dentry or ERR_PTR. */
struct dentry *walk_user(i32 dirfd, u64 path, u32 flags);
/* kernel path, from the root, for the boot manifest. */
struct dentry *walk_kernel(const char *path, u32 flags);
