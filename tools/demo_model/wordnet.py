# SPDX-License-Identifier: Apache-2.0
"""Reads the noun part of a WordNet 3.0 database folder (wndb(5)).

Debian carries it in the package `wordnet-base`, in /usr/share/wordnet.
"""

import re
from pathlib import Path

DEFAULT_FOLDER = "/usr/share/wordnet"
NEEDED_FILES = ("data.noun", "index.noun", "cntlist.rev")


class WordNetMissing(Exception):
    """The database folder lacks a file; the message names the package."""


class Synset:
    """One noun meaning: its words, its gloss, its direct hypernyms."""

    def __init__(self, offset, words, gloss, hypernyms, instance):
        self.offset = offset
        self.words = words
        self.gloss = gloss
        self.hypernyms = hypernyms
        self.instance = instance


def parse_synset(line):
    """Reads one line of data.noun."""
    data, _, gloss = line.partition(" | ")
    fields = data.split()
    word_count = int(fields[3], 16)
    words = fields[4:4 + 2 * word_count:2]
    pointers = fields[5 + 2 * word_count:]
    hypernyms, instance = [], False
    for i in range(0, len(pointers) - 3, 4):
        if pointers[i] in ("@", "@i"):
            hypernyms.append(int(pointers[i + 1]))
            instance = instance or pointers[i] == "@i"
    return Synset(int(fields[0]), words, gloss.strip(), hypernyms, instance)


class WordNet:
    """Nouns with their senses in order of frequency, and the hypernym graph."""

    def __init__(self, folder=DEFAULT_FOLDER):
        self.folder = Path(folder)
        for name in NEEDED_FILES:
            if not (self.folder / name).is_file():
                raise WordNetMissing(
                    f"{self.folder / name} is missing: install the Debian "
                    "package wordnet-base, or name its folder with --wordnet")
        self.synsets = {s.offset: s for s in map(
            parse_synset, self._lines("data.noun"))}
        self.senses = {}
        for line in self._lines("index.noun"):
            fields = line.split()
            count = int(fields[2])
            self.senses[fields[0]] = [int(o) for o in fields[-count:]]
        self.tag_counts, self.part_counts = self._read_tag_counts()
        self._ancestors = {}

    def _lines(self, name):
        with open(self.folder / name, encoding="latin-1") as file:
            for line in file:
                if not line.startswith("  "):
                    yield line.rstrip("\n")

    def _read_tag_counts(self):
        """How often senses were seen in the tagged corpora.

        Two maps: (noun, sense number from 1) -> count, and
        word -> {part of speech digit, "1" for nouns: count}.
        """
        counts, parts = {}, {}
        for line in self._lines("cntlist.rev"):
            key, sense, count = line.split()
            lemma, _, rest = key.partition("%")
            tally = parts.setdefault(lemma, {})
            tally[rest[0]] = tally.get(rest[0], 0) + int(count)
            if rest[0] == "1":
                counts[lemma, int(sense)] = int(count)
        return counts, parts

    def ancestors(self, offset):
        """Offsets of all hypernyms of a synset, nearest first."""
        if offset not in self._ancestors:
            found, frontier = {}, [offset]
            while frontier:
                parents = [p for o in frontier
                           for p in self.synsets[o].hypernyms]
                frontier = [p for p in dict.fromkeys(parents)
                            if p not in found]
                found.update(dict.fromkeys(frontier))
            self._ancestors[offset] = list(found)
        return self._ancestors[offset]

    def sense_of(self, name):
        """Offset of a sense named as word.number, e.g. 'animal.1'."""
        word, _, number = name.partition(".")
        return self.senses[word][int(number) - 1]

    def gloss_word_counts(self):
        """How often each word occurs in the glosses of all parts of speech."""
        counts = {}
        for part in ("noun", "verb", "adj", "adv"):
            if not (self.folder / f"data.{part}").is_file():
                continue
            for line in self._lines(f"data.{part}"):
                for word in re.findall(r"[a-z]+", line.partition(" | ")[2].lower()):
                    counts[word] = counts.get(word, 0) + 1
        return counts
