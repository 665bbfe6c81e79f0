# SPDX-License-Identifier: Apache-2.0
"""Rounds to medians, spreads and ratios, and these to a table for people."""
import statistics

from cases import tests_of


# Tests that wait for arithmetic rather than for memory.
PRODUCTS = ("pp", "batch")


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "rounds": len(values)}


def ratio(above, below):
    """Spread of the ratios of two series, round by round; None where they share no round."""
    pairs = list(zip(above, below))
    return spread([a / b for a, b in pairs]) if pairs else None


def series(results, case, engine, key):
    return [result[key] for result in results[case, engine] if key in result]


def summarize(cases, engines, results):
    """One entry per test of each case: the engines' speeds, and each own engine's ratio to each peer."""
    tests, macs = [], multiply_adds_per_token(results)
    for case in cases:
        for key, words in tests_of(case):
            test = {"case": case.name, "test": words, "key": key, "threads": case.threads, "busy_core": case.busy,
                    "baseline": case.baseline, "engines": [], "ratios": []}
            for engine in engines:
                values = series(results, case.name, engine.label, key)
                if values:
                    test["engines"].append(engine_row(case, engine, results, key, values, macs))
            test["ratios"] = ratios(case, engines, results, key)
            tests.append(test)
    return tests


def multiply_adds_per_token(results):
    """In ternary products: those that Sterna names, which are everybody's, since all run the same model; else None."""
    return next((one["multiply_adds_per_token"] for rounds in results.values() for one in rounds
                 if "multiply_adds_per_token" in one), None)


def engine_row(case, engine, results, key, values, macs):
    row = {"label": engine.label, "own": engine.own, "isa": engine.isa, "weights": engine.weights, "head": engine.head,
           "build": engine.build, "flags": " ".join(engine.flags), "tokens_per_second": spread(values)}
    rates = series(results, case.name, engine.label, "tg_gb_per_second") if key == "tg" else []
    row["gb_per_second"] = statistics.median(rates) if rates else None
    row["multiply_adds_per_second"] = statistics.median(values) * macs if macs and key in PRODUCTS else None
    if case.baseline:
        row["of_baseline"] = ratio(values, series(results, case.baseline, engine.label, key))
    return row


def ratios(case, engines, results, key):
    found = []
    peers = [engine for engine in engines if not engine.own and series(results, case.name, engine.label, key)]
    best = max(peers, default=None,
               key=lambda peer: statistics.median(series(results, case.name, peer.label, key)))
    for own in (engine for engine in engines if engine.own):
        for peer in peers:
            values = ratio(series(results, case.name, own.label, key), series(results, case.name, peer.label, key))
            if values:
                found.append({"own": own.label, "peer": peer.label, "best_peer": peer is best, **values})
    return found


def align(rows):
    """Rows of words as lines with columns; the first row is a heading."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths)).rstrip() for row in rows]
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def speed_rows(test, read_limits, integer_peaks):
    prompt = test["key"] in PRODUCTS
    limits = {threads: peak / 1e9 for threads, peak in integer_peaks.items()} if prompt else read_limits
    limit = limits.get(test["threads"]) or max(limits.values(), default=None)
    rows = [["engine", "tokens/s", "least", "most", "GMAC/s" if prompt else "GB/s", "of limit", "of base", "weights", "head", "ISA",
             "flags", "build"]]
    for row in test["engines"]:
        speed, base = row["tokens_per_second"], row.get("of_baseline")
        rate = (row["multiply_adds_per_second"] or 0) / 1e9 if prompt else row["gb_per_second"]
        rows.append([
            row["label"], f"{speed['median']:.2f}", f"{speed['min']:.2f}", f"{speed['max']:.2f}",
            f"{rate:.1f}" if rate else "-", f"{100 * rate / limit:.0f} %" if rate and limit else "-",
            f"{base['median']:.2f}" if base else "-", row["weights"], row["head"], row["isa"], row["flags"] or "-", row["build"]])
    return rows


def table(report):
    """The whole report as text."""
    lines = [f"{report['cpu']}; {report['usable_cores']} usable cores; {report['date']}; {report['seconds']:.0f} s", ""]
    limits, peaks = report["read_gb_per_second"], report["integer_peak"]
    lines += [f"reads of memory, {threads} thread(s): {value:.1f} GB/s (the better of before and after)"
              for threads, value in limits.items()]
    lines += [f"{name}: {value}" for name, value in report["other_limits"].items()]
    for test in report["tests"]:
        rounds = max((row["tokens_per_second"]["rounds"] for row in test["engines"]), default=0)
        base = f", base: {test['baseline']}" if test["baseline"] else ""
        lines += ["", f"{test['test']}, {test['case']}{base}; median of {rounds} rounds"]
        lines += align(speed_rows(test, limits, peaks))
        for one in test["ratios"]:
            best = ", the best peer" if one["best_peer"] else ""
            lines.append(f"{one['own']} / {one['peer']}{best}: {one['median']:.2f} ({one['min']:.2f}-{one['max']:.2f})")
    lines += ["", *(f"{label}: given up: {why}" for label, why in report["failed"].items())]
    return "\n".join(lines).rstrip() + "\n"
