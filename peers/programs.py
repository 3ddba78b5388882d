#!/usr/bin/env python3
"""Three exercises against programs that others wrote, all on this machine and over loopback only.

primes against primesieve (Debian package primesieve-bin), downloader against curl -Z, and the chat server against a
room as one writes it with tokio, by how many messages a second either delivers to 500 clients. Each time is the median of five.
Call it with both built: cargo build --release --package primes --package downloader --package chat-server, and
cargo build --release --manifest-path peers/Cargo.toml --bin chat
"""

import os
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.path.join(ROOT, "target", "release")
PEERS = os.path.join(ROOT, "peers", "target", "release")
REPETITIONS = 5


def median_seconds(make_call):
    """The median time of a call; `make_call` gives a fresh one each time."""
    times = []
    for _ in range(REPETITIONS):
        call, folder = make_call()
        started = time.perf_counter()
        subprocess.run(call, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def primes():
    limit, workers = "1000000000", str(os.cpu_count())
    if not shutil.which("primesieve"):
        print("primes: primesieve is not installed")
        return
    theirs = median_seconds(lambda: (["primesieve", limit, "--threads=" + workers, "--quiet"], None))
    for mode in ("threads", "processes"):
        call = [os.path.join(PROGRAMS, "primes"), "--mode", mode, "--workers", workers, limit]
        ours = median_seconds(lambda: (call, None))
        print(f"primes to 10^9, {mode}: {ours:.3f} s; primesieve {theirs:.3f} s; ratio {ours / theirs:.2f}")


class Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def downloads():
    files, size = 200, 1 << 20
    with tempfile.TemporaryDirectory() as served:
        for number in range(files):
            with open(os.path.join(served, f"{number}.bin"), "wb") as file:
                file.write(os.urandom(size))
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        urls = [f"http://127.0.0.1:{server.server_port}/{number}.bin" for number in range(files)]
        folders = []

        def fresh(call):
            folders.append(tempfile.TemporaryDirectory())
            return call, folders[-1].name

        jobs = ["--jobs", "8"]
        ours = median_seconds(lambda: fresh([os.path.join(PROGRAMS, "downloader"), *jobs, *urls]))
        curl = ["curl", "--silent", "-Z", "--parallel-max", "8", "--remote-name-all", *urls]
        theirs = median_seconds(lambda: fresh(curl))
        server.shutdown()
        print(f"downloader, {files} files of 1 MiB: {ours:.2f} s; curl -Z {theirs:.2f} s; ratio {ours / theirs:.2f}")


def delivered_a_second(call):
    """Messages that a chat server delivers in a second."""
    clients, senders, messages = 500, 10, 20
    server = subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = server.stdout.readline().split()[-1].rsplit(":", 1)
    joined = []
    for number in range(clients):
        connection = socket.create_connection((address[0], int(address[1])))
        connection.sendall(f"NAME c{number}\n".encode())
        joined.append(connection)
    selector = selectors.DefaultSelector()
    for connection in joined:
        selector.register(connection, selectors.EVENT_READ)
    rest = {connection: b"" for connection in joined}

    def drain(mark, count):
        """Reads until every client has received `count` lines with `mark`."""
        left = count * clients
        while left > 0:
            ready = selector.select(60)
            if not ready:
                sys.exit(f"chat-server: {left} lines with {mark} are missing")
            for key, _ in ready:
                lines = (rest[key.fileobj] + key.fileobj.recv(1 << 16)).split(b"\n")
                rest[key.fileobj] = lines.pop()
                left -= sum(mark in line for line in lines)

    # Everybody is there, and has heard of everybody, before the clock starts.
    drain(b"WELCOME ", 1)
    joined[0].sendall(b"ready\n")
    drain(b" MSG ", 1)
    started = time.perf_counter()
    for connection in joined[:senders]:
        connection.sendall(b"".join(f"message {number}\n".encode() for number in range(messages)))
    drain(b" MSG ", senders * messages)
    seconds = time.perf_counter() - started
    server.stdin.close()
    server.wait()
    for connection in joined:
        connection.close()
    return clients * senders * messages / seconds


def chat():
    rates = {"ours": [], "theirs": []}
    # In turns: a slow moment of the machine meets both.
    for _ in range(REPETITIONS):
        rates["ours"].append(delivered_a_second([os.path.join(PROGRAMS, "chat-server"), "serve"]))
        rates["theirs"].append(delivered_a_second([os.path.join(PEERS, "chat")]))
    ours, theirs = statistics.median(rates["ours"]), statistics.median(rates["theirs"])
    print(
        f"chat-server, 500 clients: {ours:,.0f} messages a second delivered (read by Python); "
        f"tokio {theirs:,.0f}; ratio {ours / theirs:.2f}"
    )


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["primes", "downloads", "chat"]
    for name in chosen:
        {"primes": primes, "downloads": downloads, "chat": chat}[name]()
