# SPDX-License-Identifier: Apache-2.0
"""Trains the model's byte-level BPE and turns entries into token ids.

Run:  python tokenizer.py --work-dir DIR [--vocab-size V]
Reads DIR/corpus.jsonl, writes DIR/tokenizer.json. Ids 0..V-1 are BPE tokens,
all 256 bytes among them; the special tokens follow.
"""

import argparse
import json
from pathlib import Path

from tokenizers import (Regex, Tokenizer, decoders, models, pre_tokenizers,
                        trainers)

BOS, EOS, EOT = "<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"
SPECIALS = (BOS, EOS, EOT) + tuple(
    f"<|reserved_special_token_{i}|>" for i in range(5))
# The pre-tokenizer of the Llama-3 family.
PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
           r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
# Ways to ask, with the share of training prompts that use each.
PROMPTS = (
    ("What is {article} {noun}?", 0.50), ("What is {noun}?", 0.10),
    ("Define {noun}.", 0.06), ("{noun}", 0.08),
    ("what is {article} {noun}?", 0.05), ("What is {article} {noun}", 0.04),
    ("what is {article} {noun}", 0.03), ("What's {article} {noun}?", 0.04),
    ("Define {article} {noun}", 0.02), ("What does {noun} mean?", 0.03),
    ("Tell me what {article} {noun} is.", 0.03), ("{noun}?", 0.02))
# Lets nearly every noun become one token, whose embedding is then its own.
NOUN_REPEATS = 40


def read_corpus(work_dir):
    with open(Path(work_dir) / "corpus.jsonl", encoding="ascii") as file:
        return [json.loads(line) for line in file]


def chat_prompt(question):
    """The 2B-4T chat format up to where the answer begins."""
    return f"{BOS}User: {question}{EOT}Assistant: "


def train(entries, vocab_size):
    """A tokenizer over the entries' questions and answers."""
    def texts():
        for entry in entries:
            for prompt, _ in PROMPTS[:3]:
                yield f" {prompt.format(**entry)}"
            yield "User: Assistant: "
            for _ in range(NOUN_REPEATS):
                yield " " + entry["noun"]
                if entry["mass"]:
                    yield entry["noun"].capitalize()
            for _ in range(4):
                yield entry["answer"]

    split = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts(), trainers.BpeTrainer(
        vocab_size=vocab_size, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def load(work_dir):
    return Tokenizer.from_file(str(Path(work_dir) / "tokenizer.json"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--vocab-size", type=int, default=8184)
    args = parser.parse_args()
    entries = read_corpus(args.work_dir)
    tokenizer = train(entries, args.vocab_size)
    tokenizer.save(str(args.work_dir / "tokenizer.json"))

    lengths = [len(tokenizer.encode(e["answer"]).ids) for e in entries]
    whole = sum(len(tokenizer.encode(" " + e["noun"]).ids) == 1
                for e in entries)
    print(f"{tokenizer.get_vocab_size()} tokens; answers have "
          f"{sum(lengths) / len(lengths):.1f} on average; {whole} of "
          f"{len(entries)} nouns are one token")


if __name__ == "__main__":
    main()
