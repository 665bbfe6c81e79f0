# SPDX-License-Identifier: Apache-2.0
"""Decides whether an answer is a gloss of the right kind."""

import re

import gloss

# What may stand before the words that name the kind.
OPENERS = frozenset(
    "any one some several all each either various numerous many most of the "
    "a an kind type sort form member variety".split())
# Words that name no kind although a hypernym may be called so.
NO_KIND = frozenset("thing object whole unit part piece being body one being "
                    "small large long short other".split())


def kind_words(answer):
    """The words between 'is' and the first preposition or relative pronoun.

    Leading 'any of several ...' is passed over. 'A sparrow is any of several
    small dull-colored singing birds feeding on seeds' gives small,
    dull-colored, singing, bird, feeding (nouns in the singular).
    """
    _, _, text = answer.partition(" is ")
    words = re.findall(r"[a-z'-]+", text.lower())
    while words and words[0] in OPENERS:
        words = words[1:]
    found = []
    for word in words:
        if found and word in gloss.HEAD_ENDS:
            break
        found.append(gloss.singular(word))
    return found


def right_kind(answer, truth, kinds):
    """Whether the answer names what the noun is; see ask.py for the rule."""
    if not answer.endswith(".") or " is " not in answer:
        return False
    true_words = kind_words(truth)
    known = [w for w in true_words if w in kinds]
    genus = set(known[-1:] or true_words[-1:])
    accepted = (set(kinds) | genus) - NO_KIND | genus
    return any(word in accepted for word in kind_words(answer))


def token_f1(answer, truth):
    """Harmonic mean of word precision and recall, with repetitions counted."""
    said, true = (re.findall(r"[a-z0-9'-]+", t.lower()) for t in (answer, truth))
    left, common = list(true), 0
    for word in said:
        if word in left:
            left.remove(word)
            common += 1
    return 2 * common / (len(said) + len(true)) if said or true else 0.0
