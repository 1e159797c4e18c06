/* System V memory, semaphores and messages: what they promise beside their names. */
#include "case.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

struct message {
    long type;
    char text[64];
};

static key_t own_key(int which)
{
    return (key_t)(0x5e000000 + getpid() * 16 + which);
}

CASE(memory_segments, "shmget shmat shmdt shmctl")
{
    struct shmid_ds info;
    key_t key = own_key(0);
    T(shmget(key, PAGE, 0600));
    T(shmget(key, 0, IPC_CREAT | 0600));
    int id = MUST(shmget(key, PAGE + 1, IPC_CREAT | IPC_EXCL | 0640));
    T(shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0640));
    IS(shmget(key, 100, 0) == id);
    T(shmget(key, 3 * PAGE, 0));
    char *at = shmat(id, 0, 0), *twin = shmat(id, 0, SHM_RDONLY);
    strcpy(at, "text");
    say("%s", twin);
    MUST(shmctl(id, IPC_STAT, &info));
    N(info.shm_segsz);
    N(info.shm_nattch);
    N(info.shm_perm.mode & 0777);
    IS(info.shm_cpid == getpid() && info.shm_lpid == getpid());
    IS(info.shm_perm.__key == key);
    CHILD(shmctl(id, IPC_STAT, &info); N(info.shm_nattch); say("%s", at); at[0] = 'T');
    say("%s", twin);
    CHILD(*(volatile char *)twin = 1);
    T(shmdt(at + 1));
    T(shmdt(at));
    T(shmdt(at));
    MUST(shmctl(id, IPC_STAT, &info));
    N(info.shm_nattch);
    T(shmctl(id, IPC_RMID, 0));
    MUST(shmctl(id, IPC_STAT, &info));
    N(!!(info.shm_perm.mode & SHM_DEST));
    N(info.shm_perm.__key);
    T(shmget(key, PAGE, 0));
    say("%s", twin);
    T(shmdt(twin));
    T(shmctl(id, IPC_STAT, &info));
    T(shmctl(id, IPC_RMID, 0));
    T(shmctl(-1, IPC_STAT, &info));
    T(shmctl(0x7fffffff, 99, &info));
}

CASE(places_of_segments, "shmat shmdt mmap")
{
    int id = MUST(shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600));
    char *room = MUST(mmap(0, 16 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    T(shmat(id, room, 0));
    T(shmat(id, room + 1, 0));
    IS(shmat(id, room + 1, SHM_REMAP | SHM_RND) == room);
    T(shmat(id, 0, SHM_REMAP));
    MUST(munmap(room + 4 * PAGE, 4 * PAGE));
    IS(shmat(id, room + 4 * PAGE + 5, SHM_RND) == room + 4 * PAGE);
    room[0] = 'a';
    N(room[4 * PAGE]);
    T(mprotect(room, PAGE, PROT_READ));
    T(munmap(room + PAGE, PAGE));
    T(shmdt(room));
    T(msync(room, PAGE, MS_SYNC));
    T(shmdt(room + 4 * PAGE));
    T(shmctl(id, IPC_RMID, 0));
    T(shmat(id, 0, 0));
    id = MUST(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0400));
    if (geteuid() == 0) {
        CHILD(
            MUST(syscall(SYS_setresuid, 5, 5, 5));
            T(shmat(id, 0, 0)); T(shmat(id, 0, SHM_RDONLY)); T(shmctl(id, IPC_RMID, 0)); T(shmget(IPC_PRIVATE, 0, 0)));
    }
    T(shmctl(id, SHM_LOCK, 0));
    struct shmid_ds info;
    MUST(shmctl(id, IPC_STAT, &info));
    N(!!(info.shm_perm.mode & SHM_LOCKED));
    T(shmctl(id, SHM_UNLOCK, 0));
    info.shm_perm.mode = 0606;
    T(shmctl(id, IPC_SET, &info));
    MUST(shmctl(id, IPC_STAT, &info));
    N(info.shm_perm.mode & 0777);
    T(shmctl(id, IPC_RMID, 0));
}

CASE(segments_of_those_that_end, "shmat exit execve")
{
    int id = MUST(shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600));
    struct shmid_ds info;
    CHILD(shmat(id, 0, 0));
    MUST(shmctl(id, IPC_STAT, &info));
    N(info.shm_nattch);
    CHILD(shmat(id, 0, 0); shmctl(id, IPC_RMID, 0));
    T(shmctl(id, IPC_STAT, &info));
}

