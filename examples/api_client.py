#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a running `sterna serve` and prints the answer as it comes. Needs nothing but Python.

    python3 examples/api_client.py "What is a sparrow?" [--url http://127.0.0.1:8080] [--key KEY]
"""
import argparse
import json
import sys
import urllib.error
import urllib.request


def answer(url, question, key=None, **settings):
    """Yields the pieces of an answer. urllib.error.URLError where the server is not there or refuses."""
    body = {"messages": [{"role": "user", "content": question}], "stream": True, **settings}
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as reply:
        for line in reply:  # events: "data: {...}", an empty line between them
            if line.startswith(b"data: ") and line.strip() != b"data: [DONE]":
                event = json.loads(line[6:])
                if "error" in event:
                    raise urllib.error.URLError(event["error"]["message"])
                for choice in event["choices"]:
                    yield choice["delta"].get("content") or ""


def main():
    parser = argparse.ArgumentParser(description="Ask a running sterna serve.")
    parser.add_argument("question")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--key", help="where the server asks for one")
    parser.add_argument("--temperature", type=float, default=0)
    arguments = parser.parse_args()
    try:
        for piece in answer(arguments.url, arguments.question, arguments.key, temperature=arguments.temperature):
            print(piece, end="", flush=True)
    except urllib.error.HTTPError as refused:
        sys.exit(f"{refused.code}: {json.loads(refused.read())['error']['message']}")
    except urllib.error.URLError as away:
        sys.exit(f"{arguments.url}: {away.reason}")
    print()


if __name__ == "__main__":
    main()
