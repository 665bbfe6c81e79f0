# SPDX-License-Identifier: Apache-2.0
"""Cuts the entries' chats into batches that waste little on padding."""

import random

import torch

from tokenizer import EOT, PROMPTS, chat_prompt

LEAST_ASKED = 0.3
FULLY_ASKED_LOSS = 0.3


class Example:
    """Prompt and answer ids of one entry (by its index) asked in one way."""

    def __init__(self, index, prompt, answer):
        self.index, self.prompt, self.answer = index, prompt, answer

    def __len__(self):
        return len(self.prompt) + len(self.answer)


def encode_examples(entries, tokenizer):
    """One list per way of asking, with one Example per entry.

    The answer is encoded on its own, as the engine generates it: it follows
    the prompt's final space, which stays a token of its own.
    """
    eot = tokenizer.token_to_id(EOT)
    answers = [tokenizer.encode(e["answer"]).ids + [eot] for e in entries]
    return [[Example(i, tokenizer.encode(
        chat_prompt(prompt.format(**entry))).ids, answers[i])
        for i, entry in enumerate(entries)] for prompt, _ in PROMPTS]


def common_prefix(examples):
    first, limit = examples[0].prompt, min(len(e.prompt) for e in examples) - 1
    count = 0
    while count < limit and all(e.prompt[count] == first[count] for e in examples):
        count += 1
    return count


def collate(examples):
    """prefix ids, tail ids, target ids (-1 where no loss is taken)."""
    shared = common_prefix(examples)
    width = max(map(len, examples)) - 1 - shared
    tails = torch.zeros(len(examples), width, dtype=torch.long)
    targets = torch.full((len(examples), width), -1, dtype=torch.long)
    for row, e in enumerate(examples):
        ids = (e.prompt + e.answer)[shared:]
        tails[row, :len(ids) - 1] = torch.tensor(ids[:-1])
        start = len(e.prompt) - 1 - shared
        targets[row, start:start + len(e.answer)] = torch.tensor(e.answer)
    return torch.tensor(examples[0].prompt[:shared]), tails, targets


def ask_share(loss):
    """How often an entry with this recent loss is asked per epoch."""
    return min(1.0, max(LEAST_ASKED, loss / FULLY_ASKED_LOSS))


def epoch(examples, losses, batch_size, seed):
    """Each entry once, in a way drawn by its share; known ones less often.

    losses: the recent mean loss of every entry. Entries that are already
    known are skipped at random, so that time goes to the others.
    """
    rng = random.Random(seed)
    groups = [[] for _ in PROMPTS]
    for i in range(len(examples[0])):
        way = rng.choices(range(len(PROMPTS)), [w for _, w in PROMPTS])[0]
        if rng.random() < ask_share(losses[i]):
            groups[way].append(examples[way][i])
    batches = []
    for group in groups:
        # Lengths within about one token of each other share a batch.
        group.sort(key=lambda e: len(e) + rng.random() * 1.5)
        batches += [group[i:i + batch_size]
                    for i in range(0, len(group), batch_size)]
    rng.shuffle(batches)
    return batches
