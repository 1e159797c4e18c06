/* Time structures and clock ids (linux/time.h, linux/time_types.h). */
#pragma once
#include "types.h"

struct timespec {
    i64 sec, nsec;
};
struct timeval {
    i64 sec, usec;
};
struct itimerval {
    struct timeval interval, value;
};
struct itimerspec {
    struct timespec interval, value;
};
/* linux/timex.h: what adjtimex(2) tells of a clock that nobody disciplines. */
struct timex {
    u32 modes;
    i64 offset, freq, maxerror, esterror;
    i32 status;
    i64 constant, precision, tolerance;
    struct timeval time;
    i64 tick;
    i64 pps[2];
    i32 pps_shift;
    i64 pps_counts[5];
    i32 tai, reserved[11];
};
_Static_assert(sizeof(struct timex) == 208, "as Linux has it");
#define STA_UNSYNC 0x40
#define TIME_ERROR 5
#define MAXERROR_US 16000000 /* and no better estimate */

struct timezone {
    i32 minutes_west, dst;
};

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_TAI 11

#define TIMER_ABSTIME 1

#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2

#define SECOND_NS 1000000000L
#define USER_HZ 100
