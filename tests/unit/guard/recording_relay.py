#!/usr/bin/python3
"""Stands in for ssh as BORG_RSH: runs `borg serve --append-only` and records what client and server say, in the order in which it
passed, in the file RECORDING: records of "C" or "S", four bytes of length (big endian), the bytes.

recording_relay.py RECORDING BORG HOST BORG-COMMAND...: HOST and the command are borg's, and not used.
"""
import os
import selectors
import struct
import subprocess
import sys

PIECE = 65536


def main(recording, borg):
    serve = subprocess.Popen([borg, "serve", "--append-only"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    ways = selectors.DefaultSelector()
    ways.register(0, selectors.EVENT_READ, (b"C", serve.stdin.fileno()))
    ways.register(serve.stdout.fileno(), selectors.EVENT_READ, (b"S", 1))
    with open(recording, "ab") as file:
        while True:
            for key, _ in ways.select():
                side, to = key.data
                data = os.read(key.fd, PIECE)
                if data:
                    file.write(side + struct.pack(">I", len(data)) + data)
                    while data:
                        data = data[os.write(to, data):]
                    continue
                ways.unregister(key.fd)
                if side == b"S":
                    return serve.wait()
                serve.stdin.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
