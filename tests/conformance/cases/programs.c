/* Starting programs: execve, what they are given, the auxiliary vector, the vDSO. */
#include "case.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>

extern char **environ;
static const char *const self = "/proc/self/exe";

/* This program again, as a case of its own that is given by name. */
static void again(const char *name)
{
    execl(self, "again", "--body", name, (char *)0);
    say("exec: %s", error_name(errno));
    _exit(97);
}

CASE(exec_errors, "execve")
{
    char *argv[] = {"x", 0}, *env[] = {0};
    T(execve("missing", argv, env));
    close(file_with("f", "not a program"));
    T(execve("f", argv, env));
    T(chmod("f", 0755));
    T(execve("f", argv, env));
    T(execve(".", argv, env));
    T(execve("f/x", argv, env));
    T(execve("", argv, env));
    T(execve((void *)8, argv, env));
    T(execve(self, (void *)8, env));
    argv[0] = (void *)8;
    T(execve(self, argv, env));
    close(file_with("empty", ""));
    T(chmod("empty", 0755));
    argv[0] = "x";
    T(execve("empty", argv, env));
    close(file_with("bad", "\177ELF"));
    T(chmod("bad", 0755));
    T(execve("bad", argv, env));
    close(file_with("nowhere", "#!/missing/interpreter\n"));
    T(chmod("nowhere", 0755));
    T(execve("nowhere", argv, env));
    close(file_with("nothing", "#!\n"));
    T(chmod("nothing", 0755));
    T(execve("nothing", argv, env));
}

CASE(exec_lists_too_long, "execve")
{
    static char long_text[140000];
    memset(long_text, 'x', sizeof long_text - 1);
    char *argv[] = {"x", long_text, 0}, *env[] = {0};
    T(execve(self, argv, env));
}

CASE(exec_of_a_script_loop, "execve")
{
    char *argv[] = {"x", 0}, *env[] = {0};
    close(file_with("a", "#!b\n"));
    close(file_with("b", "#!a\n"));
    T(chmod("a", 0755));
    T(chmod("b", 0755));
    T(execve("a", argv, env));
}

static long exec_at(int fd, const char *path, int flags)
{
    char *argv[] = {"again", "--body", "exec_by_descriptor", 0};
    return syscall(SYS_execveat, fd, path, argv, environ, flags);
}

CASE(exec_by_descriptor, "execveat")
{
    if (getenv("CASE_AGAIN")) {
        char name[17] = "", *called = (char *)getauxval(AT_EXECFN);
        MUST(prctl(PR_GET_NAME, name));
        say("%s, called %s", name, strncmp(called, "/dev/fd/", 8) ? called : "by descriptor");
        return;
    }
    setenv("CASE_AGAIN", "1", 1);
    int program = MUST(open(self, O_RDONLY)), closing = MUST(open(self, O_PATH | O_CLOEXEC));
    int here = MUST(open(".", O_PATH)), script = file_with("script", "#!/proc/self/exe\n"), hidden;
    T(chmod("script", 0755));
    T(symlink("/proc/self/exe", "link"));
    close(script);
    script = MUST(open("script", O_RDONLY));
    hidden = MUST(open("script", O_RDONLY | O_CLOEXEC));
    CHILD(exec_at(program, "", AT_EMPTY_PATH));
    CHILD(exec_at(closing, "", AT_EMPTY_PATH));
    CHILD(exec_at(here, "link", 0));
    CHILD(exec_at(AT_FDCWD, "link", 0));
    CHILD(exec_at(-7, self, 0));
    T(exec_at(hidden, "", AT_EMPTY_PATH));
    T(exec_at(AT_FDCWD, "script", 0x10000));
    T(exec_at(AT_FDCWD, "missing", 0x10000));
    T(exec_at(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW));
    T(exec_at(program, "", 0));
    T(exec_at(AT_FDCWD, "", AT_EMPTY_PATH));
    T(exec_at(program, "x", 0));
    T(exec_at(here, "missing", 0));
    T(exec_at(-1, "", AT_EMPTY_PATH));
    T(exec_at(999999, "x", 0));
    T(exec_at(here, "link", 1));
    T(exec_at(script, (void *)8, AT_EMPTY_PATH));
}

CASE(exec_text_busy, "execve open")
{
    int fd = file_with("f", "#!/bin/x\n");
    N(fd);
    T(chmod("f", 0755));
    char *argv[] = {"x", 0};
    T(execve("f", argv, environ));
    close(fd);
    T(execve("f", argv, environ));
}