CASE(semaphore_sets, "semget semctl semop")
{
    key_t key = own_key(1);
    struct semid_ds info;
    unsigned short values[3] = {1, 2, 3};
    T(semget(key, 3, 0600));
    T(semget(key, 0, IPC_CREAT | 0600));
    T(semget(key, 40000, IPC_CREAT | 0600));
    int id = MUST(semget(key, 3, IPC_CREAT | 0600));
    T(semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
    T(semget(key, 4, 0));
    IS(semget(key, 2, 0) == id);
    T(semctl(id, 0, GETVAL));
    T(semctl(id, 0, SETALL, (union semun){.array = values}));
    T(semctl(id, 1, GETVAL));
    T(semctl(id, 3, GETVAL));
    T(semctl(id, 0, SETVAL, (union semun){.val = 32768}));
    T(semctl(id, 0, SETVAL, (union semun){.val = -1}));
    T(semctl(id, 2, SETVAL, (union semun){.val = 7}));
    T(semctl(id, 0, GETALL, (union semun){.array = values}));
    say("%d %d %d", values[0], values[1], values[2]);
    MUST(semctl(id, 0, IPC_STAT, (union semun){.buf = &info}));
    N(info.sem_nsems);
    IS(info.sem_ctime != 0);
    IS(info.sem_otime == 0);
    struct sembuf all[] = {{0, -1, 0}, {1, -2, 0}, {2, -8, IPC_NOWAIT}};
    T(semop(id, all, 3));
    T(semctl(id, 0, GETVAL));
    all[2].sem_op = -7;
    T(semop(id, all, 3));
    T(semctl(id, 2, GETVAL));
    T(semop(id, &(struct sembuf){0, 0, 0}, 1));
    T(semop(id, &(struct sembuf){0, 32767, 0}, 1));
    T(semop(id, &(struct sembuf){0, 1, 0}, 1));
    T(semop(id, &(struct sembuf){3, 1, 0}, 1));
    T(semop(id, all, 0));
    T(semop(id, &(struct sembuf){0, 0, IPC_NOWAIT}, 1));
    IS(semctl(id, 0, GETPID) == getpid());
    T(semctl(id, 0, IPC_RMID));
    T(semctl(id, 0, GETVAL));
    T(semop(id, all, 1));
}

CASE(waiting_for_semaphores, "semop semtimedop semctl")
{
    int id = MUST(semget(IPC_PRIVATE, 2, IPC_CREAT | 0600));
    struct timespec brief = {0, 10000000}, wrong = {0, 2000000000};
    T(semtimedop(id, &(struct sembuf){0, -1, 0}, 1, &brief));
    T(semtimedop(id, &(struct sembuf){0, -1, 0}, 1, &wrong));
    pid_t child = MUST(fork());
    if (!child)
        _exit(semop(id, (struct sembuf[]){{0, -2, 0}, {1, 1, 0}}, 2) != 0);
    until_asleep(child);
    T(semctl(id, 0, GETNCNT));
    T(semctl(id, 0, GETZCNT));
    T(semop(id, &(struct sembuf){0, 1, 0}, 1));
    T(semctl(id, 0, GETNCNT));
    T(semctl(id, 1, GETVAL));
    T(semop(id, &(struct sembuf){0, 1, 0}, 1));
    say_status("child", wait_for(child));
    T(semctl(id, 1, GETVAL));
    child = MUST(fork());
    if (!child)
        _exit(semop(id, &(struct sembuf){1, 0, 0}, 1) != 0);
    until_asleep(child);
    T(semctl(id, 1, GETZCNT));
    T(semop(id, &(struct sembuf){1, -1, 0}, 1));
    say_status("child", wait_for(child));
    child = MUST(fork());
    if (!child)
        _exit(semop(id, &(struct sembuf){0, -1, 0}, 1) == -1 ? errno == EIDRM : 2);
    until_asleep(child);
    T(semctl(id, 0, IPC_RMID));
    say_status("child", wait_for(child));
}

CASE(undoing, "semop exit")
{
    int id = MUST(semget(IPC_PRIVATE, 2, IPC_CREAT | 0600));
    MUST(semctl(id, 0, SETVAL, (union semun){.val = 5}));
    CHILD(T(semop(id, &(struct sembuf){0, -3, SEM_UNDO}, 1)); T(semctl(id, 0, GETVAL)));
    T(semctl(id, 0, GETVAL));
    CHILD(T(semop(id, &(struct sembuf){0, 4, SEM_UNDO}, 1)));
    T(semctl(id, 0, GETVAL));
    CHILD(T(semop(id, &(struct sembuf){0, -3, SEM_UNDO}, 1)); semctl(id, 0, SETVAL, (union semun){.val = 1}));
    T(semctl(id, 0, GETVAL));
    T(semctl(id, 0, IPC_RMID));
}

CASE(messages_by_type, "msgget msgsnd msgrcv msgctl")
{
    key_t key = own_key(2);
    struct message m = {0, "none"};
    T(msgget(key, 0600));
    int id = MUST(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
    T(msgget(key, IPC_CREAT | IPC_EXCL | 0600));
    T(msgsnd(id, &m, 4, 0));
    m.type = -1;
    T(msgsnd(id, &m, 4, 0));
    for (int i = 1; i <= 5; i++) {
        m.type = i % 3 + 1;
        snprintf(m.text, sizeof m.text, "number %d", i);
        MUST(msgsnd(id, &m, 9, 0));
    }
#define RECEIVE(size, kind, flags)                                                      \
    do {                                                                                \
        memset(&m, 0, sizeof m);                                                        \
        if (T(msgrcv(id, &m, size, kind, flags)) >= 0)                                  \
            say("%ld %s", m.type, m.text);                                              \
    } while (0)
    RECEIVE(64, 3, 0);
    RECEIVE(3, 0, 0);
    RECEIVE(3, 0, MSG_NOERROR);
    RECEIVE(64, -2, 0);
    RECEIVE(64, 9, IPC_NOWAIT);
    RECEIVE(64, 1, MSG_EXCEPT);
    RECEIVE(64, 0, MSG_EXCEPT);
    RECEIVE(64, 0, IPC_NOWAIT);
    T(msgrcv(id, &m, -1, 0, 0));
    T(msgsnd(id, &m, -1, 0));
    struct msqid_ds info;
    MUST(msgctl(id, IPC_STAT, &info));
    N(info.msg_qnum);
    N(info.msg_qbytes);
    N(info.__msg_cbytes);
    IS(info.msg_lspid == getpid() && info.msg_lrpid == getpid());
    T(msgctl(id, IPC_RMID, 0));
    T(msgctl(id, IPC_STAT, &info));
}

CASE(queues_that_are_full, "msgsnd msgrcv msgctl")
{
    static struct { long type; char text[9000]; } big = {1, ""};
    struct msqid_ds info;
    int id = MUST(msgget(IPC_PRIVATE, IPC_CREAT | 0600));
    T(msgsnd(id, &big, 8193, 0));
    T(msgsnd(id, &big, 8192, 0));
    T(msgsnd(id, &big, 8192, IPC_NOWAIT));
    T(msgsnd(id, &big, 0, IPC_NOWAIT));
    T(msgsnd(id, &big, 1, IPC_NOWAIT));
    MUST(msgctl(id, IPC_STAT, &info));
    info.msg_qbytes = 100;
    T(msgctl(id, IPC_SET, &info));
    T(msgsnd(id, &big, 0, IPC_NOWAIT));
    pid_t child = MUST(fork());
    if (!child)
        _exit(msgsnd(id, &big, 50, 0) != 0);
    until_asleep(child);
    T(msgrcv(id, &big, 9000, 0, 0));
    T(msgrcv(id, &big, 9000, 0, 0));
    say_status("child", wait_for(child));
    T(msgrcv(id, &big, 9000, 0, 0));
    big.type = 1;
    child = MUST(fork());
    if (!child)
        _exit(msgrcv(id, &big, 50, 0, 0) == -1 ? errno == EIDRM : 2);
    until_asleep(child);
    T(msgctl(id, IPC_RMID, 0));
    say_status("child", wait_for(child));
}

CASE(bounds_of_system_v, "shmctl semctl msgctl")
{
    struct shminfo memory;
    struct seminfo semaphores;
    struct msginfo messages;
    IS(shmctl(0, IPC_INFO, (struct shmid_ds *)&memory) >= 0);
    say("%d %d", memory.shmmni == 4096, memory.shmmin == 1);
    IS(semctl(0, 0, IPC_INFO, (union semun){.buf = (struct semid_ds *)&semaphores}) >= 0);
    say("%d %d", semaphores.semopm, semaphores.semvmx);
    IS(msgctl(0, IPC_INFO, (struct msqid_ds *)&messages) >= 0);
    say("%d %d", messages.msgmax, messages.msgmnb);
}
