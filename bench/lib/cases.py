# SPDX-License-Identifier: Apache-2.0
"""What is measured: the rows of bench/compare, and the order in which they run."""
import contextlib
import dataclasses

from busy_core import BusyCore
from engines import EngineFailed


@dataclasses.dataclass(frozen=True)
class Case:
    """One run of an engine: the tests it does, on how many threads, beside a busy core or not."""

    name: str
    threads: int
    prompt: int = 0
    generate: int = 0
    busy: bool = False
    baseline: str = ""  # the case of the same engine that this one is compared with
    sequences: int = 1  # that generate at once


def idle(threads, prompt, generate):
    return Case(f"{threads} thread{'s' if threads > 1 else ''}", threads, prompt, generate)


def make_cases(scenarios, threads, prompt, generate, sequences=1):
    """The cases of the scenarios asked for; a base that a scenario is compared with is added once."""
    cases = {}
    for count in threads:
        case = idle(count, prompt if "prefill" in scenarios else 0, generate if "decode" in scenarios else 0)
        if case.prompt or case.generate:
            cases[case.name] = case
    most = max(threads)

    def base(count):
        plain = idle(count, 0, generate)
        known = cases.get(plain.name)
        cases[plain.name] = dataclasses.replace(known or plain, generate=generate)
        return plain.name

    if "batch" in scenarios:
        for count in threads:
            name = f"{sequences} sequences at once, {idle(count, 0, 0).name}"
            cases[name] = Case(name, count, 0, generate, sequences=sequences)
    if "busy" in scenarios:
        name = f"{most} threads, a core busy"
        cases[name] = Case(name, most, 0, generate, True, base(1))
    if "above" in scenarios:
        for count in (2 * most, 4 * most):
            name = f"{count} threads on {most} cores"
            cases[name] = Case(name, count, 0, generate, False, base(most))
    return list(cases.values())


def tests_of(case):
    """(key in results, words) of the tests that a case does."""
    tests = []
    if case.prompt:
        tests.append(("pp", f"prompt of {case.prompt}"))
    if case.sequences > 1:
        tests.append(("batch", f"generation of {case.generate} in each"))
    elif case.generate:
        tests.append(("tg", f"generation of {case.generate}"))
    return tests


def run_once(case, engine, timeout):
    with BusyCore() if case.busy else contextlib.nullcontext():
        return engine.measure(case, timeout)


def run_rounds(cases, engines, rounds, timeout, in_time, say):
    """{(case, engine label): [results of each round]} and {engine label: why it was given up}.

    Every round runs every engine once for each case, each round beginning with another engine, so that a machine that
    grows slower or faster does so for all of them. An engine that fails is left out from then on.
    """
    results = {(case.name, engine.label): [] for case in cases for engine in engines}
    failed = {}
    for number in range(rounds):
        for case in cases:
            for shift in range(len(engines)):
                engine = engines[(number + shift) % len(engines)]
                if engine.label in failed or not engine.can(case):
                    continue
                if number > 0 and not in_time():
                    say(f"out of time in round {number + 1}")
                    return results, failed
                try:
                    result = run_once(case, engine, timeout)
                except EngineFailed as error:
                    failed[engine.label] = str(error)
                    say(f"{engine.label}: {error}")
                    continue
                results[case.name, engine.label].append(result)
                say(f"round {number + 1}, {case.name}, {engine.label}: " +
                    ", ".join(f"{key} {result[key]:.2f}" for key, _ in tests_of(case)))
    return results, failed
