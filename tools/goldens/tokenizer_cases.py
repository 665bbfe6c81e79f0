# SPDX-License-Identifier: Apache-2.0
"""The strings that tokenizer vectors are made of: hand-picked corners, and what fuzz texts consist of."""
SPACES = ["\t", "\n", "\x0b", "\x0c", "\r", " ", "\x85", "\xa0", "\u1680", "\u2000", "\u2003", "\u200a",
          "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"]
NOT_SPACES = ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u180e", "\x1c", "\x1f", "\x00", "\x7f", "\xad"]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"]
EMOJI = ["😀", "👍🏽", "👩‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇰🇫🇷", "❤️", "☕", "1️⃣", "🧑🏿‍🤝‍🧑🏻", "🫠", "🪿"]
SCRIPTS = ["海の上を鳥が飛ぶ。", "鸟在海上飞，很快！", "갈매기가 난다", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया",
           "สวัสดีชาวโลก", "Привет, мир", "Γειά σου Κόσμε", "Xin chào thế giới", "ქართული ენა", "Ελλάδα᾽ς",
           "اَلْعَرَبِيَّةُ", "ᚠᚢᚦᚨᚱᚲ", "𐍈𐌰𐌹", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "𠀀𠮷野家", "ꙮ ﷽", "ǅ ǈ ʰ ª º", "Straße ﬁn ſo"]
NUMBERS = ["٠١٢٣٤", "०१२३", "０１２３４５", "½ ¾ ⅓", "Ⅳ ⅷ", "²³¹", "①②③④", "𝟘𝟙𝟚𝟛", "一二三", "1,234,567.89", "0x1F4A9",
           "1e-10", "3.14159265358979", "٣3٣3", "12½34", "१२3४"]
COMBINING = ["e\u0301", "n\u0303o", "a\u0300\u0301\u0302b", "\u0301", " \u0301x", "Z\u0351\u036b\u0343a\u030d", "क\u094dष",
             "o\u0308ffnen", "1\u0301", "a\u200db", "\u0345\u0345", "가\u1100\u1161"]
CODE = ["int main(void) {\n\treturn 0;\n}\n", "def f(x):\n    if x:\n        return x**2\n\n\n    return None\n",
        "for (auto& [k, v] : map) { sum += v->size(); }", "a&&b||!c==d!=e<=f>=g<<h>>i", "// comment\r\n/* x */\r\n",
        "<html><body class=\"a b\">x</body></html>", "{\"key\": [1, 2.5, null, true]}\n", "SELECT * FROM t WHERE a='b';",
        "C:\\Windows\\System32\\*.dll", "https://example.org/a?b=c&d=%20#e", "user@example.com", "$HOME/.config/*.{a,b}",
        "x  =  1;    // two  spaces", "\tif\t(x)\t{\t}", "__init__ __x _y z_ camelCase snake_case", "`~!@#$%^&*()-_=+[]{}|;:'\",.<>/?"]
PLAIN = ["", "a", " ", "  ", "hello", " hello", "Hello world", "Hello  world", "Hello world ", "Hello\nworld",
         "the tern watches the grey water at dawn.", "The Tern Watches", "THE TERN", "lighthouse", " lighthouse",
         "lighthouses", "northern lights", "fisherman's", "The keeper won't leave; we'll follow the tide.",
         "What is a sparrow?", "antidisestablishmentarianism", "Donaudampfschifffahrtsgesellschaftskapitän",
         "a" * 100, "ab" * 60, "the" * 40, " the" * 40, "xyzzy" * 30, "\u00e9" * 50, "海" * 60, "😀" * 20, "!" * 70, "-" * 65,
         "." * 33, "=" * 80, "the tern" + " " * 50 + "the gull", "\n" * 40, " \n" * 20, "\t" * 20, "'" * 9, "\"'\"'"]


def _whitespace():
    for s in SPACES + NOT_SPACES:
        for pattern in ("{s}", "{s}{s}", "a{s}b", "a{s}{s}b", "a{s}{s}{s}b", "{s}{s}a", "a{s}{s}", "a {s}b", "a{s} b", "!{s}!"):
            yield pattern.format(s=s)
    for run in ("\r\n", "\n\r", "\r\r\n", "\n\n\r\n", " \r\n ", "  \n  \n  ", "\n \n", " \n\n  x", "\t\n\t", "\xa0\n\xa0x", "\u3000\n",
                "\x85\n\x85", "\n\x85", "\x85\x85\n x", " \u2028\n", "\n\u2029 \n", "   \r", "\r   ", "\x0b\n\x0c", "\n\x0b"):
        yield from (run, "a" + run + "b", run + "b", "a" + run, "1" + run + "2", "!" + run + "?")


def _numbers():
    for n in range(1, 11):
        digits = "1234567890"[:n]
        yield from (digits, " " + digits, "a" + digits, digits + "b", "-" + digits + ".5", digits + "٣" * n)
    yield from NUMBERS


def _contractions():
    for c in CONTRACTIONS:
        for form in (c, c.upper(), c[:2] + c[2:].upper(), c.title()):
            yield from ("we" + form, form, "we" + form + "x", "we " + form, "we" + form + form)
    yield from ("it'ſ", "'ſ", "it’s", "don’t", "'sa", "'Sa", "o'clock", "rock'n'roll", "''s", "'", "' s", "'lL", "'Ve", "1's", "!'s", " 's",
                "\n's", "é's", "'é", "'1", "'\n")


def _specials(names):
    for name in names:
        yield from (name, "a" + name, name + "a", " " + name + " ", name + name, name[:-1], name[1:], "<" + name, name + "|>", "\n" + name)
    if len(names) > 1:
        yield from (names[0] + names[1], names[1] + " x " + names[0], names[0][:5] + names[1], "<|<|" + names[0],
                    names[0] + "User: hi" + names[-1] + "Assistant: ")


def hand_picked(special_names):
    """Distinct strings in a fixed order; no lone surrogates, so each has a UTF-8 form."""
    groups = [PLAIN, _whitespace(), _numbers(), _contractions(), SCRIPTS, COMBINING, CODE]
    groups.append(s for e in EMOJI for s in (e, "a" + e, e + " " + e, " " + e + "b", e + "\n"))
    groups.append(_specials(special_names))
    groups.append(f"{a}{b}{c}" for a in ("a", "1", "é") for b in (" ", "'", "\u0301", "😀", "_") for c in ("b", "2", "!"))
    return list(dict.fromkeys(s for group in groups for s in group))


# What fuzz texts are put together from.
RANGES = [(0x20, 0x7E), (0x20, 0x7E), (0x00, 0x1F), (0xA0, 0x17F), (0x300, 0x36F), (0x370, 0x5FF), (0x600, 0x6FF), (0x900, 0x97F),
          (0xE00, 0xE7F), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2070, 0x218B), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3),
          (0xE000, 0xE0FF), (0xFB00, 0xFFEF), (0x10000, 0x1FFFF), (0x20000, 0x2A6DF), (0xE0000, 0x10FFFF)]
CHUNKS = ["the", " the", "ing", "er", " and", "light", "house", "'ll", "'S", "  ", "\n\n", "\r\n", " \n ", "   x", "12", "345", "...", "!?", "->", "://"]
