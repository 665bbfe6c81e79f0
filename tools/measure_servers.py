#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sterna serve` beside another server with llama-server's /completion: total tokens a second, time to the first token, and between tokens.

    build/tools/dummy_model/sterna_dummy_model --preset 2b-4t --ffn-sparsity 0.75 --head-stats gemma3 -o build/dummy-2b.gguf
    build/tools/dummy_model/sterna_dummy_model --preset 2b-4t --ffn-sparsity 0.75 --head-stats gemma3 --format llama.cpp -o build/dummy-2b-llama.gguf
    build/sterna convert build/dummy-2b.gguf build/dummy-2b.sterna
    python3 tools/measure_servers.py -m build/dummy-2b.sterna --peer "llama-server -m build/dummy-2b-llama.gguf --port {port} -np 16 -c 4096 -t 2"

Each round starts both servers in turn and gives them the same requests from 1, 4 and 16 clients at once: prompts of different
lengths, greedy, a fixed number of tokens. Both tell their answers token by token. A ratio is that within a round; printed is the
median with the least and the most.
"""
import argparse
import asyncio
import json
import random
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

COLUMNS = {"tokens/s": True, "first token p50, ms": False, "first token p99, ms": False, "between tokens p50, ms": False,
           "between tokens p99, ms": False}  # whether more is better


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A server process that answers /health when it is ready."""

    def __init__(self, command):
        self.port = free_port()
        self.process = subprocess.Popen(shlex.split(command.format(port=self.port)), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def __enter__(self):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        sys.exit(f"{shlex.join(self.process.args)}: not ready after two minutes, or ended")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


async def complete(port, prompt, tokens):
    """Moments of each piece of the answer, counted from the request, in seconds."""
    body = json.dumps({"prompt": prompt, "n_predict": tokens, "temperature": 0, "stream": True, "ignore_eos": True,
                       "cache_prompt": False}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begin = time.perf_counter()
    writer.write(b"POST /completion HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
                 b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    moments, last = [], b""
    async for line in reader:
        if line.startswith(b"data: "):
            last = line
            moments.append(time.perf_counter() - begin)
    writer.close()
    predicted = json.loads(last[6:]).get("tokens_predicted") if last else None
    if predicted != tokens:
        sys.exit(f"an answer has {predicted} tokens where {tokens} were asked: {last[:200]!r}")
    return moments[:tokens]


async def drive(port, prompts, clients, tokens):
    """Each client has its share of the prompts answered, one after the other."""
    async def client(own):
        return [await complete(port, prompt, tokens) for prompt in own]

    begin = time.perf_counter()
    answers = sum(await asyncio.gather(*(client(prompts[i::clients]) for i in range(clients))), [])
    seconds = time.perf_counter() - begin
    firsts = [1e3 * moments[0] for moments in answers]
    gaps = [1e3 * (after - before) for moments in answers for before, after in zip(moments, moments[1:])]
    return dict(zip(COLUMNS, [len(answers) * tokens / seconds, *percentiles(firsts), *percentiles(gaps)]))


def percentiles(values):
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99)]


def make_prompts(count, seed, longest):
    """Ids of ordinary tokens; lengths from 8 to the longest."""
    draw = random.Random(seed)
    return [[draw.randrange(300, 20000) for _ in range(draw.randrange(8, longest + 1))] for _ in range(count)]


def show(name, values):
    print(f"| {name} | " + " | ".join(f"{statistics.median(column):.2f} ({min(column):.2f}-{max(column):.2f})" for column in values) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sterna", default="build/sterna")
    parser.add_argument("-m", "--model", required=True, help="for sterna")
    parser.add_argument("--flags", default="", help="more flags of sterna serve")
    parser.add_argument("--peer", required=True, help="command that starts the other server; {port} is where it listens")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--requests", type=int, default=0, help="for each number of clients [default: as many as clients, at least 2]")
    parser.add_argument("--longest", type=int, default=64, help="tokens of the longest prompt")
    parser.add_argument("-n", "--tokens", type=int, default=16)
    parser.add_argument("-r", "--rounds", type=int, default=5)
    arguments = parser.parse_args()
    most = max(arguments.clients)
    own = f"{arguments.sterna} serve -m {arguments.model} --port {{port}} --parallel {most} --ctx 256 {arguments.flags}"
    figures = {(who, clients): [] for who in ("sterna", "peer") for clients in arguments.clients}
    for done in range(arguments.rounds):
        for who, command in (("sterna", own), ("peer", arguments.peer)):
            with Server(command) as server:
                asyncio.run(drive(server.port, make_prompts(1, 0, 16), 1, 4))  # warms
                for clients in arguments.clients:
                    prompts = make_prompts(arguments.requests or max(clients, 2), done * 100 + clients, arguments.longest)
                    figures[who, clients].append(asyncio.run(drive(server.port, prompts, clients, arguments.tokens)))
        print(f"\nafter round {done + 1} of {arguments.rounds}\n| clients, server | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
        for clients in arguments.clients:
            for who in ("sterna", "peer"):
                show(f"{clients}, {who}", [[run[column] for run in figures[who, clients]] for column in COLUMNS])
            pairs = list(zip(figures["sterna", clients], figures["peer", clients]))
            show(f"{clients}, times better", [[(a[column] / b[column]) if more else (b[column] / a[column]) for a, b in pairs]
                                              for column, more in COLUMNS.items()])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
