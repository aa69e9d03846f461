// Preloaded, tells the thread sanitizer of the order that Swift's libraries make between threads: they were not built with it.
// `deploy/task sanitize thread` compiles it with Swift's clang, which knows Swift's calling conventions.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// Absent in programs without the sanitizer.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

// The function that ours stands in front of.
static void *next(_Atomic(void *) *known, const char *name) {
    void *function = atomic_load(known);
    if (!function) atomic_store(known, function = dlsym(RTLD_NEXT, name));
    return function;
}

// Tasks. Swift's runtime tells the sanitizer of them once its __tsan_on_initialize was called. But the program defines that function
// too, and is asked first; the next is Swift's.
__attribute__((constructor)) static void tell_runtime(void) {
    void (*initialize)(void) = __tsan_acquire ? (void (*)(void))dlsym(RTLD_NEXT, "__tsan_on_initialize") : 0;
    if (initialize) initialize();
}

// Continuations. Resuming one releases the task; but when it was resumed before it is awaited, or while that is under way, nothing is
// suspended, and the runtime does not acquire. So what follows the waiting is ours, which does, and goes on with what should have
// followed. The context's second word, by Swift's calling convention for async functions, is what follows.
typedef __attribute__((swiftasynccall)) void (*await_function)(void *context);
typedef __attribute__((swiftasynccall)) void (*resume_function)(__attribute__((swift_async_context)) void *context);
extern void *swift_task_getCurrent(void) __attribute__((weak));

typedef struct waiting {
    void **context;
    resume_function resume;
    struct waiting *next;
} waiting;

// By context, of which no two that wait are alike.
static struct {
    atomic_flag busy;
    waiting *first;
} waits[4096];

static waiting **enter(void **context) {
    size_t i = ((uintptr_t)context >> 4) % (sizeof waits / sizeof waits[0]);
    while (atomic_flag_test_and_set_explicit(&waits[i].busy, memory_order_acquire)) sched_yield();
    return &waits[i].first;
}

static void leave(void **context) {
    atomic_flag_clear_explicit(&waits[((uintptr_t)context >> 4) % (sizeof waits / sizeof waits[0])].busy, memory_order_release);
}

static __attribute__((swiftasynccall)) void resumed(__attribute__((swift_async_context)) void *context) {
    waiting **place = enter(context);
    while ((*place)->context != context) place = &(*place)->next;
    waiting *found = *place;
    *place = found->next;
    leave(context);
    resume_function resume = found->resume;
    free(found);
    ((void **)context)[1] = (void *)resume;
    if (__tsan_acquire) __tsan_acquire(swift_task_getCurrent());
    __attribute__((musttail)) return resume(context);
}

__attribute__((swiftasynccall)) void swift_continuation_await(void *argument) {
    static _Atomic(void *) known;
    await_function await = (await_function)next(&known, "swift_continuation_await");
    void **context = argument;
    waiting *wait = malloc(sizeof *wait);
    waiting **place = enter(context);
    *wait = (waiting){context, (resume_function)context[1], *place};
    *place = wait;
    leave(context);
    context[1] = (void *)resumed;
    __attribute__((musttail)) return await(context);
}

// Mutexes. Locking and unlocking a free one is compiled into our code, where the sanitizer sees it; what to do about one that is held,
// or waited for, is in libswiftSynchronization. Of the arguments only self and the thread's number are known here.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
typedef SWIFT void (*lock_function)(uint32_t thread, SELF);
typedef SWIFT void (*unlock_function)(SELF);

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

// Collections. One that a task has read and let go is changed in place by the next: what orders the two is the count of references, in
// libswiftCore. (What is let go within that library stays unseen; thread.txt names what follows.)
static void let_go(void *object) {
    if (__tsan_release && (intptr_t)object > 0) __tsan_release(object);
}

#define LETS_GO(NAME, PARAMETERS, ...) \
    void NAME PARAMETERS { \
        static _Atomic(void *) known; \
        let_go(object); \
        ((void (*) PARAMETERS)next(&known, #NAME))(__VA_ARGS__); \
    }

LETS_GO(swift_release, (void *object), object)
LETS_GO(swift_release_n, (void *object, uint32_t n), object, n)
LETS_GO(swift_bridgeObjectRelease, (void *object), object)
LETS_GO(swift_bridgeObjectRelease_n, (void *object, uint32_t n), object, n)

_Bool swift_isUniquelyReferenced_nonNull_native(const void *object) {
    static _Atomic(void *) known;
    _Bool unique = ((_Bool (*)(const void *))next(&known, "swift_isUniquelyReferenced_nonNull_native"))(object);
    if (unique && __tsan_acquire) __tsan_acquire((void *)object);
    return unique;
}

_Bool swift_isUniquelyReferenced_native(const void *object) {
    return object && swift_isUniquelyReferenced_nonNull_native(object);
}

// Kernels. Their threads are libgomp's, which wait for each other by futexes of its own.
typedef struct {
    void (*function)(void *);
    void *data;
} region;

static void run_region(void *argument) {
    region *r = argument;
    if (__tsan_acquire) __tsan_acquire(r);
    r->function(r->data);
    if (__tsan_release) __tsan_release(r);
}

void GOMP_parallel(void (*function)(void *), void *data, unsigned threads, unsigned flags) {
    static _Atomic(void *) known;
    void (*parallel)(void (*)(void *), void *, unsigned, unsigned) = next(&known, "GOMP_parallel");
    region r = {function, data};
    if (__tsan_release) __tsan_release(&r);
    parallel(run_region, &r, threads, flags);
    if (__tsan_acquire) __tsan_acquire(&r);
}
