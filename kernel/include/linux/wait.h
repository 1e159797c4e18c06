/* wait4(2) and waitid(2) (linux/wait.h). */
#pragma once

#define WNOHANG 0x00000001u
#define WUNTRACED 0x00000002u
#define WSTOPPED WUNTRACED
#define WEXITED 0x00000004u
#define WCONTINUED 0x00000008u
#define WNOWAIT 0x01000000u
#define __WNOTHREAD 0x20000000u
#define __WALL 0x40000000u
#define __WCLONE 0x80000000u

#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

#define STATUS_CONTINUED 0xffff
#define STATUS_STOPPED(sig) ((sig) << 8 | 0x7f)
