// A door that keeps descriptors for the process's own files.
//
// When there is no descriptor for a connection, libzmq 4.3.4 asks for it again and again, with all of a processor (tcp), or
// ends the process (ipc: issue 1306). No option changes that. But a function of the program stands before the C library's
// of the same name, for libzmq too. This one turns away whoever would take one of the last descriptors; the system
// gives them out lowest first. ECONNABORTED is what the system says of a peer that has gone already, and libzmq passes over it.
#define _GNU_SOURCE
#include "CAccept.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_uint_fast64_t turned_away;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/// Given up for a moment when the process's own files have taken all the others.
static int spare = -1;

__attribute__((constructor)) static void open_spare(void) { spare = open("/dev/null", O_RDONLY | O_CLOEXEC); }

uint64_t atelier_reserved_descriptors(uint64_t limit) { return limit / 4 < 64 ? limit / 4 : 64; }

uint64_t atelier_turned_away(void) { return atomic_load(&turned_away); }

static int take(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    return (int)syscall(SYS_accept4, listener, address, length, flags);
}

/// Hangs up on a connection.
static int turn_away(int descriptor) {
    if (descriptor >= 0) {
        close(descriptor);
        atomic_fetch_add(&turned_away, 1);
    }
    errno = ECONNABORTED;
    return -1;
}

static int turn_away_with_spare(int listener, int flags) {
    pthread_mutex_lock(&lock);
    if (spare >= 0) close(spare);
    int descriptor = take(listener, NULL, NULL, flags);
    turn_away(descriptor);
    spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pthread_mutex_unlock(&lock);
    errno = ECONNABORTED;
    return -1;
}

int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags) {
    int descriptor = take(listener, address, length, flags);
    if (descriptor < 0) return errno == EMFILE ? turn_away_with_spare(listener, flags) : -1;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return descriptor;
    uint64_t end = limit.rlim_cur - atelier_reserved_descriptors(limit.rlim_cur);
    return (uint64_t)descriptor < end ? descriptor : turn_away(descriptor);
}
