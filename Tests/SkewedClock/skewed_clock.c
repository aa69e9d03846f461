// A clock on the wall that is wrong.
//
// Preloaded into a program (LD_PRELOAD) it moves the time of the day by SKEWED_CLOCK_SECONDS, from SKEWED_CLOCK_AFTER seconds after
// the program's start on: a machine whose clock was set wrong, or is set while everything runs. What waits until a time of
// the day is moved back by as much, as a machine's own clock would have it. The clocks that count from the start of the machine stay.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static long seconds, after;
static struct timespec start;

static void read_clock(clockid_t clock, struct timespec *time) { syscall(SYS_clock_gettime, clock, time); }

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("SKEWED_CLOCK_SECONDS");
    seconds = text ? atol(text) : 0;
    text = getenv("SKEWED_CLOCK_AFTER");
    after = text ? atol(text) : 0;
    read_clock(CLOCK_MONOTONIC, &start);
}

static long skew(void) {
    struct timespec now;
    read_clock(CLOCK_MONOTONIC, &now);
    return now.tv_sec - start.tv_sec >= after ? seconds : 0;
}

/// A time of the day as the system knows it; a time since the start of the machine is far smaller, and stays.
static struct timespec unskewed(const struct timespec *time) {
    struct timespec result = *time;
    if (result.tv_sec > 1000000000) result.tv_sec -= skew();
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += skew();
    return (int)result;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict result, void *restrict zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    result->tv_sec = now.tv_sec;
    result->tv_usec = now.tv_nsec / 1000;
    return 0;
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict time) {
    static int (*next)(sem_t *, const struct timespec *);
    if (!next) next = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    struct timespec moved = unskewed(time);
    return next(semaphore, &moved);
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict time) {
    static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    if (!next) {
        next = (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))dlsym(
            RTLD_NEXT, "pthread_cond_timedwait");
    }
    struct timespec moved = unskewed(time);
    return next(condition, mutex, &moved);
}

int timerfd_settime(int descriptor, int flags, const struct itimerspec *time, struct itimerspec *old) {
    struct itimerspec moved = *time;
    if (flags & TFD_TIMER_ABSTIME) moved.it_value = unskewed(&time->it_value);
    return (int)syscall(SYS_timerfd_settime, descriptor, flags, &moved, old);
}
