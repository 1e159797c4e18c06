/* System V shared memory, semaphores and message queues. */
#define _GNU_SOURCE
#include "../shared/asleep.h"
#include "../case.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>

enum { PAGE = 4096 };
static key_t key;

static int status_of(pid_t pid)
{
    int status;
    waitpid(pid, &status, 0);
    return status;
}

static int attaches(int id)
{
    struct shmid_ds ds;
    return shmctl(id, IPC_STAT, &ds) ? -1 : (int)ds.shm_nattch;
}

static void memory(void)
{
    struct shmid_ds ds;
    int id = shmget(key, 3 * PAGE - 100, IPC_CREAT | IPC_EXCL | 0600), only;
    MUST(id >= 0);
    TRY(shmget(key, 100, IPC_CREAT | IPC_EXCL | 0600));
    TRY(shmget(key, 100, 0) == id);
    TRY(shmget(key, 4 * PAGE, 0));
    TRY(shmget(key + 1, 100, 0));
    TRY(shmget(key + 1, 0, IPC_CREAT | 0600));
    char *a = shmat(id, 0, 0), *b = shmat(id, 0, SHM_RDONLY);
    MUST(a != (char *)-1 && b != (char *)-1);
    strcpy(a + PAGE, "hello");
    printf("both: %s, attaches %d\n", b + PAGE, attaches(id));
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        printf("child: %s, attaches %d\n", b + PAGE, attaches(id));
        strcpy(a + PAGE, "from the child");
        fflush(stdout);
        *(volatile char *)b = 1;
        _exit(0);
    }
    printf("child ended by %d\n", WTERMSIG(status_of(pid)));
    printf("now: %s, attaches %d\n", b + PAGE, attaches(id));
    MUST(!shmctl(id, IPC_STAT, &ds));
    printf("size %zu mode %o mine %d %d\n", ds.shm_segsz, ds.shm_perm.mode, ds.shm_cpid == getpid(),
           ds.shm_perm.uid == getuid());
    TRY(shmdt(b));
    TRY(shmdt(b));
    TRY(shmdt(a + PAGE));
    printf("attaches %d\n", attaches(id));
    TRY(shmat(id, a + PAGE, 0) == (void *)-1 ? -1 : 0);
    TRY(shmat(id, a + 10, 0) == (void *)-1 ? -1 : 0);
    TRY(shmat(-1, 0, 0) == (void *)-1 ? -1 : 0);
    char *room = mmap(0, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(room, 8 * PAGE);
    printf("rounded: %d\n", shmat(id, room + PAGE + 7, SHM_RND) == room + PAGE);
    printf("remapped: %d\n", shmat(id, room + 2 * PAGE, SHM_REMAP) == room + 2 * PAGE);
    printf("attaches %d\n", attaches(id));
    ds.shm_perm.mode = 0640;
    TRY(shmctl(id, IPC_SET, &ds));
    TRY(shmctl(id, IPC_RMID, 0));
    TRY(shmctl(id, IPC_STAT, &ds));
    printf("mode %o\n", ds.shm_perm.mode);
    printf("removed but there: %s\n", a + PAGE);
    TRY(shmget(key, 100, 0));
    char *late = shmat(id, 0, 0);
    printf("late: %s\n", late == (char *)-1 ? strerror(errno) : late + PAGE);
    shmdt(a), shmdt(late), shmdt(room + PAGE), shmdt(room + 2 * PAGE);
    TRY(shmctl(id, IPC_STAT, &ds));
    TRY(shmctl(id, 77, &ds));
    only = shmget(IPC_PRIVATE, PAGE, 0600);
    TRY(shmctl(only, IPC_RMID, 0));
    TRY(shmctl(only, IPC_RMID, 0));
}

static struct sembuf op(int number, int value, int flags) { return (struct sembuf){number, value, flags}; }

static void on_alarm(int number) { (void)number; }

