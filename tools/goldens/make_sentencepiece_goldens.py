#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/tokenizer/sp-*: small SentencePiece vocabularies and the ids the package gives.

    python tools/goldens/make_sentencepiece_goldens.py

Uses the texts of make_tokenizer_goldens.py. Needs sentencepiece and tokenizers (for tiny_vocab).
Formats: tests/data/README.md.
"""
import io
import json

import sentencepiece

import gguf_write
import tiny_vocab
from make_tokenizer_goldens import FUZZ, OUT, fnv1a, fuzz_texts

USER_DEFINED = ("<tool_call>", "\u2581\u2581\u2581", "\n\n")
MANY = {"seed": 77, "count": 100000, "longest": 6, "group": 1000}  # hashed in groups
# Where a unigram model could spell a text with user-defined tokens in several ways, the package weighs them
# against each other; the engine cuts them out first, so that family has only one that no other token overlaps.
# GGUF's model name and what differs from the trainer's own settings.
FAMILIES = {
    "sp-bpe": ("llama", {"model_type": "bpe", "vocab_size": 900}),
    "sp-bpe-open": ("llama", {"model_type": "bpe", "vocab_size": 1000, "add_dummy_prefix": False,
                              "split_by_whitespace": False, "user_defined_symbols": list(USER_DEFINED)}),
    "sp-unigram": ("t5", {"model_type": "unigram", "vocab_size": 300, "byte_fallback": False,
                          "remove_extra_whitespaces": True}),
    "sp-unigram-open": ("t5", {"model_type": "unigram", "vocab_size": 600, "add_dummy_prefix": False,
                               "split_by_whitespace": False, "user_defined_symbols": ["<tool_call>"]}),
}
SETTINGS = {"byte_fallback": True, "add_dummy_prefix": True, "remove_extra_whitespaces": False,
            "normalization_rule_name": "identity", "character_coverage": 0.995, "num_threads": 1,
            "max_sentencepiece_length": 12, "minloglevel": 2}


def train(settings):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(list(tiny_vocab.training_lines(count=2500))), model_writer=model,
        **{**SETTINGS, **settings})
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def kind(reference, index):
    if reference.is_unknown(index):
        return 2
    if reference.is_control(index):
        return 3
    if reference.is_byte(index):
        return 6
    return 4 if reference.id_to_piece(index) in USER_DEFINED else 1


def write_vocab(name, model, settings, reference):
    size = reference.get_piece_size()
    kinds = [kind(reference, i) for i in range(size)]
    pieces = [reference.id_to_piece(i) for i in range(size)]
    # Converters store user-defined text as it is written, with plain spaces.
    tokens = [p.replace("\u2581", " ") if k == 4 else p for p, k in zip(pieces, kinds)]
    merged = {**SETTINGS, **settings}
    kv = [("general.architecture", "string", "llama"), ("general.name", "string", name),
          ("llama.vocab_size", "u32", size), ("tokenizer.ggml.model", "string", model),
          ("tokenizer.ggml.tokens", "array:string", tokens),
          ("tokenizer.ggml.scores", "array:f32", [reference.get_score(i) for i in range(size)]),
          ("tokenizer.ggml.token_type", "array:i32", kinds),
          ("tokenizer.ggml.bos_token_id", "u32", reference.bos_id()),
          ("tokenizer.ggml.eos_token_id", "u32", reference.eos_id()),
          ("tokenizer.ggml.unknown_token_id", "u32", reference.unk_id()),
          ("tokenizer.ggml.add_bos_token", "bool", model == "llama"),
          ("tokenizer.ggml.add_eos_token", "bool", False),
          ("tokenizer.ggml.add_space_prefix", "bool", merged["add_dummy_prefix"]),
          ("tokenizer.ggml.remove_extra_whitespaces", "bool", merged["remove_extra_whitespaces"])]
    print(f"{name}.gguf: {size} tokens, {gguf_write.write_gguf(OUT / f'{name}.gguf', kv, [])} bytes")


def write_vectors(name, reference, texts, fuzz, many):
    ids = reference.encode(texts)
    hashes = [fnv1a([i for one in reference.encode(many[at:at + MANY["group"]]) for i in one])
              for at in range(0, len(many), MANY["group"])]
    head = {"vocab": f"{name}.gguf", "reference": f"sentencepiece {sentencepiece.__version__}",
            "command": "python tools/goldens/make_sentencepiece_goldens.py"}
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    lines.append(' "ids": [\n' + ",\n".join(json.dumps(i, separators=(",", ":")) for i in ids) + "]")
    lines.append(' "decoded": [' + ",".join("null" if d == t else "\n" + json.dumps(d) for t, d in zip(
        texts, reference.decode(ids))) + "]")
    lines.append(f' "fuzz": "{"".join(fnv1a(i) for i in reference.encode(fuzz))}"')
    lines.append(f' "many": {json.dumps(MANY)}')
    lines.append(f' "many_hashes": "{"".join(hashes)}"')
    path = OUT / f"{name}.json"
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{path.name}: {len(texts)} texts, {path.stat().st_size} bytes")


def main():
    stored = json.loads((OUT / "texts.json").read_text(encoding="utf-8"))
    pieces = stored["fuzz"]["pieces"]
    fuzz, many = fuzz_texts(pieces), fuzz_texts(pieces, MANY)
    assert FUZZ["count"] == len(fuzz)
    for name, (model, settings) in FAMILIES.items():
        reference = train(settings)
        write_vocab(name, model, settings, reference)
        write_vectors(name, reference, stored["texts"], fuzz, many)


if __name__ == "__main__":
    main()
