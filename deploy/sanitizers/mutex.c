// Preloaded, tells the thread sanitizer of the locks of Swift's Mutex that two threads want at once.
//
// Locking and unlocking a free Mutex is compiled into our code, where the sanitizer sees it. What to do about one that is held, or
// waited for, is in libswiftSynchronization, which was not built with the sanitizer: the order that it makes between the two threads
// has to be said. The functions are Swift's, of which only self and the thread's number are known here.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Absent in programs without the sanitizer.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

typedef SWIFT void (*lock_function)(uint32_t thread, SELF);
typedef SWIFT void (*unlock_function)(SELF);

static void *next(_Atomic(void *) *known, const char *name) {
    void *function = atomic_load(known);
    if (!function) atomic_store(known, function = dlsym(RTLD_NEXT, name));
    return function;
}

SWIFT void lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void lock(uint32_t thread, SELF) {
    static _Atomic(void *) known;
    ((lock_function)next(&known, LOCK))(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock(SELF) __asm__(UNLOCK);
SWIFT void unlock(SELF) {
    static _Atomic(void *) known;
    if (__tsan_release) __tsan_release(self);
    ((unlock_function)next(&known, UNLOCK))(self);
}
