/* What the rest of the kernel knows of files: open files, descriptor tables, the page cache. */
#pragma once
#include "frame.h"
#include "sched.h"
#include "types.h"

struct dentry;
struct inode;
struct file;
struct fd_table;
struct fs_context;

void fs_init(void); /* root tmpfs, /dev, /proc, /tmp, then the boot manifest */

/* Open files. */
struct file *file_get(struct file *file);
void file_put(struct file *file);
struct inode *file_inode(struct file *file);
struct dentry *file_dentry(struct file *file); /* with a new reference */
bool file_can_read(const struct file *file);
bool file_can_write(const struct file *file);
bool file_is_sealed(const struct file *file); /* against writing */
bool file_is_regular(const struct file *file);
bool file_is_zero_device(const struct file *file); /* mmap of /dev/zero is anonymous memory */
void file_accessed(struct file *file); /* by reading or mapping it */
/* Path of an open file as getcwd would write it; length or -ERANGE. For /proc and /proc/self/exe. */
i64 file_path(struct file *file, char *buf, u64 size);
/* Make a hole in a file opened for writing; 0 or negative errno. */
i64 file_punch(struct file *file, u64 offset, u64 size);
/* Put dirty pages back and have the file system make them safe. 0 or negative errno. */
i64 file_sync(struct file *file, bool data_only);
/* Read into kernel memory, not moving the position; bytes or negative errno. */
i64 file_read_kernel(struct file *file, u64 offset, void *buf, u64 size);
/* Open a program: follows links, regular file, execute permission. ERR_PTR. `dirfd` as openat. */
struct file *file_open_exec(i32 dirfd, const char *path, u32 flags);
/* What file_open_exec has opened may be written again although the file stays open. */
void file_release_hold(struct file *file);
/* stdin, stdout, stderr of the first process as descriptors 0, 1, 2 of a new table. */
struct fd_table *fd_table_initial(void);

/* The asynchronous input and output of an address space ends with it (fs/aio.c). */
struct mm;
void aio_exit(struct mm *mm);

/* Descriptor tables and name-space contexts (cwd, root, umask). */
struct fd_table *fd_table_fork(struct fd_table *from); /* ERR_PTR */
struct fd_table *fd_table_get(struct fd_table *table);
void fd_table_put(struct fd_table *table);
void fd_table_close_on_exec(struct fd_table *table);
/* The open file of a descriptor with a new reference, or NULL. */
struct file *fd_file(struct fd_table *table, i32 fd);
struct fs_context *fs_context_initial(const char *cwd);
struct fs_context *fs_context_fork(struct fs_context *from); /* ERR_PTR */
struct fs_context *fs_context_get(struct fs_context *fs);
void fs_context_put(struct fs_context *fs);

/* The page cache. Both return a frame with a new reference.
   inode_page: reads it in (with read-ahead) or, for tmpfs and within the size, makes a zero page.
   0 = none, *error = -ENXIO behind the end of the file, -EIO, -ENOMEM. */
paddr inode_page(struct inode *inode, u64 index, i64 *error);
/* Only if it is in the cache already. */
paddr inode_page_cached(struct inode *inode, u64 index);
/* A shared writable mapping is about to change this page: it must reach the file some time. */
void inode_page_dirty(struct inode *inode, u64 index);
extern u64 pages_read_in; /* how often a page was not in the cache and had to be read */

/* The boot manifest's process part, filled by fs_init. */
struct boot_program {
    const char *path, *cwd, *hostname;
    const char **argv, **envp; /* NULL-terminated */
};
extern struct boot_program boot_program;

/* An unnamed tmpfs file of this size: what MAP_SHARED | MAP_ANONYMOUS maps. ERR_PTR. */
struct file *file_shared_memory(u64 size);
struct file *file_memory(const char *label, u64 size); /* the same under another name */
/* Frames are out: give back up to n clean cached ones (and the names around them); how many. */
u64 pagecache_reclaim(u64 n);
/* Put back the dirty pages of every file: sync(2), and before the machine stops. */
void pages_write_back_all(void);
/* Make sure of some free frames, unmapping file pages if need be; called where the kernel holds none
   (on the way back to user mode). false: there is nothing worth freeing. */
#define FRAMES_LOW 128
bool pagecache_relieve(void);
/* msync and munmap: write the dirty pages of [first, last) back to the host. */
i64 inode_write_back(struct inode *inode, u64 first, u64 last);
