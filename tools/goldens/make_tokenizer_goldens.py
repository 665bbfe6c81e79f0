#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/tokenizer/*: texts and the ids the reference tokenizers give them.

    python tools/goldens/make_tokenizer_goldens.py [WHEEL of llama-models]

Without the wheel (see build_llama3_vocab.py) the vectors of Llama 3's vocabulary stay as they are.
Needs tokenizers, and tiktoken for Llama 3's vocabulary. Formats: tests/data/README.md.
"""
import json
import pathlib
import random
import struct
import sys

import tokenizers
from tokenizers import Regex, pre_tokenizers

import build_llama3_vocab
import gguf_write
import tiny_vocab
import tokenizer_cases

OUT = pathlib.Path(__file__).resolve().parents[2] / "tests" / "data" / "tokenizer"
USER_DEFINED = ("<tool_call>", "</tool_call>")
VOCAB_SIZE = 800
# Tokens that no merge can build: only ignore_merges finds them.
UNMERGEABLE = ("ĠSparrow", "Sparrows", "Ġantidisestablishmentarianism", "ĠÐ¼Ð¸Ñ", "123", "ĠĠĠĠĠĠĠĠĠĠĠĠx")
FUZZ = {"seed": 20250421, "count": 5000, "longest": 9}


def tiny_model():
    """A trained vocabulary plus tokens out of reach of its merges."""
    vocab, merges = tiny_vocab.train(VOCAB_SIZE)
    for token in UNMERGEABLE:
        vocab.setdefault(token, len(vocab))
    return vocab, merges


def fuzz_pieces():
    """The alphabet of the fuzz texts: a list of short strings, most of one code point."""
    rng = random.Random(FUZZ["seed"])
    points = [chr(rng.randint(*r)) for r in tokenizer_cases.RANGES for _ in range(40)]
    named = list(tiny_vocab.CONTROL_TOKENS) + list(USER_DEFINED)
    return points + 8 * tokenizer_cases.SPACES + 6 * tokenizer_cases.CHUNKS + 3 * tokenizer_cases.CONTRACTIONS + named


def fuzz_texts(pieces, rule=FUZZ):
    """The texts a test rebuilds from `pieces` with the LCG of tests/data/README.md."""
    state, texts = rule["seed"], []

    def draw(limit):
        nonlocal state
        state = (1664525 * state + 1013904223) % 2**32
        return (state >> 8) % limit
    for _ in range(rule["count"]):
        texts.append("".join(pieces[draw(len(pieces))] for _ in range(1 + draw(rule["longest"]))))
    return texts


def fnv1a(ids):
    value = 0x811c9dc5
    for byte in struct.pack(f"<{len(ids)}i", *ids):
        value = (value ^ byte) * 0x01000193 % 2**32
    return f"{value:08x}"


def encode_all(tokenizer, texts, parse_special):
    tokenizer.encode_special_tokens = not parse_special
    return [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]


def write_vectors(name, tokenizer, texts, fuzz, about):
    special, plain = encode_all(tokenizer, texts, True), encode_all(tokenizer, texts, False)
    for text, ids in zip(texts + texts, special + plain):
        assert tokenizer.decode(ids, skip_special_tokens=False) == text, text
    fuzz_special, fuzz_plain = encode_all(tokenizer, fuzz, True), encode_all(tokenizer, fuzz, False)
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in about.items()]
    lines.append(' "special": [\n' + ",\n".join(json.dumps(i, separators=(",", ":")) for i in special) + "]")
    lines.append(' "plain": [' + ",".join(
        "null" if a == b else "\n" + json.dumps(b, separators=(",", ":")) for a, b in zip(special, plain)) + "]")
    lines.append(f' "fuzz_special": "{"".join(map(fnv1a, fuzz_special))}"')
    lines.append(f' "fuzz_plain": "{"".join(map(fnv1a, fuzz_plain))}"')
    path = OUT / f"{name}.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {len(texts)} texts, {path.stat().st_size} bytes;",
          sum(a != b for a, b in zip(special, plain)), "differ without special tokens")
    return special


def write_texts(texts, pieces):
    body = ",\n".join(json.dumps(t) for t in texts)
    fuzz = json.dumps({**FUZZ, "pieces": pieces}, separators=(",", ":"))
    (OUT / "texts.json").write_text(f'{{\n"texts": [\n{body}],\n"fuzz": {fuzz}\n}}\n', encoding="utf-8")
    print("texts.json:", len(texts), "texts,", (OUT / "texts.json").stat().st_size, "bytes")


def write_vocab(name, tokenizer, merges, pre, arch):
    kv = [("general.architecture", "string", arch), ("general.name", "string", name),
          (f"{arch}.vocab_size", "u32", tokenizer.get_vocab_size())]
    kv += tiny_vocab.gguf_vocab_kv(tokenizer, merges, pre, add_bos=pre != "qwen2", user_defined=USER_DEFINED)
    size = gguf_write.write_gguf(OUT / f"{name}.gguf", kv, [])
    print(f"{name}.gguf: {tokenizer.get_vocab_size()} tokens, {size} bytes")


def about(vocab, pre, ignore_merges, pattern):
    return {"vocab": vocab, "pre": pre, "ignore_merges": ignore_merges, "pattern": pattern,
            "reference": f"tokenizers {tokenizers.__version__}",
            "command": "python tools/goldens/make_tokenizer_goldens.py"}


def tiny_vectors(texts, fuzz):
    vocab, merges = tiny_model()
    ids = {}
    for name, pre, ignore, pattern, arch in (
            ("bpe-llama3", "llama-bpe", True, tiny_vocab.LLAMA3_PATTERN, "bitnet-b1.58"),
            ("bpe-llama3-merges", "llama-bpe", False, tiny_vocab.LLAMA3_PATTERN, None),
            ("bpe-qwen2", "qwen2", False, tiny_vocab.QWEN2_PATTERN, "qwen3")):
        tokenizer = tiny_vocab.build(vocab, merges, pattern, ignore, user_defined=USER_DEFINED)
        if arch:
            write_vocab(name, tokenizer, merges, pre, arch)
        file = f"{name}.gguf" if arch else "bpe-llama3.gguf"
        ids[name] = write_vectors(name, tokenizer, texts, fuzz, about(file, pre, ignore, pattern))
    for a, b in (("bpe-llama3", "bpe-llama3-merges"), ("bpe-llama3-merges", "bpe-qwen2")):
        assert sum(x != y for x, y in zip(ids[a], ids[b])) >= 5, (a, b)


def llama3_vectors(wheel, texts, fuzz):
    import tiktoken
    tokens, merges, special = build_llama3_vocab.tables(wheel)
    tokenizer = tiny_vocab.build({t: i for i, t in enumerate(tokens)}, merges, tiny_vocab.LLAMA3_PATTERN, True,
                                 control=special)
    info = about("built by tools/goldens/build_llama3_vocab.py", "llama-bpe", True, tiny_vocab.LLAMA3_PATTERN)
    write_vectors("llama3", tokenizer, texts, fuzz, info)
    ranks = build_llama3_vocab.read_ranks(wheel)
    peer = tiktoken.Encoding("llama3", pat_str=tiny_vocab.LLAMA3_PATTERN, mergeable_ranks=ranks,
                             special_tokens={t: len(ranks) + i for i, t in enumerate(special)})
    for parse in (True, False):
        ours = encode_all(tokenizer, texts + fuzz, parse)
        theirs = [peer.encode(t, allowed_special="all" if parse else set(), disallowed_special=()) for t in texts + fuzz]
        other = [t for t, a, b in zip(texts + fuzz, ours, theirs) if a != b]
        print(f"llama3: tiktoken {tiktoken.__version__} differs on {len(other)} of {len(ours)} texts",
              [ascii(t) for t in other[:20]])


def report_classes():
    """What the reference's regex calls a space, and how wide its case folding of 's is."""
    split = pre_tokenizers.Split(Regex(r"(?i:'s)"), "removed", invert=True)
    folded = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF and split.pre_tokenize_str("'" + chr(c))]
    print("(?i:'s) matches ' followed by", [f"U+{c:04X}" for c in folded])


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    texts = tokenizer_cases.hand_picked(list(tiny_vocab.CONTROL_TOKENS) + list(USER_DEFINED))
    pieces = fuzz_pieces()
    fuzz = fuzz_texts(pieces)
    write_texts(texts, pieces)
    tiny_vectors(texts, fuzz)
    if len(sys.argv) > 1:
        llama3_vectors(sys.argv[1], texts, fuzz)
    report_classes()


if __name__ == "__main__":
    main()
