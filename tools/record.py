#!/usr/bin/python3
"""Runs a command on a terminal of its own and draws what it showed, as an animated SVG: the recording in README.md is

    tools/record.py --from 'starting a Kubernetes' --without 'use it:' docs/demo.svg ./dev demo

record.py [--from TEXT] [--without TEXT] [--columns N] [--rows N] FILE COMMAND [ARGUMENT…]

--from: leave out all lines before the first that has TEXT; --without: and those that have this one. The output passes through meanwhile. Of a pause no
more than a moment is shown; the time that really went by stands in the margin. Nothing is written where the command fails.
Exit code: the command's, or 1 where there is nothing to draw.
"""
import argparse
import html
import os
import pty
import re
import sys
import time

PAUSE, HOLD, TICK = 1.2, 8.0, 0.05  # the longest pause, how long the end stands, and the time between lines that came at once, in seconds
ROW, COLUMN, MARGIN, TOP = 18, 8.02, 62, 44  # in pixels
STYLE = """
  text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d1d7e0; white-space: pre }
  .frame { fill: #0d1117; stroke: #3d444d } .bar { fill: #151b23 } .when { fill: #656c76; font-size: 11px }
  .bold { font-weight: 700; fill: #ffffff } .red { fill: #f85149 } .green { fill: #3fb950 } .yellow { fill: #d29922 }
"""
CODES = {"1": "bold", "31": "red", "32": "green", "33": "yellow"}


def run(command, columns, rows):
    """The exit code, and (time, line) of each line."""
    lines, pending = [], b""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", COLUMNS=str(columns), LINES=str(rows))
        os.execvp(command[0], command)
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # its other end is closed
            break
        if not data:
            break
        os.write(1, data)
        *whole, pending = (pending + data).split(b"\n")
        lines += [(time.monotonic(), line.decode(errors="replace")) for line in whole]
    if pending.strip():
        lines.append((time.monotonic(), pending.decode(errors="replace")))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), lines


def shown(line, columns):
    """The line as SVG: what a program drew over is gone, colours are classes, and what is too long ends in …"""
    line = line.rstrip("\r").rpartition("\r")[2].expandtabs(8)
    spans, style, length = [], "", 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z])", line):
        if part.startswith("\x1b["):
            if part.endswith("m"):
                code = part[2:-1].rpartition(";")[2]
                style = CODES.get(code, "")
            continue
        text = re.sub(r"[^\x20-\x7e\u00a0-\uffff]", "", part)
        if length + len(text) > columns:
            text = text[: max(columns - length - 1, 0)] + "…"
        length += len(text)
        if text:
            text = html.escape(text, quote=False)
            spans.append(f'<tspan class="{style}">{text}</tspan>' if style else text)
        if length >= columns:
            break
    return "".join(spans)


def draw(lines, columns, rows):
    start, last, at, times = lines[0][0], lines[0][0], 0.4, []
    for came, _ in lines:
        at += min(max(came - last, TICK), PAUSE)
        times.append(at)
        last = came
    whole = at + HOLD
    width, height = MARGIN + columns * COLUMN + 16, TOP + rows * ROW + 10
    rules, texts, steps = [], [], ["0%{transform:none}"]
    for number, ((came, line), when) in enumerate(zip(lines, times)):
        percent = f"{100 * when / whole:.3f}%"
        y = TOP + (number + 1) * ROW - 5
        rules.append(f"@keyframes l{number}{{0%{{visibility:hidden}}{percent}{{visibility:visible}}100%{{visibility:visible}}}}")
        minutes, seconds = divmod(int(came - start), 60)
        texts.append(f'<g style="animation-name:l{number}"><text class="when" x="14" y="{y}">{minutes}:{seconds:02}</text>'
                     f'<text x="{MARGIN}" y="{y}" xml:space="preserve">{shown(line, columns)}</text></g>')
        if number >= rows:
            steps.append(f"{percent}{{transform:translateY({-(number - rows + 1) * ROW}px)}}")
    end = -max(len(lines) - rows, 0) * ROW
    steps.append(f"100%{{transform:translateY({end}px)}}")
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" role="img">
<title>A recording of a terminal; the margin has minutes and seconds</title>
<style>{STYLE}  .all, .all g {{ animation: {whole:.2f}s step-end infinite }} .all {{ animation-name: scroll; transform: translateY({end}px) }}
  @media (prefers-reduced-motion: reduce) {{ .all, .all g {{ animation: none }} }}
  @keyframes scroll{{{"".join(steps)}}}
{chr(10).join(rules)}
</style>
<clipPath id="screen"><rect x="0" y="{TOP - 4}" width="{width:.0f}" height="{rows * ROW + 8}"/></clipPath>
<rect class="frame" x=".5" y=".5" width="{width - 1:.0f}" height="{height - 1}" rx="9"/>
<path class="bar" d="M1 32V10a9 9 0 0 1 9-9H{width - 10:.0f}a9 9 0 0 1 9 9V32z"/>
<circle cx="20" cy="17" r="5.5" fill="#f85149"/><circle cx="38" cy="17" r="5.5" fill="#d29922"/><circle cx="56" cy="17" r="5.5" fill="#3fb950"/>
<g clip-path="url(#screen)"><g class="all">
{chr(10).join(texts)}
</g></g>
</svg>
"""


def main():
    options = argparse.ArgumentParser(usage="record.py [--from TEXT] [--without TEXT] [--columns N] [--rows N] FILE COMMAND [ARGUMENT…]")
    options.add_argument("--from", dest="begin", default="")
    options.add_argument("--without")
    options.add_argument("--columns", type=int, default=116)
    options.add_argument("--rows", type=int, default=28)
    options.add_argument("file")
    options.add_argument("command", nargs=argparse.REMAINDER)
    given = options.parse_args()
    if not given.command:
        options.error("no command")
    code, lines = run(given.command, given.columns, given.rows)
    if code != 0:
        return code if code > 0 else 1
    first = next((number for number, (_, line) in enumerate(lines) if given.begin in line), None)
    if first is None or not lines:
        print(f"record.py: no line has {given.begin!r}" if lines else "record.py: there was no output", file=sys.stderr)
        return 1
    lines = [(came, line) for came, line in lines[first:] if not given.without or given.without not in line]
    with open(given.file, "w", encoding="utf-8") as out:
        out.write(draw(lines, given.columns, given.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
