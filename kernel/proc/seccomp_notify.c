/* Listeners of seccomp filters: the calls of some processes are answered by another. A call that waits for
   its answer is on the stack of its thread; the listener's process refers to it by number. */
#include "seccomp_notify.h"
#include "errno.h"
#include "fs/anon.h"
#include "lib.h"
#include "proc.h"
#include "uaccess.h"

enum state { ASKED, TOLD, ANSWERED };

/* A descriptor that the asking thread is to take. */
struct delivery {
    struct file *file;
    u32 flags, number, descriptor_flags;
    i64 result;
    bool done;
    struct wait_queue taken;
};

struct question {
    struct list link;
    struct task *task;
    const struct seccomp_data *data;
    u64 id;
    enum state state;
    struct seccomp_notif_resp answer;
    struct delivery *delivery; /* NULL: none under way */
};

struct listener {
    u32 refs; /* the filter and the open file */
    bool filter_gone, closed;
    bool killable; /* who has been told of cannot be interrupted but by SIGKILL */
    u64 last_id;
    struct list questions;
    struct poll_head head; /* for who reads */
};

struct listener *listener_new(void) {
    struct listener *listener = kzalloc(sizeof(*listener));
    if (!listener)
        return NULL;
    listener->refs = 1;
    listener->last_id = random_u64() >> 1;
    list_init(&listener->questions);
    poll_head_init(&listener->head);
    return listener;
}

static void put(struct listener *listener) {
    if (--listener->refs)
        return;
    poll_head_detach(&listener->head);
    kfree(listener);
}

i64 listener_sizes(u64 to) {
    const u16 sizes[] = { sizeof(struct seccomp_notif), sizeof(struct seccomp_notif_resp), sizeof(struct seccomp_data) };
    return copy_to_user(to, sizes, sizeof(sizes));
}

bool listener_is_open(const struct listener *listener) { return listener && !listener->closed; }

void listener_filter_gone(struct listener *listener) {
    if (!listener)
        return;
    listener->filter_gone = true;
    poll_wake(&listener->head, POLLHUP);
    put(listener);
}

static struct question *find(struct listener *listener, u64 id) {
    struct question *question;
    list_for_each(question, &listener->questions, link)
        if (question->id == id)
            return question;
    return NULL;
}

static struct question *next_asked(struct listener *listener) {
    struct question *question;
    list_for_each(question, &listener->questions, link)
        if (question->state == ASKED)
            return question;
    return NULL;
}

/* In the asking thread, whose table it is. */
static void take_delivery(struct question *question) {
    struct delivery *delivery = question->delivery;
    bool cloexec = delivery->descriptor_flags & O_CLOEXEC;
    question->delivery = NULL;
    delivery->result = delivery->flags & SECCOMP_ADDFD_FLAG_SETFD
                           ? fd_replace(file_get(delivery->file), (i32)delivery->number, cloexec)
                           : fd_install(file_get(delivery->file), 0, cloexec);
    delivery->done = true;
    if (delivery->result >= 0 && (delivery->flags & SECCOMP_ADDFD_FLAG_SEND)) {
        question->state = ANSWERED;
        question->answer = (struct seccomp_notif_resp){ .val = delivery->result };
    }
    wake_all(&delivery->taken);
}

static void give_up_delivery(struct question *question) {
    if (!question->delivery)
        return;
    question->delivery->result = -ENOENT;
    question->delivery->done = true;
    wake_all(&question->delivery->taken);
}

bool listener_allows(struct listener *listener, struct trapframe *frame, const struct seccomp_data *data) {
    struct question question = { .task = current, .data = data };
    if (!listener_is_open(listener)) {
        frame->rax = (u64)-ENOSYS;
        return false;
    }
    question.id = ++listener->last_id;
    list_append(&listener->questions, &question.link);
    poll_wake(&listener->head, POLLIN | POLLRDNORM);
    i64 why = 0;
    while (question.state != ANSWERED && !why) {
        current->killable_sleep = listener->killable && question.state == TOLD;
        why = sleep_until(NEVER);
        current->killable_sleep = false;
        if (question.delivery)
            take_delivery(&question);
    }
    list_remove(&question.link);
    give_up_delivery(&question);
    if (question.state != ANSWERED) {
        frame->rax = (u64)-ERESTARTSYS;
        return false;
    }
    frame->rax = (u64)(question.answer.error ? question.answer.error : question.answer.val);
    return question.answer.flags & SECCOMP_USER_NOTIF_FLAG_CONTINUE;
}

static void answer(struct question *question, const struct seccomp_notif_resp *response) {
    question->answer = *response;
    question->state = ANSWERED;
    wake_task(question->task);
}

