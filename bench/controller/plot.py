#!/usr/bin/python3
"""Draws what controller_bench measured as SVG: how time, processor time and memory grow with the number of targets.

    plot.py FILE.json... >FILE.svg

Several files are taken together, such as one for each number of targets."""
import json
import statistics
import sys

WIDTH, HEIGHT, MARGIN, GAP = 300, 220, 46, 24
PANELS = [
    ("cold", "CPU s", "CPU s until all is made"),
    ("cold", "peak MiB", "memory at its highest, MiB"),
    ("warm", "at rest after s", "s from a start to rest"),
    ("rest", "CPU s", "CPU s at rest"),
]
COLORS = ["#0b6e99", "#c2571a", "#5b8c2a"]  # beside each other also for the colour-blind


def points_of(measurements, phase, figure):
    """{contender: [(targets, median)]}"""
    found = {}
    for one in measurements:
        if one["phase"] == phase and figure in one["figures"]:
            found.setdefault(one["contender"], {}).setdefault(one["targets"], []).append(one["figures"][figure])
    return {name: sorted((x, statistics.median(values)) for x, values in by.items()) for name, by in found.items()}


def rounded_up(value):
    """The next of 1, 2, 5 times a power of ten: the end of an axis."""
    scale = 1e-6
    while True:
        for step in (1, 2, 5):
            if step * scale >= value:
                return step * scale
        scale *= 10


def text(x, y, what, anchor="middle", size=11):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{what}</text>'


def panel(measurements, colors, left, phase, figure, title):
    series = points_of(measurements, phase, figure)
    most_x = max((x for line in series.values() for x, _ in line), default=1)
    most_y = rounded_up(max((y for line in series.values() for _, y in line), default=1))
    bottom, right = MARGIN + HEIGHT, left + WIDTH

    def place(x, y):
        return left + WIDTH * x / most_x, bottom - HEIGHT * y / most_y

    out = [text(left + WIDTH / 2, MARGIN - 14, title, size=13)]
    for part in range(5):
        value = most_y * part / 4
        _, y = place(0, value)
        out.append(f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(text(left - 6, y + 4, f"{value:g}", "end"))
    for x in sorted({x for line in series.values() for x, _ in line}):
        out.append(text(place(x, 0)[0], bottom + 16, f"{x:,}"))
    for name, line in sorted(series.items()):
        places = [place(x, y) for x, y in line]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{joined}" fill="none" stroke="{colors[name]}" stroke-width="2"/>')
        out.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colors[name]}"/>' for x, y in places)
    return out


def draw(measurements):
    names = sorted({one["contender"] for one in measurements})
    colors = {name: COLORS[i % len(COLORS)] for i, name in enumerate(names)}
    width = len(PANELS) * (WIDTH + MARGIN + GAP) + GAP
    height = HEIGHT + 2 * MARGIN + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" fill="#222">']
    out.append(f'<rect width="{width}" height="{height}" fill="#fff"/>')
    for i, (phase, figure, title) in enumerate(PANELS):
        out += panel(measurements, colors, i * (WIDTH + MARGIN + GAP) + MARGIN + GAP / 2, phase, figure, title)
    for i, name in enumerate(names):
        x, y = MARGIN + i * 200, height - 20
        out.append(f'<rect x="{x}" y="{y - 10}" width="12" height="12" fill="{colors[name]}"/>')
        out.append(text(x + 18, y, name, "start", 12))
    out.append(text(width - GAP, height - 20, "over the number of targets", "end", 12))
    return "\n".join(out + ["</svg>"])


def main():
    if len(sys.argv) < 2:
        print("usage: plot.py FILE.json... >FILE.svg", file=sys.stderr)
        return 2
    measurements = []
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as file:
            measurements += json.load(file)["measurements"]
    print(draw(measurements))
    return 0


if __name__ == "__main__":
    sys.exit(main())
