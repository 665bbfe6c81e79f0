# SPDX-License-Identifier: Apache-2.0
"""Chooses the nouns of the dictionary and writes one entry for each.

Run:  python corpus.py --work-dir DIR [--wordnet FOLDER] [--nouns N]
Writes DIR/corpus.jsonl: {"noun", "article", "mass", "answer", "kinds"};
"kinds" are the words that name what the noun is (see ask.py).
"""

import argparse
import json
import math
import re
import sys
from pathlib import Path

import gloss
from wordnet import DEFAULT_FOLDER, WordNet, WordNetMissing

# Families of everyday things, and how much each lifts a noun's rank.
FAMILIES = {
    "bird.1": 2.0, "mammal.1": 2.0, "fish.1": 0.6, "reptile.1": 1.5,
    "amphibian.3": 1.5, "insect.1": 1.5, "edible_fruit.1": 3.0,
    "vegetable.1": 2.5, "tree.1": 1.2, "flower.1": 1.2, "tool.1": 2.5,
    "musical_instrument.1": 3.0, "vehicle.1": 1.5, "clothing.1": 1.2,
    "furniture.1": 2.5, "container.1": 1.5, "weapon.1": 1.2,
    "body_part.1": 1.0, "building.1": 1.5, "dish.2": 1.0,
    "beverage.1": 1.2, "worker.1": 1.0, "professional.1": 1.5,
    "geological_formation.1": 1.5, "body_of_water.1": 1.5,
    "celestial_body.1": 1.5, "baked_goods.1": 1.5, "machine.1": 1.2,
    "toy.1": 1.5, "instrument.1": 0.8, "jewel.1": 1.0, "metal.1": 0.5,
    "game.1": 0.5, "sport.1": 1.0, "shape.2": 0.3, "disease.1": 0.3,
}
# Nouns a reader is likely to try first, and how much that lifts their rank.
EVERYDAY = Path(__file__).with_name("everyday.txt")
EVERYDAY_RANK = 6.0
CONCRETE = "physical_entity.1"
ABSTRACT_RANK = -2.5
MASS = ("substance.1", "food.1", "food.2", "fabric.1", "feeling.1",
        "fluid.1", "sport.1", "material.1", "energy.1")
COUNTABLE = ("living_thing.1", "natural_object.1", "baked_goods.1", "dish.2",
             "vegetable.1", "sweet.3", "container.1", "sandwich.1", "fruit.1")
# Hypernyms too wide to say what kind of thing a noun is.
TOO_WIDE = ("entity.1", "physical_entity.1", "abstraction.6", "thing.12",
            "object.1", "whole.2", "matter.3", "causal_agent.1",
            "psychological_feature.1", "attribute.2", "relation.1",
            "living_thing.1", "organism.1", "artifact.1", "instrumentality.3")
OFFENSIVE = re.compile(
    r"\b(slurs?|offensive|disparag\w+|derogat\w+|ethnic|vulgar|obscen\w+|slang|"
    r"sexual\w*|prostitut\w+|genitals?|homosexuals?|negro\w*|jew\w*|racial|"
    r"drugs?|whore|archaic|copulat\w+|penis|vagina|anus|feces|suicide|rape|clitoris|foreskin|semen|urine)\b",
    re.IGNORECASE)


def offsets(wordnet, names):
    """The synsets named, leaving out what this WordNet does not have."""
    found = []
    for name in names:
        word, _, number = name.partition(".")
        if len(wordnet.senses.get(word, ())) >= int(number):
            found.append(wordnet.sense_of(name))
    return found


