/* Pointers that lead astray: System V semaphores, messages and shared memory; POSIX message queues. */
#include "pointers.h"
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { QUEUE = 100 };

static int semaphores, queue, memory;

static void end(void)
{
    semctl(semaphores, 0, IPC_RMID);
    msgctl(queue, IPC_RMID, 0);
    shmctl(memory, IPC_RMID, 0);
}

static void begin(void)
{
    semaphores = MUST(semget(IPC_PRIVATE, 3, 0600));
    queue = MUST(msgget(IPC_PRIVATE, 0600));
    memory = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
}

#define IPC(text, call, ...) do { say(text); BAD(call, __VA_ARGS__); } while (0)

CASE(semop, "semop semtimedop")
{
    begin();
    IPC("semop", semop, semaphores, BUF, 2);
    IPC("semtimedop", semtimedop, semaphores, BUF, 2, TIMEOUT);
    IPC("of none", semop, semaphores, BUF, 0);
    IPC("of too many", semop, semaphores, BUF, 501);
    IPC("of no set", semop, -1, BUF, 1);
    IPC("in vain", semtimedop, -1, BUF, 1, TIMEOUT);
    end();
}

CASE(semctl, "semctl")
{
    begin();
    IPC("IPC_STAT", semctl, semaphores, 0, IPC_STAT, BUF);
    IPC("IPC_SET", semctl, semaphores, 0, IPC_SET, BUF);
    IPC("GETALL", semctl, semaphores, 0, GETALL, BUF);
    IPC("SETALL", semctl, semaphores, 0, SETALL, BUF);
    IPC("IPC_INFO", semctl, semaphores, 0, IPC_INFO, BUF);
    IPC("SEM_INFO", semctl, semaphores, 0, 19, BUF);
    IPC("no such set", semctl, -1, 0, IPC_STAT, BUF);
    IPC("set no such set", semctl, -1, 0, IPC_SET, BUF);
    end();
}

static void a_message(void)
{
    struct { long type; char text[16]; } m = {1, "0123456789abcde"};
    while (msgrcv(queue, &m, sizeof m.text, 0, IPC_NOWAIT) >= 0)
        ;
    m.type = 1;
    msgsnd(queue, &m, sizeof m.text, IPC_NOWAIT);
}

static void no_message(void)
{
    char waste[256];
    while (msgrcv(queue, waste, 64, 0, IPC_NOWAIT) >= 0)
        ;
}

CASE(messages, "msgsnd msgrcv")
{
    begin();
    AFTER(no_message, msgsnd, queue, LENGTH, 16, IPC_NOWAIT);
    AFTER(no_message, msgsnd, queue, LENGTH, 0, IPC_NOWAIT);
    AFTER(no_message, msgsnd, -1, LENGTH, 16, IPC_NOWAIT);
    COUNT(a_message, msgrcv, queue, BUF, 32, 0, IPC_NOWAIT);
    COUNT(a_message, msgrcv, queue, BUF, 8, 0, IPC_NOWAIT);
    COUNT(a_message, msgrcv, queue, BUF, 8, 0, IPC_NOWAIT | MSG_NOERROR);
    COUNT(no_message, msgrcv, queue, BUF, 32, 0, IPC_NOWAIT);
    COUNT(no_message, msgrcv, -1, BUF, 32, 0, IPC_NOWAIT);
    end();
}

/* Whether a message that could not be put anywhere is still there. */
CASE(message_that_fails, "msgrcv")
{
    char text[64];
    begin();
    a_message();
    T(syscall(SYS_msgrcv, queue, 8, 32, 0, IPC_NOWAIT));
    T(syscall(SYS_msgrcv, queue, text, 32, 0, IPC_NOWAIT));
    end();
}

CASE(msgctl, "msgctl")
{
    begin();
    IPC("IPC_STAT", msgctl, queue, IPC_STAT, BUF);
    IPC("IPC_SET", msgctl, queue, IPC_SET, BUF);
    IPC("IPC_INFO", msgctl, queue, IPC_INFO, BUF);
    IPC("MSG_INFO", msgctl, queue, 12, BUF);
    IPC("no such queue", msgctl, -1, IPC_STAT, BUF);
    IPC("set no such queue", msgctl, -1, IPC_SET, BUF);
    end();
}

CASE(shmctl, "shmctl")
{
    begin();
    IPC("IPC_STAT", shmctl, memory, IPC_STAT, BUF);
    IPC("IPC_SET", shmctl, memory, IPC_SET, BUF);
    IPC("IPC_INFO", shmctl, memory, IPC_INFO, BUF);
    IPC("SHM_INFO", shmctl, memory, 14, BUF);
    IPC("no such segment", shmctl, -1, IPC_STAT, BUF);
    IPC("set no such segment", shmctl, -1, IPC_SET, BUF);
    end();
}

static void begin_queue(void)
{
    struct { long flags, capacity, size, count, reserved[4]; } attributes = {.capacity = 9, .size = 64};
    char name[32];
    snprintf(name, sizeof name, "pointers-%d", getpid());
    MUST(dup2(MUST(syscall(SYS_mq_open, name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes)), QUEUE));
    MUST(syscall(SYS_mq_unlink, name));
}

static void nothing_waits(void)
{
    char waste[64];
    while (syscall(SYS_mq_timedreceive, QUEUE, waste, sizeof waste, 0, 0) >= 0)
        ;
}

static void one_waits(void)
{
    nothing_waits();
    syscall(SYS_mq_timedsend, QUEUE, "text", 4, 0, 0);
}

/* Queues outlive who made them. */
static void no_queue(void) { syscall(SYS_mq_unlink, "f"); }

CASE(mq_open, "mq_open mq_unlink") { AFTER(no_queue, mq_open, NAME, O_RDONLY, 0, BUF); AFTER(no_queue, mq_unlink, NAME); }
CASE(mq_open_new, "mq_open") { AFTER(no_queue, mq_open, NAME, O_CREAT | O_RDWR, 0600, BUF); no_queue(); }
CASE(mq_timedsend, "mq_timedsend") { begin_queue(); AFTER(nothing_waits, mq_timedsend, QUEUE, BUF, 4, 0, TIMEOUT); }
CASE(mq_timedreceive, "mq_timedreceive") { begin_queue(); COUNT(one_waits, mq_timedreceive, QUEUE, BUF, 64, BUF, TIMEOUT); }
CASE(mq_notify, "mq_notify") { begin_queue(); BAD(mq_notify, QUEUE, BUF); }
CASE(mq_getsetattr, "mq_getsetattr") { begin_queue(); BAD(mq_getsetattr, QUEUE, BUF, BUF); }
