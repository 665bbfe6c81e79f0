# SPDX-License-Identifier: Apache-2.0
"""Small byte-level BPE vocabularies, trained with the `tokenizers` package.

The training text is put together here from word lists of our own, so nobody else's text
is in the result. Used by make_model_goldens.py and make_tokenizer_goldens.py.
"""
import json
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

# The pre-tokenizer pattern of the Llama 3 family and the one of Qwen 2 (single digits).
LLAMA3_PATTERN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
                  r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
CONTROL_TOKENS = ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>",
                  "<|end_header_id|>", "<|eot_id|>")

SUBJECTS = "the tern|a gull|the old fisherman|our harbour|every sailor|no heron|the tide|a keeper".split("|")
VERBS = "watches|crosses|finds|forgets|won't leave|can't reach|doesn't see|we'll follow".split("|")
OBJECTS = ("the grey water|a nest of sand|three fishing boats|the northern lights|its own shadow|"
           "the lighthouse|long winter nights|an island without trees").split("|")
PLACES = "at dawn|in the evening|over the bay|behind the dunes|before the storm|near the pier".split("|")
CODE = ("int main() {\n  return 0;\n}|for (int i = 0; i < n; ++i) {\n    sum += x[i];\n}|"
        "def load(path):\n    with open(path) as f:\n        return f.read()|"
        "if (a != b && c >= 10) { x->y = z; }").split("|")
OTHER = ("Die Möwe fliegt über das Meer.|La mouette survole la côte déserte.|"
         "Чайка летит над морем.|海の上を鳥が飛ぶ。|鸟在海上飞。|갈매기가 바다 위를 난다.|"
         "Ο γλάρος πετά πάνω από τη θάλασσα.|¿Dónde está el niño pequeño?").split("|")


def training_lines(seed=7, count=4000):
    rng = random.Random(seed)
    for _ in range(count):
        kind = rng.random()
        if kind < 0.75:
            words = [rng.choice(part) for part in (SUBJECTS, VERBS, OBJECTS, PLACES)]
            line = " ".join(words) + rng.choice([".", ", and then", "!", "?", ";"])
            yield line[0].upper() + line[1:] if rng.random() < 0.5 else line
        elif kind < 0.85:
            yield rng.choice(CODE)
        elif kind < 0.95:
            yield rng.choice(OTHER)
        else:
            yield f"{rng.randint(0, 99999)} {rng.randint(1900, 2030)}-{rng.randint(1, 12):02d}"


def split_pre_tokenizer(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def build(vocab, merges, pattern, ignore_merges, control=CONTROL_TOKENS, user_defined=()):
    """A reference tokenizer. Control and user-defined tokens get the ids after `vocab`."""
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, ignore_merges=ignore_merges))
    tokenizer.pre_tokenizer = split_pre_tokenizer(pattern)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in control])
    if user_defined:
        tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in user_defined])
    return tokenizer


def train(vocab_size, pattern=LLAMA3_PATTERN):
    """(vocab: token -> id, merges: list of pairs), without special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = split_pre_tokenizer(pattern)
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False, special_tokens=[],
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(training_lines(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def gguf_vocab_kv(tokenizer, merges, pre=None, add_bos=True, control=CONTROL_TOKENS, user_defined=()):
    """The tokenizer.* keys for a reference tokenizer; `pre` None leaves that key out."""
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    tokens = [tokenizer.id_to_token(i) for i in range(size)]
    kinds = [3 if t in control else 4 if t in user_defined else 1 for t in tokens]
    kv = [("tokenizer.ggml.add_bos_token", "bool", add_bos),
          ("tokenizer.ggml.model", "string", "gpt2")]
    if pre is not None:
        kv.append(("tokenizer.ggml.pre", "string", pre))
    kv += [("tokenizer.ggml.tokens", "array:string", tokens),
           ("tokenizer.ggml.scores", "array:f32", [0.0 if k == 1 else -1000.0 for k in kinds]),
           ("tokenizer.ggml.token_type", "array:i32", kinds),
           ("tokenizer.ggml.merges", "array:string", [f"{a} {b}" for a, b in merges])]
    for key, text in (("bos", "<|begin_of_text|>"), ("eos", "<|end_of_text|>"), ("padding", "<|end_of_text|>")):
        token = tokenizer.token_to_id(text)
        if token is not None:
            kv.append((f"tokenizer.ggml.{key}_token_id", "u32", token))
    return kv
