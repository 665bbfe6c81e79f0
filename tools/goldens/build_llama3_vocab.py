#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds a vocabulary-only GGUF of Llama 3's tokenizer at test time; nothing of it is committed.

    python3 -m pip download --no-deps --require-hashes --dest DIR -r tools/goldens/llama-models.txt
    python3 tools/goldens/build_llama3_vocab.py DIR/llama_models-0.3.0-py3-none-any.whl OUT.gguf

The wheel holds ranks (token bytes -> rank), not merges. A rank tokenizer joins any neighbours
whose concatenation is a token, lowest rank first, so the merge list is: for every token in order
of rank, every way to cut it into two tokens, ordered by the ranks of the parts. Needs the standard
library only.
"""
import base64
import hashlib
import sys
import zipfile

import gguf_write

MEMBER = "llama_models/llama3/tokenizer.model"
SHA256 = "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55"
MERGES = 280147  # also the count in the published BitNet b1.58 2B-4T file
NAMED = {0: "<|begin_of_text|>", 1: "<|end_of_text|>", 6: "<|start_header_id|>", 7: "<|end_header_id|>", 9: "<|eot_id|>"}
SPECIAL_COUNT = 256


def read_ranks(wheel):
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(MEMBER)
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise SystemExit(f"{wheel}: {MEMBER} has sha256 {hashlib.sha256(raw).hexdigest()}, expected {SHA256}")
    pairs = (line.split() for line in raw.splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in pairs}


def byte_alphabet():
    """GPT-2's printable stand-in for each byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {b: chr(b) for b in kept}
    for b in range(256):
        if b not in table:
            table[b] = chr(256 + len(table) - len(kept))
    return table


def merges_of(ranks):
    """Pairs of byte strings, best first."""
    out = []
    for token in sorted(ranks, key=ranks.get):
        cuts = [(token[:i], token[i:]) for i in range(1, len(token))]
        known = [cut for cut in cuts if cut[0] in ranks and cut[1] in ranks]
        out += sorted(known, key=lambda cut: (ranks[cut[0]], ranks[cut[1]]))
    if len(out) != MERGES:
        raise SystemExit(f"{len(out)} merges, expected {MERGES}")
    return out


def special_tokens():
    names, spare = [], 0
    for i in range(SPECIAL_COUNT):
        if i in NAMED:
            names.append(NAMED[i])
        else:
            names.append(f"<|reserved_special_token_{spare}|>")
            spare += 1
    return names


def tables(wheel):
    """(normal tokens, merges, special tokens) in GPT-2's byte alphabet."""
    ranks, alphabet = read_ranks(wheel), byte_alphabet()

    def text(raw):
        return "".join(alphabet[b] for b in raw)
    tokens = [text(t) for t in sorted(ranks, key=ranks.get)]
    return tokens, [(text(a), text(b)) for a, b in merges_of(ranks)], special_tokens()


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    tokens, merges, special = tables(sys.argv[1])
    everything = tokens + special
    kinds = [1] * len(tokens) + [3] * len(special)
    kv = [("general.architecture", "string", "bitnet-b1.58"), ("general.name", "string", "Llama 3 vocabulary"),
          ("bitnet-b1.58.vocab_size", "u32", len(everything)),
          ("tokenizer.ggml.add_bos_token", "bool", True), ("tokenizer.ggml.model", "string", "gpt2"),
          ("tokenizer.ggml.tokens", "array:string", everything),
          ("tokenizer.ggml.scores", "array:f32", [0.0 if k == 1 else -1000.0 for k in kinds]),
          ("tokenizer.ggml.token_type", "array:i32", kinds),
          ("tokenizer.ggml.merges", "array:string", [f"{a} {b}" for a, b in merges]),
          ("tokenizer.ggml.bos_token_id", "u32", len(tokens)), ("tokenizer.ggml.eos_token_id", "u32", len(tokens) + 1),
          ("tokenizer.ggml.padding_token_id", "u32", len(tokens) + 1)]
    size = gguf_write.write_gguf(sys.argv[2], kv, [])
    print(f"{sys.argv[2]}: {len(everything)} tokens, {len(merges)} merges, {size} bytes")


if __name__ == "__main__":
    main()
