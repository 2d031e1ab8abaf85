# SPDX-License-Identifier: GPL-2.0
"""What Docker would send to a plugin's socket, and what it would not.

A line on stdin is a question, and is answered by a line:

  call SOCKET METHOD [BODY]     POST; "STATUS BODY", as all that follow
  get SOCKET METHOD             GET
  long SOCKET METHOD BYTES      a body of so many bytes, an object with one long string
  chunked SOCKET METHOD BYTES   the same in pieces, without saying how long it is
  half SOCKET METHOD BODY       half of the body, and the connection is closed; "ok"
  hold SOCKET METHOD BODY       half of it, and the connection stays open; "ok"
  rest                          the other half of that
  activate SOCKET NS COMMAND... starts it in a namespace as systemd does; "ok PID"
"""
import http.client
import os
import socket
import sys

MIB = 1 << 20
TIMEOUT = 30 * int(os.environ.get("CTNET_SLOW", "1"))
held = []


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("plugin", timeout=TIMEOUT)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self.path)


def answer(conn):
    r = conn.getresponse()
    return "%d %s" % (r.status, r.read().decode())


def call(path, method, body="", verb="POST", **more):
    conn = Connection(path)
    conn.request(verb, "/" + method, body, **more)
    return answer(conn)


def pieces(size):
    yield b'{"x":"'
    while size > 0:
        yield b"x" * min(size, MIB)
        size -= MIB
    yield b'"}'


def half(path, method, body):
    conn = Connection(path)
    conn.putrequest("POST", "/" + method)
    conn.putheader("Content-Length", str(len(body)))
    conn.endheaders(body[:len(body) // 2].encode())
    return conn


def activate(path, ns, command):
    s = socket.socket(socket.AF_UNIX)
    s.bind(path)
    s.listen()
    pid = os.fork()
    if not pid:
        with open("/run/netns/" + ns) as f:
            os.setns(f.fileno()) if hasattr(os, "setns") else setns(f.fileno())
        os.dup2(s.fileno(), 3)
        os.set_inheritable(3, True)     # it may have been 3 before
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(2, 1)
        os.execvp(command[0], command)
    s.close()
    return "ok %d" % pid


def setns(fd):
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(fd, 0):
        raise OSError(ctypes.get_errno(), "setns")


def serve(line):
    verb, _, rest = line.partition(" ")
    if verb == "call":
        return call(*rest.split(" ", 2))
    if verb == "get":
        return call(*rest.split(" "), verb="GET")
    if verb == "long":
        path, method, size = rest.split(" ")
        return call(path, method, b"".join(pieces(int(size))))
    if verb == "chunked":
        path, method, size = rest.split(" ")
        return call(path, method, pieces(int(size)), encode_chunked=True,
                    headers={"Transfer-Encoding": "chunked"})
    if verb == "half":
        half(*rest.split(" ", 2)).close()
        return "ok"
    if verb == "hold":
        args = rest.split(" ", 2)
        held.append((half(*args), args[2]))
        return "ok"
    if verb == "rest":
        conn, body = held.pop()
        conn.send(body[len(body) // 2:].encode())
        return answer(conn)
    if verb == "activate":
        path, ns, *command = rest.split(" ")
        return activate(path, ns, command)
    raise ValueError("no such question")


for question in sys.stdin:
    try:
        print(serve(question.rstrip("\n")), flush=True)
    except (OSError, http.client.HTTPException, ValueError) as e:
        print("gone %r" % e, flush=True)
