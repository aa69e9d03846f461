#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <zmq.h>

/// Bytes that the system has received on a TCP connection since it began, or -1 on any other socket.
///
/// `tcpi_bytes_received` of Linux's `struct tcp_info`; the header that has it cannot be included beside glibc's.
static inline int64_t atelier_tcp_bytes_received(int descriptor) {
    enum { tcp_info_option = 11, bytes_received_offset = 128 };
    unsigned char info[bytes_received_offset + sizeof(uint64_t)];
    socklen_t size = sizeof info;
    if (getsockopt(descriptor, IPPROTO_TCP, tcp_info_option, info, &size) != 0 || size < sizeof info) return -1;
    uint64_t bytes;
    memcpy(&bytes, info + bytes_received_offset, sizeof bytes);
    return (int64_t)bytes;
}

/// Bytes that malloc has got back and keeps; 0 where it does not count them, as under a sanitizer.
static inline int64_t atelier_kept_bytes(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    return (int64_t)mallinfo2().fordblks;
#else
    return 0;
#endif
}

/// Bytes that malloc has given out and not got back; 0 where it does not count them, as under a sanitizer.
static inline int64_t atelier_allocated_bytes(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
#else
    return 0;
#endif
}