CASE(running_text_busy, "execve open truncate unlink")
{
    const char *word = getenv("CASE_AGAIN");
    if (word) {
        char byte = '.', *argv[] = {"x", "no such case", 0};
        (void)!write(atoi(word), &byte, 1);
        CHILD(
            T(open("program", O_WRONLY));
            T(open("program", O_RDONLY | O_TRUNC));
            T(open("program", O_RDWR | O_CREAT, 0755));
            T(truncate("program", 0));
            T(chmod("program", 0711)));
        /* Two programs at once, of which one ends. */
        CHILD(execve("program", argv, environ));
        T(open("program", O_WRONLY));
        return;
    }
    char bytes[8192], text[8];
    ssize_t size;
    int from = MUST(open(self, O_RDONLY | O_CLOEXEC)), to = MUST(open("program", O_CREAT | O_WRONLY | O_CLOEXEC, 0755));
    int ends[2];
    while ((size = read(from, bytes, sizeof bytes)) > 0)
        MUST(write(to, bytes, size));
    MUST(pipe(ends));
    snprintf(text, sizeof text, "%d", ends[1]);
    setenv("CASE_AGAIN", text, 1);
    CHILD(execl("program", "again", "--body", "running_text_busy", (char *)0); say("%s", error_name(errno)));
    close(to);
    CHILD(execl("program", "again", "--body", "running_text_busy", (char *)0); say("%s", error_name(errno)));
    to = T(open("program", O_WRONLY | O_TRUNC));
    T(write(to, "gone", 4));
}

static void look_what_was_kept(void)
{
    char text[8] = "";
    struct sigaction action;
    sigset_t set;
    T(pread(50, text, 4, 0));
    say("%s", text);
    T(fcntl(60, F_GETFD));
    sigaction(SIGUSR1, 0, &action);
    IS(action.sa_handler == SIG_IGN);
    sigaction(SIGUSR2, 0, &action);
    IS(action.sa_handler == SIG_DFL);
    sigprocmask(SIG_BLOCK, 0, &set);
    N(sigismember(&set, SIGTERM));
    T(umask(0));
}

CASE(exec_keeps, "execve close dup2 rt_sigaction rt_sigprocmask")
{
    if (getenv("CASE_AGAIN")) {
        look_what_was_kept();
        return;
    }
    int fd = MUST(dup2(file_with("f", "kept"), 50)), gone = MUST(fcntl(fd, F_DUPFD_CLOEXEC, 60));
    N(gone);
    umask(027);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))(uintptr_t)getpid);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, 0);
    setenv("CASE_AGAIN", "1", 1);
    again("exec_keeps");
}

CASE(exec_from_vfork, "vfork execve wait4")
{
    pid_t child = vfork();
    if (!child) {
        char *argv[] = {"x", "no such case", 0}, *env[] = {0};
        execve(self, argv, env);
        _exit(99);
    }
    say_status("child", wait_for(child));
}

CASE(auxiliary_vector, "execve")
{
    IS(getauxval(AT_PAGESZ) == 4096);
    IS(getauxval(AT_PHENT) == sizeof(Elf64_Phdr) && getauxval(AT_PHNUM) > 0 && getauxval(AT_PHDR) != 0);
    N(getauxval(AT_CLKTCK));
    IS(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
    N(getauxval(AT_SECURE));
    N(getauxval(AT_BASE));
    IS(getauxval(AT_ENTRY) != 0);
    say("%s", (char *)getauxval(AT_PLATFORM));
    const unsigned char *random = (void *)getauxval(AT_RANDOM);
    int zeros = 0;
    for (int i = 0; i < 16; i++)
        zeros += !random[i];
    IS(zeros < 8);
    IS(strstr((char *)getauxval(AT_EXECFN), "programs") != 0);
    IS(getauxval(AT_SYSINFO_EHDR) != 0);
    IS(getauxval(AT_MINSIGSTKSZ) >= 1000);
}

CASE(vdso_is_an_object, "mmap clock_gettime")
{
    const Elf64_Ehdr *header = (void *)getauxval(AT_SYSINFO_EHDR);
    IS(!memcmp(header->e_ident, ELFMAG, SELFMAG));
    IS(header->e_type == ET_DYN && header->e_machine == EM_X86_64);
    const Elf64_Phdr *segment = (void *)((char *)header + header->e_phoff);
    int dynamic = 0;
    for (int i = 0; i < header->e_phnum; i++)
        dynamic += segment[i].p_type == PT_DYNAMIC;
    N(dynamic);
}

CASE(clock_without_the_kernel, "clock_gettime")
{
    struct timespec ours, theirs;
    T(clock_gettime(CLOCK_MONOTONIC, &ours));
    T(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &theirs));
    long long between = (theirs.tv_sec - ours.tv_sec) * 1000000000LL + theirs.tv_nsec - ours.tv_nsec;
    IS(between >= 0 && between < 5000000000LL);
}

CASE(personalities, "personality")
{
    long now = T(personality(0xffffffff));
    T(personality(ADDR_NO_RANDOMIZE));
    T(personality(0xffffffff));
    T(personality(now));
}
