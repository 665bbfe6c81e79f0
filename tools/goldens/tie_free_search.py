# SPDX-License-Identifier: Apache-2.0
"""Finds prompts whose int8 roundings are decided by a wide margin, position by position.

A BitNet forward pass is chaotic in the last float bit wherever x * s sits on a rounding tie.
Position t depends on tokens 0..t only, so a prompt is built token by token: of all candidate
tokens the one whose activations keep farthest from any tie is taken.
"""
import numpy as np

from float_reference import Reference


def build_prompt(config, weights, first, length, candidates_of):
    """Tokens [length]; the last ones can be replaced by complete(). candidates_of(tokens) -> ids.

    `first` is the token at position 0, or None to choose it like the others.
    """
    reference = Reference(config, weights)
    tokens, margins = [], []
    while len(tokens) < length:
        candidates = [first] if first is not None and not tokens else candidates_of(tokens)
        reference.step(candidates)
        margin = reference.tie_margins()
        best = int(margin.argmax())
        reference.commit(best)
        tokens.append(int(candidates[best]))
        margins.append(margin[best])
    return reference, tokens, margins


class _Roll:
    """Greedy continuation of a context, refused where a margin is too small."""

    def __init__(self, reference, count, margin, gap, allowed):
        self.reference, self.count, self.margin, self.gap = reference, count, margin, gap
        self.allowed = allowed

    def __call__(self, logits):
        """`logits` follow the context that is committed. Returns [(token, margin, gap)] or None."""
        out, start = [], len(self.reference.keys[0])
        while True:
            order = np.argsort(logits)
            token = int(order[-1])
            gap = (logits[token] - logits[order[-2]]) / logits.std()
            if gap < self.gap or token not in self.allowed:
                break
            if len(out) == self.count - 1:
                out.append((token, None, gap))
                break
            logits = self.reference.step([token])[0]
            if self.reference.tie_margins()[0] < self.margin:
                break
            out.append((token, self.reference.tie_margins()[0], gap))
            self.reference.commit()
        self.reference.truncate(start)
        return out if len(out) == self.count else None


def complete(reference, tokens, prompt_margin, candidates_of, roll):
    """Replaces the last two tokens of the context so that `roll` succeeds.

    Returns (tokens, margins of the two, continuation).
    """
    base = tokens[:-2]
    reference.truncate(len(base))
    outer = np.asarray(candidates_of(base))
    reference.step(outer)
    outer_margin, outer_kv = reference.tie_margins(), reference.new_kv
    for a in np.argsort(-outer_margin):
        if outer_margin[a] < prompt_margin:
            break
        reference.truncate(len(base))
        reference.new_kv = outer_kv
        reference.commit(a)
        head = base + [int(outer[a])]
        inner = np.asarray(candidates_of(head))
        logits, inner_margin = reference.step(inner), reference.tie_margins()
        inner_kv = reference.new_kv
        for b in np.argsort(-inner_margin):
            if inner_margin[b] < prompt_margin:
                break
            reference.truncate(len(head))
            reference.new_kv = inner_kv
            reference.commit(b)
            found = roll(logits[b])
            if found:
                return head + [int(inner[b])], [outer_margin[a], inner_margin[b]], found
    raise RuntimeError("no tie-free continuation: lower the margin or change the seed")


def tie_free_case(config, weights, first, length, count, candidates_of, allowed,
                  prompt_margin=3e-4, roll_margin=1e-4, gap=1e-2):
    """(prompt tokens, continuation, smallest margins and gap)."""
    reference, tokens, margins = build_prompt(config, weights, first, length, candidates_of)
    roll = _Roll(reference, count, roll_margin, gap, allowed)
    tokens, last, found = complete(reference, tokens, prompt_margin, candidates_of, roll)
    summary = {"prompt_tie_margin": float(min(margins[:-2] + last)),
               "greedy_tie_margin": float(min(m for _, m, _ in found if m is not None)),
               "greedy_argmax_gap_over_std": float(min(g for _, _, g in found))}
    return tokens, [t for t, _, _ in found], summary