static void semaphores(void)
{
    struct semid_ds ds;
    unsigned short values[3] = {1, 2, 3};
    struct sembuf ops[3];
    int id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0600);
    MUST(id >= 0);
    TRY(semget(key, 4, 0));
    TRY(semget(key, 0, 0) == id);
    TRY(semget(key + 1, 0, IPC_CREAT | 0600));
    TRY(semget(key + 1, -1, IPC_CREAT | 0600));
    TRY(semctl(id, 0, SETALL, values));
    TRY(semctl(id, 1, GETVAL));
    TRY(semctl(id, 3, GETVAL));
    TRY(semctl(id, 1, SETVAL, 5));
    TRY(semctl(id, 1, SETVAL, 32768));
    TRY(semctl(id, 1, SETVAL, -1));
    ops[0] = op(0, -1, 0), ops[1] = op(1, -6, IPC_NOWAIT), ops[2] = op(2, 1, 0);
    TRY(semop(id, ops, 3));
    memset(values, 0, sizeof values);
    TRY(semctl(id, 0, GETALL, values));
    printf("all or none: %d %d %d\n", values[0], values[1], values[2]);
    ops[1] = op(1, -5, 0);
    TRY(semop(id, ops, 3));
    ops[0] = op(0, 0, 0), ops[1] = op(2, 32767, 0);
    TRY(semop(id, ops, 1));
    TRY(semop(id, ops, 2));
    ops[0] = op(3, 1, 0);
    TRY(semop(id, ops, 1));
    TRY(semop(id, ops, 0));
    TRY(semop(id, ops, 501));
    TRY(semop(id, (struct sembuf *)8, 1));
    struct timespec moment = {0, 50000000};
    ops[0] = op(0, -1, 0);
    TRY(semtimedop(id, ops, 1, &moment));
    printf("mine %d\n", semctl(id, 0, GETPID) == getpid());
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, 0);
    alarm(1);
    TRY(semop(id, ops, 1));
    fflush(stdout);
    /* A child that borrows and never gives back. */
    pid_t pid = fork();
    if (!pid) {
        ops[0] = op(2, -4, SEM_UNDO), ops[1] = op(1, 7, SEM_UNDO);
        MUST(!semop(id, ops, 2));
        printf("child: %d %d\n", semctl(id, 2, GETVAL), semctl(id, 1, GETVAL));
        fflush(stdout);
        _exit(0);
    }
    status_of(pid);
    printf("undone: %d %d\n", semctl(id, 2, GETVAL), semctl(id, 1, GETVAL));
    /* Ping and pong. */
    MUST(!semctl(id, 0, SETVAL, 0) && !semctl(id, 1, SETVAL, 0));
    fflush(stdout);
    pid = fork();
    if (!pid) {
        for (int i = 0; i < 100; i++) {
            ops[0] = op(0, -1, 0), ops[1] = op(1, 1, 0);
            MUST(!semop(id, ops, 2));
        }
        _exit(0);
    }
    for (int i = 0; i < 100; i++) {
        ops[0] = op(0, 1, 0);
        MUST(!semop(id, ops, 1));
        ops[0] = op(1, -1, 0);
        MUST(!semop(id, ops, 1));
    }
    printf("played: %d, left %d %d\n", status_of(pid), semctl(id, 0, GETVAL), semctl(id, 1, GETVAL));
    /* Removed under a sleeper. */
    pid = fork();
    if (!pid) {
        ops[0] = op(0, -1, 0);
        _exit(semop(id, ops, 1) && errno == EIDRM ? 9 : 1);
    }
    while (semctl(id, 0, GETNCNT) != 1)
        usleep(1000);
    MUST(!semctl(id, 0, IPC_STAT, &ds));
    printf("set of %lu mode %o\n", (unsigned long)ds.sem_nsems, ds.sem_perm.mode & 0777);
    TRY(semctl(id, 0, IPC_RMID));
    printf("sleeper: %d\n", WEXITSTATUS(status_of(pid)));
    TRY(semop(id, ops, 1));
}

struct text {
    long type;
    char text[64];
};

static void send(int id, long type, const char *text, int flags)
{
    struct text m = {.type = type};
    strcpy(m.text, text);
    printf("send %ld %s: %s\n", type, text, msgsnd(id, &m, strlen(text), flags) ? strerror(errno) : "ok");
}

static void receive(int id, long type, size_t size, int flags)
{
    struct text m = {0};
    ssize_t n = msgrcv(id, &m, size, type, flags | IPC_NOWAIT);
    printf("receive %ld: %zd %ld %s\n", type, n, n < 0 ? 0 : m.type, n < 0 ? strerror(errno) : m.text);
}

