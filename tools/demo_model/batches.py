# SPDX-License-Identifier: Apache-2.0
"""Cuts the entries' chats into batches that waste little on padding."""

import random

import torch

from tokenizer import EOT, PROMPTS, chat_prompt

# An entry whose recent loss is low is asked in this share of the epochs.
LEAST_ASKED = 0.3
FULLY_ASKED_LOSS = 0.3
# Share of the questions that come in chats of several turns, and their sizes.
CHAT_SHARE = 0.35
CHAT_TURNS = (2, 3, 4)


class Turn:
    """Prompt and answer ids of one entry (by its index) asked in one way."""

    def __init__(self, index, prompt, answer):
        self.index, self.prompt, self.answer = index, prompt, answer

    def __len__(self):
        return len(self.prompt) + len(self.answer)


def encode_turns(entries, tokenizer):
    """One list per way of asking, with one Turn per entry.

    The answer is encoded on its own, as the engine generates it: it follows
    the prompt's final space, which stays a token of its own.
    """
    eot = tokenizer.token_to_id(EOT)
    answers = [tokenizer.encode(e["answer"]).ids + [eot] for e in entries]
    return [[Turn(i, tokenizer.encode(
        chat_prompt(prompt.format(**entry))).ids, answers[i])
        for i, entry in enumerate(entries)] for prompt, _ in PROMPTS]


def common_prefix(chats):
    first, limit = chats[0][0].prompt, min(len(c[0].prompt) for c in chats) - 1
    count = 0
    while count < limit and all(c[0].prompt[count] == first[count] for c in chats):
        count += 1
    return count


def collate(chats):
    """A batch of chats, each a list of turns of which only the first has a BOS.

    Returns the ids all chats begin with; the tails of input ids; the target
    ids; and which turn of the batch each target belongs to (-1: no target).
    """
    shared = common_prefix(chats)
    width = max(sum(map(len, c)) - len(c) + 1 for c in chats) - 1 - shared
    tails = torch.zeros(len(chats), width, dtype=torch.long)
    targets, turns = torch.zeros_like(tails), torch.full_like(tails, -1)
    number = 0
    for row, chat in enumerate(chats):
        ids = chat[0].prompt[:1]
        for turn in chat:
            ids = ids + turn.prompt[1:]
            start = len(ids) - 1 - shared
            end = start + len(turn.answer)
            targets[row, start:end] = torch.tensor(turn.answer)
            turns[row, start:end] = number
            number += 1
            ids = ids + turn.answer
        tails[row, :len(ids) - 1 - shared] = torch.tensor(ids[shared:-1])
    return torch.tensor(chats[0][0].prompt[:shared]), tails, targets, turns


def ask_share(loss):
    """How often an entry with this recent loss is asked per epoch."""
    return min(1.0, max(LEAST_ASKED, loss / FULLY_ASKED_LOSS))


def group_chats(picked, rng):
    """Lists of chats alike in shape: single questions by way, chats by turns.

    picked: (way, Turn) pairs in random order.
    """
    several = int(len(picked) * CHAT_SHARE)
    groups, at = {}, 0
    while at < several:
        size = rng.choice(CHAT_TURNS)
        chat = [turn for _, turn in picked[at:at + size]]
        groups.setdefault(("turns", len(chat)), []).append(chat)
        at += size
    for way, turn in picked[at:]:
        groups.setdefault(("way", way), []).append([turn])
    return list(groups.values())


def epoch(turns, losses, batch_size, seed):
    """Each entry once, in a way drawn by its share; known ones less often.

    losses: the recent mean loss of every entry. Entries that are already
    known are skipped at random, so that time goes to the others. A batch
    has about batch_size turns.
    """
    rng = random.Random(seed)
    ways = rng.choices(range(len(PROMPTS)), [w for _, w in PROMPTS],
                       k=len(losses))
    picked = [(way, turns[way][i]) for i, way in enumerate(ways)
              if rng.random() < ask_share(losses[i])]
    rng.shuffle(picked)
    batches = []
    for group in group_chats(picked, rng):
        # Lengths within about one token of each other share a batch.
        group.sort(key=lambda c: sum(map(len, c)) + rng.random() * 1.5)
        rows = max(1, batch_size // len(group[0]))
        batches += [group[i:i + rows] for i in range(0, len(group), rows)]
    rng.shuffle(batches)
    return batches
