# SPDX-License-Identifier: Apache-2.0
"""sterna serve under load: 256 clients at once, each answer as if its client were alone, memory flat.

By hand for longer: make load MINUTES=10
"""

import asyncio
import json
import os
import signal
import time
import unittest

from harness import BUILT_IN_MODEL, SternaTest
from server_case import Server

CLIENTS = 256
SECONDS = float(os.environ.get("STERNA_LOAD_SECONDS", "10"))
MEMORY_SLACK_MB = 16
THINGS = ("sparrow", "piano", "river", "tern", "hammer", "violin", "mountain", "spoon")


def body(case):
    """One of 32 requests; they differ in prompt, seed and length."""
    return {"messages": [{"role": "user", "content": f"What is a {THINGS[case % 8]}?"}], "stream": True,
            "temperature": 0.8, "seed": case // 8, "max_tokens": 8 + case % 8}


async def answer(port, case):
    """The text of a streamed answer. AssertionError for anything but a whole one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = json.dumps(body(case)).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: load\r\nConnection: close\r\nContent-Length: "
                 + str(len(data)).encode() + b"\r\n\r\n" + data)
    reply = await reader.read()
    writer.close()
    assert reply.startswith(b"HTTP/1.1 200 "), reply[:200]
    assert reply.count(b"data: [DONE]") == 1, reply[-200:]
    text = ""
    for line in reply.split(b"\n"):
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            assert "error" not in event, event
            text += event["choices"][0]["delta"].get("content") or ""
    return text


def resident_mb(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


def requests_seen(server):
    """Answered, running or waiting."""
    return sum(server.metric(name) for name in ("sterna_answers_total", "llamacpp:requests_processing",
                                                "llamacpp:requests_deferred"))


async def keep_asking(port, client, expected, until, latencies):
    case = client
    while time.monotonic() < until:
        begin = time.monotonic()
        text = await answer(port, case % 32)
        assert text == expected[case % 32], (case % 32, text, expected[case % 32])
        latencies.append(time.monotonic() - begin)
        case += 7


class ServeLoad(SternaTest):
    def test_256_clients_each_get_their_own_answer(self):
        asyncio.run(self.load())

    async def load(self):
        with Server("--parallel", "64", "--queue", "512", "--max-connections", "600", model=BUILT_IN_MODEL) as server:
            expected = [await answer(server.port, case) for case in range(32)]
            latencies = []
            warm = time.monotonic() + min(3, SECONDS / 3)
            await asyncio.gather(*(keep_asking(server.port, i, expected, warm, latencies) for i in range(CLIENTS)))
            before_mb, warmed = resident_mb(server), len(latencies)
            until = time.monotonic() + SECONDS
            await asyncio.gather(*(keep_asking(server.port, i, expected, until, latencies) for i in range(CLIENTS)))
            self.assertGreaterEqual(len(latencies) - warmed, CLIENTS)
            self.assertLess(resident_mb(server), before_mb + MEMORY_SLACK_MB)
            self.assertEqual(server.metric("llamacpp:requests_processing"), 0)
            self.assertEqual(server.metric("sterna_kv_blocks_used"), 0)
            tail = sorted(latencies[warmed:])
            print(f"{len(tail)} answers to {CLIENTS} clients in {SECONDS:.0f} s; whole answer: median {tail[len(tail) // 2]:.2f} s, "
                  f"p99 {tail[len(tail) * 99 // 100]:.2f} s; resident {before_mb:.1f} MB, then {resident_mb(server):.1f} MB")

    def test_a_signal_under_load_loses_no_accepted_request(self):
        asyncio.run(self.end_under_load())

    async def end_under_load(self):
        with Server("--parallel", "16", "--queue", "512", model=BUILT_IN_MODEL) as server:
            expected = [await answer(server.port, case) for case in range(32)]
            asked = [asyncio.ensure_future(answer(server.port, case % 32)) for case in range(64)]
            while await asyncio.to_thread(requests_seen, server) < 32 + 64:
                await asyncio.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            texts = await asyncio.gather(*asked)
            self.assertEqual(texts, [expected[case % 32] for case in range(64)])
            self.assertEqual(server.process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