static void messages(void)
{
    struct msqid_ds ds;
    int id = msgget(key, IPC_CREAT | IPC_EXCL | 0600);
    MUST(id >= 0);
    TRY(msgget(key, IPC_CREAT | IPC_EXCL));
    TRY(msgget(key + 1, 0));
    send(id, 3, "three", 0);
    send(id, 1, "one", 0);
    send(id, 2, "two", 0);
    send(id, 1, "another one", 0);
    send(id, 0, "nothing", 0);
    send(id, -5, "negative", 0);
    MUST(!msgctl(id, IPC_STAT, &ds));
    printf("%lu messages of %lu bytes\n", (unsigned long)ds.msg_qnum, (unsigned long)ds.msg_cbytes);
    receive(id, 2, 64, 0);
    receive(id, -3, 64, 0);
    receive(id, 1, 64, MSG_EXCEPT);
    receive(id, 7, 64, 0);
    receive(id, 0, 3, 0);
    receive(id, 0, 3, MSG_NOERROR);
    receive(id, 0, 64, 0);
    static struct { long type; char text[9000]; } big = {1, ""};
    TRY(msgsnd(id, &big, 9000, 0));
    memset(big.text, 'b', sizeof big.text);
    TRY(msgsnd(id, &big, 8192, IPC_NOWAIT));
    TRY(msgsnd(id, &big, 8192, IPC_NOWAIT));
    TRY(msgsnd(id, &big, 1, IPC_NOWAIT));
    memset(big.text, 0, sizeof big.text);
    TRY(msgrcv(id, &big, 9000, 0, 0));
    printf("%c%c%d\n", big.text[0], big.text[8191], big.text[8192]);
    TRY(msgrcv(id, (void *)8, 9000, 0, 0));
    TRY(msgrcv(id, &big, -1, 0, 0));
    TRY(msgsnd(id, (void *)8, 10, 0));
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        struct text m;
        for (int i = 0; i < 50; i++) {
            MUST(msgrcv(id, &m, 64, 1, 0) > 0);
            m.type = 2;
            MUST(!msgsnd(id, &m, 64, 0));
        }
        _exit(msgrcv(id, &m, 64, 1, 0) < 0 && errno == EIDRM ? 8 : 1);
    }
    struct text m = {1, "ball"};
    for (int i = 0; i < 50; i++) {
        m.type = 1;
        MUST(!msgsnd(id, &m, 64, 0) && msgrcv(id, &m, 64, 2, 0) == 64);
    }
    until_asleep(pid);
    TRY(msgctl(id, IPC_RMID, 0));
    printf("sleeper: %d\n", WEXITSTATUS(status_of(pid)));
    TRY(msgctl(id, IPC_STAT, &ds));
    send(id, 1, "late", 0);
}

static void rights(void)
{
    struct shmid_ds ds;
    if (getuid())
        return;
    int shm = shmget(IPC_PRIVATE, PAGE, 0640), sem = semget(IPC_PRIVATE, 1, 0604), msg = msgget(IPC_PRIVATE, 0600);
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        MUST(!setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
        struct text m = {1, "x"};
        struct sembuf down = op(0, -1, IPC_NOWAIT), zero = op(0, 0, 0);
        TRY(shmat(shm, 0, 0) == (void *)-1 ? -1 : 0);
        TRY(shmctl(shm, IPC_STAT, &ds));
        TRY(shmctl(shm, IPC_RMID, 0));
        TRY(semop(sem, &zero, 1));
        TRY(semop(sem, &down, 1));
        TRY(semctl(sem, 0, GETVAL));
        TRY(semctl(sem, 0, SETVAL, 3));
        TRY(semctl(sem, 0, IPC_RMID));
        TRY(msgsnd(msg, &m, 1, 0));
        TRY(msgctl(msg, IPC_RMID, 0));
        fflush(stdout);
        _exit(0);
    }
    status_of(pid);
    shmctl(shm, IPC_RMID, 0), semctl(sem, 0, IPC_RMID), msgctl(msg, IPC_RMID, 0);
}

int main(int argc, char **argv)
{
    enter(argc, argv);
    key = 0x6e760000 + getpid() % 0x7ffe * 2;
    memory();
    semaphores();
    messages();
    rights();
    return 0;
}
