#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/goldens/gemma3-270m.json: what llama.cpp makes of a real model.

    tools/fetch_test_model.sh build-data/gemma3-270m.gguf
    pip install llama-cpp-python==0.3.36 numpy
    python tools/goldens/make_gemma_goldens.py build-data/gemma3-270m.gguf

Tokens of the texts of tests/data/tokenizer, perplexity of an English text (the beginning of LICENSE) in one window that
is longer than the model's attention window, and greedy continuations with the lead of each chosen token.
"""
import json
import pathlib
import sys

import llama_cpp
import numpy as np

from make_tokenizer_goldens import fnv1a, fuzz_texts

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "tests" / "data" / "goldens" / "gemma3-270m.json"
TEXT_BYTES = 4500  # of LICENSE
STEPS = 24
PROMPTS = ("The capital of France is", "Once upon a time", "Water boils at a temperature of",
           "The three primary colours are", "In the year 1969, the first", "A sparrow is a small",
           "def add(a, b):\n    return", "The opposite of hot is", "Dear Sir or Madam,", "Monday, Tuesday, Wednesday,")


def load(path, context):
    # One token at a time: llama.cpp's batched products crash on some machines with AMX.
    return llama_cpp.Llama(path, n_ctx=context, n_batch=1, logits_all=True, verbose=False)


def perplexity(path):
    text = (ROOT / "LICENSE").read_bytes()[:TEXT_BYTES]
    llama = load(path, 1200)
    ids = llama.tokenize(text, add_bos=True)
    llama.eval(ids)
    total = 0.0
    for position, following in enumerate(ids[1:]):
        row = llama.scores[position].astype(np.float64)
        top = row.max()
        total += top + np.log(np.exp(row - top).sum()) - row[following]
    return {"file": "LICENSE", "bytes": TEXT_BYTES, "tokens": len(ids) - 1, "nll": total / (len(ids) - 1)}


def continuation(llama, prompt):
    ids = llama.tokenize(prompt.encode(), add_bos=True)
    llama.reset()
    llama.eval(ids)
    tokens, leads = [], []
    for _ in range(STEPS):
        row = llama.scores[llama.n_tokens - 1]
        order = np.argsort(row)
        tokens.append(int(order[-1]))
        leads.append(round(float(row[order[-1]] - row[order[-2]]), 4))
        llama.eval(tokens[-1:])
    return {"prompt": prompt, "ids": ids, "tokens": tokens, "leads": leads}


def tokenization(llama):
    stored = json.loads((ROOT / "tests/data/tokenizer/texts.json").read_text(encoding="utf-8"))

    def hashes(texts):
        return "".join(fnv1a(llama.tokenize(t.encode(), add_bos=False, special=False)) for t in texts)
    return {"texts": hashes(stored["texts"]), "fuzz": hashes(fuzz_texts(stored["fuzz"]["pieces"]))}


def main():
    path = sys.argv[1]
    llama = load(path, 256)
    golden = {"model": "gemma-3-270m-q4_k_m.gguf",
              "reference": f"llama-cpp-python {llama_cpp.__version__}",
              "command": "python tools/goldens/make_gemma_goldens.py build-data/gemma3-270m.gguf",
              **tokenization(llama), "greedy": [continuation(llama, p) for p in PROMPTS],
              "perplexity": perplexity(path)}
    lines = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items())
    OUT.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(OUT.name, OUT.stat().st_size, "bytes;", golden["perplexity"])


if __name__ == "__main__":
    main()
