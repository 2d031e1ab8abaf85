#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Clients of an HTTP server that are slow, or many.

	clients.py drip ADDRESS PORT SECONDS	sends a byte of a request now and then, until it is
						cut off; prints whether it was within so long
	clients.py crowd ADDRESS PORT N PATH	opens N connections that say nothing, and asks for
						PATH then; prints the status line
	clients.py unread ADDRESS PORT N PATH	has N who ask and do not read, and asks then
	clients.py listen ADDRESS PORT COMMAND...	runs it with a socket, as systemd does
"""

import os
import socket
import sys
import time


def connect(address, port):
	"""A connection there."""
	return socket.create_connection((address, int(port)), timeout=60)


def ask(address, port, path):
	"""The status line."""
	s = connect(address, port)
	s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
	text = b""
	while data := s.recv(65536):
		text += data
	return text.split(b"\r\n")[0].decode()


def drip(address, port, seconds):
	"""Be slow."""
	s = connect(address, port)
	s.settimeout(0.5)
	begin = time.monotonic()
	try:
		while time.monotonic() - begin < float(seconds):
			s.sendall(b"G")
			try:
				if not s.recv(1):
					break
			except socket.timeout:
				pass
	except OSError:
		pass
	print("cut off" if time.monotonic() - begin < float(seconds) else "still there")


def crowd(address, port, n, path, request=b""):
	"""Be many."""
	crowd_of = []
	for _ in range(int(n)):
		s = connect(address, port)
		s.sendall(request)
		crowd_of.append(s)
	print(ask(address, port, path))


def listen(address, port, *command):
	"""Be systemd."""
	s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.bind((address, int(port)))
	s.listen()
	os.dup2(s.fileno(), 3)
	os.set_inheritable(3, True)
	os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
	os.execvp(command[0], command)


def main():
	"""By the first word."""
	if sys.argv[1] == "unread":
		crowd(*sys.argv[2:6], request=b"GET /metrics HTTP/1.1\r\n\r\n")
	else:
		{"drip": drip, "crowd": crowd, "listen": listen}[sys.argv[1]](*sys.argv[2:])


main()
