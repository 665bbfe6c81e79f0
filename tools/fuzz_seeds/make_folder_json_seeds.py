#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz/corpus/folder_json: the JSON files of tests/data/folders, and small tokenizers of each kind.

    python3 tools/fuzz_seeds/make_folder_json_seeds.py
"""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "fuzz" / "corpus" / "folder_json"
TOKENIZER, CONFIG = b"\x00", b"\x01"  # the byte that chooses

ADDED = [{"id": 9, "content": "<s>", "special": True}, {"id": 10, "content": "</s>", "special": True},
         {"id": 11, "content": "[x]", "special": False}]
TEMPLATE = {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}},
                                                     {"SpecialToken": {"id": "</s>"}}]}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": True}
SPACES = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}


def byte_level():
    vocab = {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "t": 4, "h": 5, "e": 6, "th": 7, "the": 8}
    model = {"type": "BPE", "ignore_merges": True, "vocab": vocab, "merges": ["a b", "t h", ["th", "e"]]}
    return {"added_tokens": ADDED, "normalizer": {"type": "NFC"}, "pre_tokenizer": BYTES,
            "post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"}, TEMPLATE]}, "model": model}


def pieces():
    vocab = {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "\u2581": 4, "\u2581a": 5, "<0x0A>": 6, "<0xFF>": 7}
    model = {"type": "BPE", "byte_fallback": True, "unk_token": "<unk>", "vocab": vocab,
             "merges": ["a b", "\u2581 a"]}
    steps = [{"type": "Prepend", "prepend": "\u2581"}, SPACES]
    return {"added_tokens": ADDED, "normalizer": {"type": "Sequence", "normalizers": steps}, "pre_tokenizer": None,
            "model": model}


def unigram():
    vocab = [["<unk>", 0.0], ["\u2581", -1.5], ["a", -2.0], ["\u2581a", -2.5], ["b", -3]]
    return {"added_tokens": ADDED, "normalizer": SPACES,
            "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
            "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab}}


def main():
    CORPUS.mkdir(parents=True, exist_ok=True)
    for make in (byte_level, pieces, unigram):
        text = json.dumps(make(), separators=(",", ":"))
        (CORPUS / f"tokenizer_{make.__name__}").write_bytes(TOKENIZER + text.encode())
    for path in sorted((ROOT / "tests" / "data" / "folders").glob("*/config.json")):
        text = json.dumps(json.loads(path.read_text()), separators=(",", ":"))
        (CORPUS / f"config_{path.parent.name}").write_bytes(CONFIG + text.encode())


if __name__ == "__main__":
    main()
