"""A server in a network of its own, and a link to it that can be broken while it runs.

Usage: broken_link.py NUMBER COMMAND…   (needs the right to make network namespaces, and /dev/net/tun)

The command runs in a new network namespace with the address 10.NUMBER.2; this namespace has 10.NUMBER.1 (NUMBER is 213.7, for example).
Between them this process carries every packet. Lines on standard input change what it does with them:

    drop        loses every packet, without a word to either side: a pulled cable, a firewall that forgot
    loss P      loses each packet with probability P
    delay S     carries each packet S seconds late, in each direction
    rate B      carries B bytes a second at most, in each direction, and queues 64 packets
    open        carries everything at once again

It ends, and everything with it, at the end of standard input. Linux's own netem is not in every kernel.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

CLONE_NEWNET, TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x40000000, 0x400454CA, 0x0001, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def tunnel(name, address, peer):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    for words in (f"address add {address} peer {peer} dev {name}", f"link set dev {name} mtu 1400 up"):
        subprocess.run(["ip", *words.split()], check=True)
    return descriptor


class Direction:
    """Packets from one end to the other."""

    def __init__(self, source, target):
        self.source, self.target, self.queue, self.busy_until, self.number = source, target, [], 0.0, 0

    def take(self, link, now):
        for _ in range(64):
            try:
                packet = os.read(self.source, 65536)
            except BlockingIOError:
                return
            if link.dropping or random.random() < link.loss or (link.rate and len(self.queue) >= 64):
                continue
            due = now + link.delay
            if link.rate:
                self.busy_until = max(self.busy_until, now) + len(packet) / link.rate
                due = max(due, self.busy_until)
            self.number += 1
            heapq.heappush(self.queue, (due, self.number, packet))

    def give(self, now):
        while self.queue and self.queue[0][0] <= now:
            try:
                os.write(self.target, heapq.heappop(self.queue)[2])
            except OSError:  # the other end has no room: a packet like any other that is lost
                pass


class Link:
    def __init__(self):
        self.open()

    def open(self):
        self.dropping, self.loss, self.delay, self.rate = False, 0.0, 0.0, 0.0

    def obey(self, line):
        word, *rest = line.split()
        if word == "open":
            self.open()
        elif word == "drop":
            self.dropping = True
        else:
            setattr(self, word, float(rest[0]))


def main():
    number, command = sys.argv[1], sys.argv[2:]
    here, there = f"10.{number}.1", f"10.{number}.2"
    near = tunnel(f"atl{os.getpid()}", here, there)
    # Only the thread that asks changes its network; what it starts is born there.
    if libc.unshare(CLONE_NEWNET) != 0:
        sys.exit(f"no network of its own: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    far = tunnel("atelier0", there, here)
    # The server ends with its standard input, which only this process holds.
    server = subprocess.Popen(command, stdin=subprocess.PIPE)
    link, directions, text = Link(), [Direction(near, far), Direction(far, near)], b""
    os.set_blocking(0, False)
    while server.poll() is None:
        now = time.monotonic()
        for direction in directions:
            direction.give(now)
        waiting = [direction.queue[0][0] - now for direction in directions if direction.queue]
        ready, _, _ = select.select([0, near, far], [], [], max(0.0, min(waiting, default=0.2)))
        if 0 in ready:
            more = os.read(0, 4096)
            if not more:
                break
            *lines, text = (text + more).split(b"\n")
            for line in lines:
                link.obey(line.decode())
        for direction in directions:
            if direction.source in ready:
                direction.take(link, time.monotonic())
    server.kill()
    server.wait()


main()
