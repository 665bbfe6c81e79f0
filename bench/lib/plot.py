# SPDX-License-Identifier: Apache-2.0
"""The report as one SVG file that needs nothing else: a panel per test, a bar per engine, a whisker from least to most."""
import html

WIDTH, LEFT, RIGHT = 960, 300, 200
BAR, GAP, TITLE, PANEL_GAP = 22, 8, 34, 18
OWN, PEER, INK, GREY, PAPER = "#1f6fb2", "#b9bec4", "#1b1f24", "#5c6670", "#ffffff"


def text(x, y, words, size=13, anchor="start", colour=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
            f'font-weight="{weight}">{html.escape(words)}</text>')


def bar(row, y, scale, ratio):
    speed = row["tokens_per_second"]
    middle = y + BAR / 2
    least, most = LEFT + speed["min"] * scale, LEFT + speed["max"] * scale
    parts = [
        text(LEFT - 10, middle + 4.5, row["label"], anchor="end", weight="bold" if row["own"] else "normal"),
        f'<rect x="{LEFT}" y="{y:.1f}" width="{speed["median"] * scale:.1f}" height="{BAR}" '
        f'fill="{OWN if row["own"] else PEER}"/>',
        f'<path d="M{least:.1f} {middle:.1f}H{most:.1f}M{least:.1f} {middle - 4:.1f}v8M{most:.1f} {middle - 4:.1f}v8" '
        f'stroke="{INK}" stroke-width="1.2" fill="none"/>',
        text(most + 8, middle + 4.5, f'{speed["median"]:.1f}' + (f"  ({ratio})" if ratio else ""))]
    return parts


def panel(test, top):
    """(SVG elements, height) of one test."""
    rows = test["engines"]
    parts = [text(20, top + 20, f"{test['test']}, {test['case']}: tokens/s", 15, weight="bold")]
    largest = max((row["tokens_per_second"]["max"] for row in rows), default=1) or 1
    scale = (WIDTH - LEFT - RIGHT) / largest
    best = {one["own"]: f"{one['median']:.2f} x best peer" for one in test["ratios"] if one["best_peer"]}
    y = top + TITLE
    for row in rows:
        parts += bar(row, y, scale, best.get(row["label"]))
        y += BAR + GAP
    return parts, y - top + PANEL_GAP


def svg(report):
    parts, top = [], 64
    for test in report["tests"]:
        elements, height = panel(test, top)
        parts += elements
        top += height
    head = [text(20, 28, "Sterna beside its peers, one run", 18, weight="bold"),
            text(20, 48, f"{report['cpu']}, {report['date']}; bars: median of the rounds, whiskers: least to most", 12, colour=GREY)]
    heads = {row["label"]: f"{row['label']}: {row['weights']}, head {row['head']}, {row['isa']}"
             for test in report["tests"] for row in test["engines"]}
    foot = [text(20, top + 16 + 16 * i, words, 11, colour=GREY) for i, words in enumerate(heads.values())]
    height = top + 32 + 16 * len(heads)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            f'font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n<rect width="100%" height="100%" fill="{PAPER}"/>\n' +
            "\n".join(head + parts + foot) + "\n</svg>\n")