class Chooser:
    """Ranks nouns by how common they are and makes their entries."""

    def __init__(self, wordnet):
        self.wordnet = wordnet
        self.everyday = set(EVERYDAY.read_text(encoding="ascii").split())
        self.mentions = wordnet.gloss_word_counts()
        self.families = {wordnet.sense_of(n): v for n, v in FAMILIES.items()
                         if offsets(wordnet, [n])}
        self.concrete = wordnet.sense_of(CONCRETE)
        self.mass = set(offsets(wordnet, MASS))
        self.countable = set(offsets(wordnet, COUNTABLE))
        self.too_wide = set(offsets(wordnet, TOO_WIDE))

    def family(self, offset):
        return max((self.families.get(o, 0.0) for o in
                    [offset, *self.wordnet.ancestors(offset)]))

    def is_concrete(self, offset):
        return self.concrete in self.wordnet.ancestors(offset)

    def sense(self, noun):
        """The most frequent sense, with a leaning to concrete things.

        A concrete sense seen at least a third as often as an abstract first one
        goes before it (table: the furniture, not the data), and among senses
        seen equally often one of an everyday family does.
        """
        senses = self.wordnet.senses[noun]
        counts = [self.wordnet.tag_counts.get((noun, i + 1), 0)
                  for i in range(len(senses))]
        best = senses[counts.index(max(counts))]
        close = [o for o, c in zip(senses, counts) if 3 * c >= max(counts)]
        if not self.is_concrete(best) and any(map(self.is_concrete, close)):
            return next(filter(self.is_concrete, close))
        ties = [o for o, c in zip(senses, counts) if c == max(counts)]
        return max(ties, key=lambda o: (self.family(o), self.is_concrete(o)))

    def is_mainly_noun(self, noun):
        """False for plurals and for words more often verb or adjective."""
        if noun in self.everyday:
            return True
        one = gloss.singular(noun)
        if one != noun and one in self.wordnet.senses:
            return False
        tags = self.wordnet.part_counts.get(noun, {})
        return tags.get("1", 0) >= 0.35 * sum(tags.values())

    def rank(self, noun, offset):
        tags = self.wordnet.part_counts.get(noun, {}).get("1", 0)
        return (math.log1p(tags) + math.log1p(self.mentions.get(noun, 0))
                + self.family(offset) + EVERYDAY_RANK * (noun in self.everyday)
                + (0.0 if self.is_concrete(offset) else ABSTRACT_RANK))

    def is_mass(self, offset):
        ancestors = set(self.wordnet.ancestors(offset)) | {offset}
        return bool(ancestors & self.mass) and not ancestors & self.countable

    def kinds(self, offset):
        """Last words of the names of all hypernyms that are not too wide."""
        names = []
        for o in self.wordnet.ancestors(offset):
            if o not in self.too_wide:
                names += self.wordnet.synsets[o].words
        return sorted({n.lower().split("_")[-1] for n in names})

    def entry(self, noun, offset):
        """The dictionary entry, or None where the gloss does not serve."""
        synset = self.wordnet.synsets[offset]
        text = gloss.definition(synset.gloss)
        if ((synset.instance and noun not in self.everyday)
                or noun not in synset.words
                or OFFENSIVE.search(synset.gloss)
                or (noun.endswith("ing") and not self.is_concrete(offset))
                or not self.is_mainly_noun(noun)
                or not gloss.is_usable(text, noun)):
            return None
        kinds = self.kinds(offset)
        concrete = self.is_concrete(offset)
        mass = self.is_mass(offset) or (
            not concrete and gloss.reads_as_mass(text))
        answer = gloss.sentence(noun, text, set(kinds), mass, concrete)
        if not answer:
            return None
        return {"noun": noun, "article": gloss.article(noun), "mass": mass,
                "answer": answer, "kinds": kinds}


def choose(wordnet, count):
    """The entries of the `count` best ranked nouns, best first."""
    chooser = Chooser(wordnet)
    ranked = []
    for noun in wordnet.senses:
        if re.fullmatch(r"[a-z]{3,12}", noun):
            offset = chooser.sense(noun)
            ranked.append((-chooser.rank(noun, offset), noun, offset))
    entries = []
    for _, noun, offset in sorted(ranked):
        entry = chooser.entry(noun, offset)
        if entry:
            entries.append(entry)
        if len(entries) == count:
            break
    return entries


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work-dir", type=Path, required=True)
    parser.add_argument("--wordnet", default=DEFAULT_FOLDER)
    parser.add_argument("--nouns", type=int, default=5000)
    args = parser.parse_args()
    try:
        entries = choose(WordNet(args.wordnet), args.nouns)
    except WordNetMissing as error:
        sys.exit(str(error))
    args.work_dir.mkdir(parents=True, exist_ok=True)
    path = args.work_dir / "corpus.jsonl"
    with open(path, "w", encoding="ascii") as file:
        for entry in entries:
            file.write(json.dumps(entry) + "\n")
    print(f"{len(entries)} entries in {path}")


if __name__ == "__main__":
    main()
