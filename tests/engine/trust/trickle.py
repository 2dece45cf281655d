#!/usr/bin/python3
"""trickle.py COMMAND…: runs it, and gives it standard input a byte at a time."""
import subprocess
import sys

process = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, bufsize=0)
while data := sys.stdin.buffer.read1(1 << 16):
    for byte in data:
        process.stdin.write(bytes((byte,)))
process.stdin.close()
sys.exit(process.wait())
