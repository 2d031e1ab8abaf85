#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A stand-in for Docker or Podman: engine.py SOCKET DIRECTORY. A question for container NAME is
answered with the file NAME of the directory: a line with the status, and a body; or, as that
line, "half" for an answer that ends too early, "huge" for one without an end, "silent" for
none. A name that has no file is unknown. What is written to the file "events" is sent to whoever
asks for events from then on. The questions are kept in the file "asked"."""
import http.server
import json
import os
import socketserver
import sys
import time
import urllib.parse

SOCKET, DIRECTORY = sys.argv[1:]


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(os.path.join(DIRECTORY, "asked"), "a", encoding="utf-8") as f:
            f.write(self.path + "\n")
        if self.path.startswith("/events?"):
            self.events()
            return
        name = urllib.parse.unquote(self.path.split("/")[2])
        try:
            with open(os.path.join(DIRECTORY, name.replace("/", "_")), encoding="utf-8") as f:
                how, body = f.read().split("\n", 1)
        except FileNotFoundError:
            how, body = "404", json.dumps({"message": "No such container: " + name})
        if how == "silent":
            self.rfile.read()
            return
        self.send_response(int(how) if how.isdigit() else 200)
        self.send_header("Content-Type", "application/json")
        if how == "half":
            self.send_header("Content-Length", str(len(body) + 100))
        elif how != "huge":
            self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        try:
            self.wfile.write(body.encode())
            while how == "huge":
                self.wfile.write(b" " * 65536)
        except BrokenPipeError:
            pass
        self.close_connection = True

    def events(self):
        path = os.path.join(DIRECTORY, "events")
        sent = os.path.getsize(path)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        try:
            while True:
                with open(path, "rb") as f:
                    f.seek(sent)
                    text = f.read()
                sent += len(text)
                self.wfile.write(text)
                time.sleep(0.05)
        except OSError:
            pass
        self.close_connection = True

    def address_string(self):
        return "-"

    def log_message(self, *_):
        pass


Server(SOCKET, Handler).serve_forever()
