#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/tokenizer/folders/NAME: the vocabularies of tests/data/tokenizer as Hugging Face has them
(tokenizer.json), and what the tokenizers package makes of the texts there with them (hashes.json).

    python tools/goldens/make_tokenizer_json.py

After make_tokenizer_goldens.py and make_sentencepiece_goldens.py. Needs tokenizers and sentencepiece.
"""
import json

import tokenizers

import tiny_vocab
from make_sentencepiece_goldens import FAMILIES, MANY, SETTINGS, kind, train
from make_tokenizer_goldens import OUT, fnv1a, fuzz_texts, tiny_model
from make_tokenizer_goldens import USER_DEFINED as BPE_USER_DEFINED

SPACE = "\u2581"


def merges_of(vocab, scores):
    """Every pair of tokens that makes a token, the token of the highest score first."""
    merges = []
    for token, score in scores.items():
        pairs = [(token[:i], token[i:]) for i in range(1, len(token)) if token[:i] in vocab and token[i:] in vocab]
        merges += [(-score, vocab[a], vocab[b], a, b) for a, b in pairs]
    return [[a, b] for _, _, _, a, b in sorted(merges, key=lambda m: m[:3])]


def piece_model(reference, model, byte_fallback):
    size = reference.get_piece_size()
    pieces = [reference.id_to_piece(i) for i in range(size)]
    if model == "t5":
        vocab = [[piece, reference.get_score(i)] for i, piece in enumerate(pieces)]
        return {"type": "Unigram", "unk_id": reference.unk_id(), "vocab": vocab, "byte_fallback": byte_fallback}
    vocab = {piece: i for i, piece in enumerate(pieces)}
    merged = {piece: reference.get_score(i) for piece, i in vocab.items()
              if kind(reference, i) == 1 or kind(reference, i) == 4 and SPACE in piece}
    return {"type": "BPE", "dropout": None, "unk_token": reference.id_to_piece(reference.unk_id()), "fuse_unk": True,
            "byte_fallback": byte_fallback, "ignore_merges": False, "vocab": vocab, "merges": merges_of(vocab, merged)}


def added_tokens(reference):
    added = []
    for i in range(reference.get_piece_size()):
        own = kind(reference, i)
        if own in (2, 3, 4):
            added.append({"id": i, "content": reference.id_to_piece(i), "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": own != 4})
    return added


def piece_tokenizer(name, reference):
    model, settings = FAMILIES[name]
    settings = {**SETTINGS, **settings}
    steps = [{"type": "Replace", "pattern": {"String": " "}, "content": SPACE}]
    if settings["add_dummy_prefix"]:
        steps.insert(0, {"type": "Prepend", "prepend": SPACE})
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added_tokens(reference),
            "normalizer": {"type": "Sequence", "normalizers": steps}, "pre_tokenizer": None, "post_processor": None,
            "decoder": None, "model": piece_model(reference, model, settings["byte_fallback"])}


def write(name, text):
    folder = OUT / "folders" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(text, encoding="utf-8")
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


def write_hashes(name, tokenizer, texts, fuzz, many):
    """8 hex digits a text, and a group of MANY; control tokens in them are text."""
    tokenizer.encode_special_tokens = True

    def ids(own):
        return [encoding.ids for encoding in tokenizer.encode_batch(own, add_special_tokens=False)]

    groups = (many[at:at + MANY["group"]] for at in range(0, len(many), MANY["group"]))
    hashed = {"texts": "".join(map(fnv1a, ids(texts))), "fuzz": "".join(map(fnv1a, ids(fuzz))), "many": MANY,
              "many_hashes": "".join(fnv1a([i for one in ids(group) for i in one]) for group in groups)}
    about = {"reference": f"tokenizers {tokenizers.__version__}",
             "command": "python tools/goldens/make_tokenizer_json.py"}
    text = json.dumps({**about, **hashed}, indent=1)
    (OUT / "folders" / name / "hashes.json").write_text(text + "\n", encoding="utf-8")
    print(f"{name}: {tokenizer.get_vocab_size()} tokens")


def main():
    stored = json.loads((OUT / "texts.json").read_text(encoding="utf-8"))
    pieces = stored["fuzz"]["pieces"]
    texts, fuzz, many = stored["texts"], fuzz_texts(pieces), fuzz_texts(pieces, MANY)
    vocab, merges = tiny_model()
    for name, ignore, pattern in (("bpe-llama3", True, tiny_vocab.LLAMA3_PATTERN),
                                  ("bpe-llama3-merges", False, tiny_vocab.LLAMA3_PATTERN),
                                  ("bpe-qwen2", False, tiny_vocab.QWEN2_PATTERN)):
        reference = tiny_vocab.build(vocab, merges, pattern, ignore, user_defined=BPE_USER_DEFINED)
        write_hashes(name, write(name, reference.to_str()), texts, fuzz, many)
    for name, (_, settings) in FAMILIES.items():
        made = json.dumps(piece_tokenizer(name, train(settings)), ensure_ascii=False, separators=(",", ":"))
        write_hashes(name, write(name, made + "\n"), texts, fuzz, many)


if __name__ == "__main__":
    main()