static i64 receive(struct listener *listener, u64 to) {
    struct seccomp_notif notice;
    struct question *question;
    if (get_user(notice, to))
        return -EFAULT;
    for (u64 i = 0; i < sizeof(notice); i++)
        if (((const u8 *)&notice)[i])
            return -EINVAL;
    while (!(question = next_asked(listener))) {
        if (listener->filter_gone)
            return -ENOENT;
        if (wait_on(&listener->head.sleepers, NEVER))
            return -ERESTARTSYS;
    }
    notice = (struct seccomp_notif){ .id = question->id, .pid = (u32)question->task->tid, .data = *question->data };
    question->state = TOLD;
    if (put_user(notice, to)) {
        question = find(listener, notice.id);
        if (question && question->state == TOLD)
            question->state = ASKED;
        return -EFAULT;
    }
    poll_wake(&listener->head, POLLOUT | POLLWRNORM);
    if (listener->killable)
        wake_task(question->task); /* to sleep on more deeply */
    return 0;
}

static i64 respond(struct listener *listener, u64 from) {
    struct seccomp_notif_resp response;
    if (get_user(response, from))
        return -EFAULT;
    if ((response.flags & ~SECCOMP_USER_NOTIF_FLAG_CONTINUE) || (response.flags && (response.error || response.val)))
        return -EINVAL;
    struct question *question = find(listener, response.id);
    if (!question)
        return -ENOENT;
    if (question->state != TOLD)
        return -EINPROGRESS;
    answer(question, &response);
    return 0;
}

static i64 still_asked(struct listener *listener, u64 from) {
    u64 id;
    if (get_user(id, from))
        return -EFAULT;
    const struct question *question = find(listener, id);
    return question && question->state == TOLD ? 0 : -ENOENT;
}

/* Hand a descriptor to the thread, which takes it when it runs next. */
static i64 add_descriptor(struct listener *listener, u64 from) {
    struct seccomp_notif_addfd request;
    if (get_user(request, from))
        return -EFAULT;
    if ((request.newfd_flags & ~(u32)O_CLOEXEC) ||
        (request.flags & ~(SECCOMP_ADDFD_FLAG_SETFD | SECCOMP_ADDFD_FLAG_SEND)) ||
        (request.newfd && !(request.flags & SECCOMP_ADDFD_FLAG_SETFD)))
        return -EINVAL;
    struct file *file = fd_file(current->files, (i32)request.srcfd);
    if (!file)
        return -EBADF;
    struct question *question = find(listener, request.id);
    i64 result = !question ? -ENOENT : question->state != TOLD ? -EINPROGRESS : question->delivery ? -EBUSY : 0;
    if (!result) {
        struct delivery delivery = { .file = file, .flags = request.flags, .number = request.newfd,
                                     .descriptor_flags = request.newfd_flags };
        wait_queue_init(&delivery.taken);
        question->delivery = &delivery;
        wake_task(question->task);
        while (!delivery.done && !wait_on(&delivery.taken, NEVER)) {
        }
        if (!delivery.done) { /* interrupted: the thread must not look here any more */
            question->delivery = NULL;
            delivery.result = -ERESTARTSYS;
        }
        result = delivery.result;
    }
    file_put(file);
    return result;
}

static i64 listener_ioctl(struct file *file, u64 command, u64 argument) {
    struct listener *listener = file->private;
    switch ((u32)command) {
    case SECCOMP_IOCTL_NOTIF_RECV:
        return receive(listener, argument);
    case SECCOMP_IOCTL_NOTIF_SEND:
        return respond(listener, argument);
    case SECCOMP_IOCTL_NOTIF_ID_VALID:
        return still_asked(listener, argument);
    case SECCOMP_IOCTL_NOTIF_ADDFD:
        return add_descriptor(listener, argument);
    default:
        return -EINVAL;
    }
}

static u32 listener_poll(struct file *file, struct poll_table *table) {
    struct listener *listener = file->private;
    const struct question *question;
    u32 events = listener->filter_gone ? POLLHUP : 0;
    poll_add(table, &listener->head);
    list_for_each(question, &listener->questions, link)
        events |= question->state == ASKED ? POLLIN | POLLRDNORM : question->state == TOLD ? POLLOUT | POLLWRNORM : 0;
    return events;
}

/* Nobody will answer any more. */
static void listener_release(struct file *file) {
    struct listener *listener = file->private;
    struct question *question;
    listener->closed = true;
    list_for_each(question, &listener->questions, link)
        if (question->state != ANSWERED)
            answer(question, &(struct seccomp_notif_resp){ .error = -ENOSYS });
    put(listener);
}

static const struct file_ops listener_ops = {
    .ioctl = listener_ioctl, .poll = listener_poll, .seek = anon_seek, .release = listener_release,
};

i64 listener_open(struct listener *listener, bool killable) {
    struct file *file = anon_file("anon_inode:seccomp notify", &listener_ops, O_RDWR, listener);
    if (IS_ERR(file))
        return PTR_ERR(file);
    listener->refs++;
    listener->killable = killable;
    return fd_install(file, 0, true);
}
