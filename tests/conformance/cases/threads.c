/* Threads: what they share, what is their own, how they wait for each other. */
#include "case.h"
#include <pthread.h>
#include <semaphore.h>

CASE(creating_and_joining, "clone futex exit")
{
    void *double_it(void *value);
    pthread_t threads[10];
    long sum = 0;
    for (long i = 0; i < 10; i++)
        pthread_create(&threads[i], 0, double_it, (void *)i);
    for (int i = 0; i < 10; i++) {
        void *result;
        pthread_join(threads[i], &result);
        sum += (long)result;
    }
    N(sum);
}

void *double_it(void *value)
{
    return (void *)((long)value * 2);
}

static void *tell_ids(void *leader)
{
    long self = syscall(SYS_gettid);
    IS(getpid() == *(pid_t *)leader);
    IS(self != getpid());
    return 0;
}

CASE(numbers_of_threads, "gettid getpid")
{
    pthread_t thread;
    pid_t self = getpid();
    pthread_create(&thread, 0, tell_ids, &self);
    pthread_join(thread, 0);
    IS(syscall(SYS_gettid) == self);
}

static __thread int own = 5;

static void *change_own(void *unused)
{
    (void)unused;
    N(own);
    own = 6;
    return 0;
}

CASE(thread_local_storage, "arch_prctl clone")
{
    pthread_t thread;
    own = 7;
    pthread_create(&thread, 0, change_own, 0);
    pthread_join(thread, 0);
    N(own);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;

static inline void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return 0;
}

CASE(mutexes, "futex")
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], 0, count, 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], 0);
    N(counter);
}

static void *wait_for_turn(void *turn)
{
    pthread_mutex_lock(&mutex);
    while (counter != (long)turn)
        pthread_cond_wait(&condition, &mutex);
    say("turn %ld", counter);
    counter++;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    return 0;
}

CASE(conditions, "futex")
{
    pthread_t threads[5];
    counter = -1;
    for (long i = 0; i < 5; i++)
        pthread_create(&threads[i], 0, wait_for_turn, (void *)i);
    pthread_mutex_lock(&mutex);
    counter = 0;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 5; i++)
        pthread_join(threads[i], 0);
}

CASE(timed_waits, "futex")
{
    struct timespec past;
    clock_gettime(CLOCK_REALTIME, &past);
    pthread_mutex_lock(&mutex);
    N(pthread_cond_timedwait(&condition, &mutex, &past));
    past.tv_nsec += 20000000;
    if (past.tv_nsec >= 1000000000)
        past.tv_sec++, past.tv_nsec -= 1000000000;
    N(pthread_cond_timedwait(&condition, &mutex, &past));
    pthread_mutex_unlock(&mutex);
}

static sem_t semaphore;

static void *post(void *unused)
{
    (void)unused;
    sem_post(&semaphore);
    return 0;
}

CASE(semaphores, "futex")
{
    pthread_t thread;
    sem_init(&semaphore, 0, 0);
    T(sem_trywait(&semaphore));
    pthread_create(&thread, 0, post, 0);
    T(sem_wait(&semaphore));
    pthread_join(thread, 0);
}

CASE(semaphores_of_processes, "futex mmap")
{
    sem_t *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    sem_init(shared, 1, 0);
    pid_t child = fork();
    if (!child) {
        sem_wait(shared);
        _exit(5);
    }
    until_asleep(child);
    MUST(sem_post(shared));
    say_status("child", wait_for(child));
}

CASE(robust_mutexes, "set_robust_list get_robust_list futex")
{
    pthread_mutexattr_t attributes;
    pthread_mutex_t *shared = MUST(mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(shared, &attributes);
    CHILD(pthread_mutex_lock(shared));
    IS(pthread_mutex_lock(shared) == EOWNERDEAD);
    N(pthread_mutex_consistent(shared));
    N(pthread_mutex_unlock(shared));
    N(pthread_mutex_lock(shared));
    struct { long list[3]; } head = {{0}};
    size_t size = 0;
    void *found = 0;
    T(syscall(SYS_set_robust_list, &head, 24));
    T(syscall(SYS_set_robust_list, &head, 23));
    T(syscall(SYS_get_robust_list, 0, &found, &size));
    IS(found == &head && size == 24);
    T(syscall(SYS_get_robust_list, 0x7ffffff, &found, &size));
}

static void *change_directory(void *unused)
{
    (void)unused;
    T(chdir("d"));
    umask(077);
    close(5);
    return 0;
}

CASE(shared_between_threads, "chdir umask close")
{
    pthread_t thread;
    T(mkdir("d", 0755));
    T(dup2(1, 5));
    pthread_create(&thread, 0, change_directory, 0);
    pthread_join(thread, 0);
    T(access("../d", F_OK));
    T(umask(022));
    T(fcntl(5, F_GETFD));
}

CASE(segment_bases, "arch_prctl")
{
    unsigned long base = 0, other = 0;
    T(syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &base));
    IS(base != 0);
    T(syscall(SYS_arch_prctl, 0x1001 /* ARCH_SET_GS */, &base));
    T(syscall(SYS_arch_prctl, 0x1004 /* ARCH_GET_GS */, &other));
    IS(other == (unsigned long)&base);
    unsigned long through = 0;
    __asm__ volatile("mov %%gs:0, %0" : "=r"(through));
    IS(through == base);
    T(syscall(SYS_arch_prctl, 0x1001, 1ul << 63));
    T(syscall(SYS_arch_prctl, 0x1003, 8));
    T(syscall(SYS_arch_prctl, 0x9999, 0));
}
