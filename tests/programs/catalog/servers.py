"""Servers and clients of the standard library, in one process over loopback."""

import asyncio
import http.server
import os
import socket
import socketserver
import threading
import urllib.error
import urllib.request


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data)
        await writer.drain()
    writer.close()


async def ask(port: int, number: int) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    text = b"%d," % number * 5000
    writer.write(text)
    writer.write_eof()
    same = await reader.read() == text
    writer.close()
    await writer.wait_closed()
    return number if same else -1


async def echoes() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(await asyncio.gather(*(ask(port, number) for number in range(20))))
    server.close()
    os.chdir("/tmp")
    unix = await asyncio.start_unix_server(echo, f"echo-{os.getpid()}")
    reader, writer = await asyncio.open_unix_connection(f"echo-{os.getpid()}")
    writer.write(b"over a path")
    writer.write_eof()
    print(await reader.read())
    writer.close()
    unix.close()
    try:
        await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        print("closed:", error.errno)


class Upper(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for line in self.rfile:
            self.wfile.write(line.upper())


def requests() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Upper) as server:
        threading.Thread(target=server.serve_forever).start()
        with socket.create_connection(server.server_address) as client:
            client.sendall(b"one\ntwo\n")
            client.shutdown(1)
            print(client.makefile().read().split())
        server.shutdown()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode() * 1000
        self.send_response(200 if self.path != "/missing" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"%d bytes" % len(data))
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass


def pages() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever).start()
        base = f"http://127.0.0.1:{server.server_port}"
        for number in range(3):
            with urllib.request.urlopen(f"{base}/page{number}") as answer:
                print(answer.status, len(answer.read()))
        with urllib.request.urlopen(f"{base}/post", data=b"x" * 300_000) as answer:
            print(answer.read())
        try:
            urllib.request.urlopen(f"{base}/missing")
        except urllib.error.HTTPError as error:
            print(error.code)
            error.close()
        server.shutdown()


asyncio.run(echoes())
requests()
pages()
