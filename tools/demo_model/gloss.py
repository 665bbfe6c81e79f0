# SPDX-License-Identifier: Apache-2.0
"""Turns a WordNet gloss into one short English sentence about its noun."""

import re

MAX_WORDS = 14
MIN_WORDS = 2

# A definition that opens with one of these needs no article of its own.
DETERMINERS = frozenset(
    "a an the any one someone something either each all some several most "
    "this that these those anything it two three four five many both what "
    "whatever anyone her his their your".split())
# The head noun of a definition stands before the first of these.
HEAD_ENDS = frozenset(
    "of that which who with for in on at by from having used made "
    "where when as containing consisting since domesticated resembling living "
    "designed worn out makes".split())
# Kinds of stuff that are counted although the stuff itself is not.
COUNTED_KINDS = frozenset(
    "compound element metal acid drink beverage alloy mixture spice herb "
    "mineral gas salt liquid fluid material substance fabric fiber wine "
    "cheese sauce dish product seasoning condiment spread".split())
# A long definition may end before one of these and stay a noun phrase.
CLAUSE_STARTS = frozenset(
    "that which who whose having with used containing consisting usually "
    "especially typically often where when in for by made found formed "
    "including and or from on such worn designed".split())
# ... but not right after one of these.
OPEN_ENDS = frozenset(
    "a an the of to in on by with for from at and or that which who is are "
    "as used usually especially often made found having not only its their "
    "be can has typically into than but also such between over under large "
    "small long short".split())


def definition(gloss):
    """The first definition without examples, remarks and domain labels."""
    text = gloss.split('; "')[0]
    text = re.sub(r"\([^()]*\)", " ", text)
    text = text.split(";")[0].split(":")[0].split('"')[0]
    text = re.sub(r"`([^`']*)'", r"\1", text)
    text = re.sub(r"\s+", " ", text).replace(" ,", ",").strip(" ,.-")
    return shorten(text)


def shorten(text):
    """Cuts at the last place within MAX_WORDS that leaves a whole phrase."""
    words = text.split()
    if len(words) <= MAX_WORDS:
        return text
    for end in range(MAX_WORDS, 4, -1):
        before = words[end - 1]
        comma = before.endswith(",")
        if ((comma or words[end] in CLAUSE_STARTS)
                and before.rstrip(",") not in OPEN_ENDS
                and not before.endswith("ly")
                and before not in CLAUSE_STARTS):
            return " ".join(words[:end]).rstrip(",")
    return ""


def is_usable(text, noun):
    """Readable ASCII of a sensible length that is not circular."""
    words = text.split()
    return (text.isascii() and MIN_WORDS <= len(words) <= MAX_WORDS
            and not re.search(r"[^a-zA-Z0-9 ,'-]", text)
            and noun not in words[:2] and words[-1] not in OPEN_ENDS
            and not re.search(r"as a group|collectively|plural of", text))


def genus(words, genus_words):
    """The head noun of a definition without determiner, and if it is known.

    Looks as far as the first preposition or relative pronoun, since the head
    cannot stand after it. Known means that it names one of `genus_words`;
    otherwise the last word of that stretch stands in.
    """
    stretch = []
    for word in words:
        bare = word.strip(",'").lower()
        if stretch and bare in HEAD_ENDS:
            break
        stretch.append(bare)
    known = [w for w in stretch
             if w in genus_words or singular(w) in genus_words]
    if known:
        return known[-1], True
    return stretch[-1], False


def singular(word):
    """The singular of a regular plural; other words unchanged."""
    for ending, instead in (("ies", "y"), ("ches", "ch"), ("shes", "sh"),
                            ("sses", "ss"), ("xes", "x"), ("ss", "ss"),
                            ("us", "us"), ("is", "is"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[:-len(ending)] + instead
    return word


def article(word):
    """'a' or 'an', by spelling with the common exceptions of sound."""
    silent_h = re.match(r"hou|hono|heir|hones", word) and not word.startswith("house")
    you_sound = re.match(r"uni[^nm]|us[eu]|eu|ew|one|ut[ei]|ur[aei]", word)
    vowel = word[0].lower() in "aeiou" and not you_sound
    return "an" if vowel or silent_h else "a"


def reads_as_mass(text):
    """Whether an abstract noun with this definition needs no article.

    'Absence is the state of ...', but 'A comment is a statement ...'.
    """
    first = text.split()[0].lower()
    return first == "the" or first not in DETERMINERS


def complete(text, genus_words, mass, concrete):
    """Gives a bare definition the article its head noun calls for, or ''."""
    if text.split()[0].lower() in DETERMINERS:
        return text
    if re.match(r"\w{3,}est ", text):
        return f"the {text}"
    head, known = genus(text.split(), genus_words)
    if head != singular(head):
        living = genus_words & {"animal", "plant"}
        return text if mass else f"one of the {text}" if living else ""
    if mass:
        counted = known and head in COUNTED_KINDS
        return f"{article(text)} {text}" if counted else text
    return f"{article(text)} {text}" if known or concrete else ""


def sentence(noun, text, genus_words, mass, concrete):
    """'A sparrow is any of ...' or, for a mass noun, 'Milk is a ...'.

    Returns '' where no grammatical sentence can be made with confidence.
    """
    text = complete(text, genus_words, mass, concrete)
    subject = (noun.capitalize() if mass
               else f"{article(noun).capitalize()} {noun}")
    return text and f"{subject} is {text}."
