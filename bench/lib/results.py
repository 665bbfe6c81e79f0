# SPDX-License-Identifier: Apache-2.0
"""Reports of Google Benchmark, of bench/run_suites and of bench/compare, as measurements with a direction."""
import statistics

# Keys of an entry that are no counters of the suite.
FIXED = {"name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index", "threads",
         "iterations", "real_time", "cpu_time", "time_unit", "items_per_second", "bytes_per_second", "aggregate_name",
         "aggregate_unit", "label", "error_occurred", "error_message"}
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def entries(report):
    """Single runs of one report of Google Benchmark; its own means and medians are left out."""
    return [entry for entry in report["benchmarks"] if entry.get("run_type") != "aggregate"]


def cost(entry):
    """What a benchmark is about: the memory where it says how much there was, else the time."""
    return entry["peak_MB"] if "peak_MB" in entry else seconds(entry)


def seconds(entry):
    # Suites that ask for real time say so in the name; elsewhere the CPU's time is the steadier one.
    which = "real_time" if "/real_time" in entry["name"] else "cpu_time"
    return entry[which] * NANOSECONDS[entry["time_unit"]] / 1e9


def scaled(value, unit):
    for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{value / factor:.2f} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def time_words(value):
    for factor, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "us")):
        if value >= factor:
            return f"{value / factor:.2f} {unit}"
    return f"{value * 1e9:.1f} ns"


def row(entry):
    """[name, time, rate, counters] in words."""
    rate = ""
    if "items_per_second" in entry:
        rate = scaled(entry["items_per_second"], "/s")
    elif "bytes_per_second" in entry:
        rate = scaled(entry["bytes_per_second"], "B/s")
    counters = ", ".join(f"{key} {value:.4g}" for key, value in entry.items() if key not in FIXED)
    return [entry["name"], time_words(seconds(entry)), rate, counters]


def times_scalar(report):
    """{name: how many times as fast as the same benchmark with the scalar kernels}, where there is one: OPERATION/TABLE/SIZE."""
    seconds_of = {entry["name"]: seconds(entry) for entry in entries(report)}
    ratios = {}
    for name, value in seconds_of.items():
        operation, table, *size = (name.split("/") + [""])[:3]
        scalar = "/".join([operation, "scalar", *size])
        if table != "scalar" and scalar in seconds_of:
            ratios[name] = seconds_of[scalar] / value
    return ratios


def google_costs(report, prefix=""):
    found = {}
    for entry in entries(report):
        found.setdefault(prefix + entry["name"], []).append(cost(entry))
    return {name: statistics.median(values) for name, values in found.items()}


def costs(report):
    """{name: cost}; less is better. Takes any of the three kinds of report; ValueError for anything else."""
    if "benchmarks" in report:
        return google_costs(report)
    if "tests" in report:  # bench/compare: seconds per token of Sterna's own rows
        return {f"{test['case']}, {test['test']}, {row['label']}": 1 / row["tokens_per_second"]["median"]
                for test in report["tests"] for row in test["engines"] if row["own"]}
    suites = {name: suite for name, suite in report.items() if isinstance(suite, dict) and "benchmarks" in suite}
    if not suites:
        raise ValueError("no report of Google Benchmark, bench/run_suites or bench/compare")
    merged = {}
    for name, suite in suites.items():
        merged.update(google_costs(suite, name + ": "))
    return merged
