// The least that a call over libzmq takes: 64 bytes there and back between two processes that do nothing else.
// `floor ADDRESS`; as ours, a DEALER and a ROUTER, three frames; prints microseconds, median and 99th percentile.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { warm_up = 500, calls = 4000 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void serve(const char *address, int ready) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_ROUTER);
    if (zmq_bind(socket, address) != 0 || write(ready, "x", 1) != 1) _exit(1);
    for (;;) {
        zmq_msg_t frame;
        zmq_msg_init(&frame);
        if (zmq_msg_recv(&frame, socket, 0) < 0) _exit(1);
        zmq_msg_send(&frame, socket, zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0);
    }
}

int main(int count, char **arguments) {
    int ends[2];
    if (count != 2 || pipe(ends) != 0) return 2;
    pid_t server = fork();
    if (server == 0) serve(arguments[1], ends[1]);
    char bytes[64] = {0};
    if (read(ends[0], bytes, 1) != 1) return 1;
    void *socket = zmq_socket(zmq_ctx_new(), ZMQ_DEALER);
    if (zmq_connect(socket, arguments[1]) != 0) return 1;
    static double times[calls];
    for (int call = -warm_up; call < calls; call++) {
        double start = now();
        zmq_send(socket, bytes, 24, ZMQ_SNDMORE);
        zmq_send(socket, bytes, 40, ZMQ_SNDMORE);
        zmq_send(socket, bytes, 64, 0);
        int more = 1;
        while (more) {
            zmq_msg_t frame;
            zmq_msg_init(&frame);
            if (zmq_msg_recv(&frame, socket, 0) < 0) return 1;
            more = zmq_msg_more(&frame);
            zmq_msg_close(&frame);
        }
        if (call >= 0) times[call] = now() - start;
    }
    qsort(times, calls, sizeof *times, compare);
    printf("{\"address\":\"%s\",\"unaryMedianMicroseconds\":%.1f,\"unary99thMicroseconds\":%.1f}\n", arguments[1],
           times[calls / 2], times[calls * 99 / 100]);
    fflush(stdout);
    kill(server, SIGKILL);
    _exit(0);
}
