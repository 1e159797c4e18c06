/* mq_notify(2): one process is told, once, that a message has come into an empty queue. */
#include "errno.h"
#include "lib.h"
#include "linux/sigframe.h"
#include "mqueue.h"
#include "net/socket.h"
#include "proc.h"
#include "syscall.h"
#include "uaccess.h"

#define NOTIFY_WOKEN 1   /* the last byte of a cookie says why it has come back */
#define NOTIFY_REMOVED 2

static void send_cookie(struct mq_notice *notice, u8 why) {
    notice->cookie[MQ_COOKIE - 1] = why;
    netlink_post(notice->socket, notice->cookie, MQ_COOKIE);
    socket_put(notice->socket);
}

static struct process *listener(const struct mq_notice *notice) {
    struct process *process = notice->pid ? process_find(notice->pid) : NULL;
    return process && process->start_ns == notice->since ? process : NULL;
}

bool mqueue_notifies(const struct mqueue *q, const struct process *process) {
    return listener(&q->notice) == process;
}

void mqueue_forget_notice(struct mqueue *q) {
    struct mq_notice *notice = &q->notice;
    if (notice->pid && notice->how == SIGEV_THREAD)
        send_cookie(notice, NOTIFY_REMOVED);
    notice->pid = 0;
}

void mqueue_notify(struct mqueue *q) {
    struct mq_notice *notice = &q->notice;
    struct process *process = listener(notice);
    struct siginfo info = {
        .signo = notice->signo, .code = SI_MESGQ, .pid = current->process->pid, .uid = current->cred->ruid,
        .value = notice->value,
    };
    if (!notice->pid)
        return;
    if (notice->how == SIGEV_THREAD)
        send_cookie(notice, NOTIFY_WOKEN);
    else if (notice->how == SIGEV_SIGNAL && notice->signo && process)
        signal_process(process, notice->signo, &info);
    notice->pid = 0;
}

/* The netlink socket a cookie is to be sent to, referenced; ERR_PTR. */
static struct socket *cookie_socket(i32 fd) {
    struct file *file = fd_peek(fd);
    struct socket *s = file ? file_socket(file) : NULL;
    if (!s)
        return ERR_PTR(file ? -ENOTSOCK : -EBADF);
    return s->family == AF_NETLINK ? socket_get(s) : ERR_PTR(-EINVAL);
}

/* What the user asks for; a socket is referenced by it. */
static i64 read_notice(struct mq_notice *notice, u64 from) {
    struct sigevent event;
    if (get_user(event, from))
        return -EFAULT;
    if (event.notify != SIGEV_NONE && event.notify != SIGEV_SIGNAL && event.notify != SIGEV_THREAD)
        return -EINVAL;
    if (event.notify == SIGEV_SIGNAL && (u32)event.signo > NSIG)
        return -EINVAL;
    *notice = (struct mq_notice){
        .pid = current->process->pid, .since = current->process->start_ns, .how = event.notify,
        .signo = event.signo, .value = event.value,
    };
    if (event.notify != SIGEV_THREAD)
        return 0;
    if (copy_from_user(notice->cookie, event.value, MQ_COOKIE))
        return -EFAULT;
    notice->socket = cookie_socket(event.signo);
    return IS_ERR(notice->socket) ? PTR_ERR(notice->socket) : 0;
}

i64 sys_mq_notify(const u64 *a) {
    struct mq_notice wanted = {.pid = 0};
    i64 error = a[1] ? read_notice(&wanted, a[1]) : 0;
    if (error)
        return error;
    struct mqueue *q = mqueue_of(fd_peek(a[0]));
    if (!q)
        error = -EBADF;
    else if (a[1] && q->notice.pid)
        error = -EBUSY;
    if (error && wanted.socket)
        socket_put(wanted.socket);
    if (error)
        return error;
    if (a[1])
        q->notice = wanted;
    else if (mqueue_notifies(q, current->process))
        mqueue_forget_notice(q);
    q->inode.atime = q->inode.ctime = clock_realtime();
    return 0;
}
