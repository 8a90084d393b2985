"""How a text is taken apart into words before a tokenizer looks for them: its characters made alike, then a pattern.

There are two ways. What is made today follows the second; a model that was made with the first keeps it, because its
words were learned so.
"""

from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers

LATEST = 2
_CLITICS = ("s", "m", "d", "re", "ve", "ll")
_WRITTEN_WITHOUT_SPACES = {1: r"\p{Han}\p{Hiragana}\p{Katakana}", 2: r"\p{Han}\p{Hiragana}\p{Katakana}ー"}
# An emoji is one word with all that belongs to it: two letters of a flag, a keycap, members of a family.
_EMOJI = (
    r"[\x{1F1E6}-\x{1F1FF}]{2}|[0-9#*]\x{20E3}"
    r"|\p{Extended_Pictographic}(?:[\x{E0020}-\x{E007F}]+|(?:\x{200D}\p{Extended_Pictographic})+)?"
)
_TONES = r"\x{1F3FB}-\x{1F3FF}"
# What is written or not without another meaning: skin tones, variation selectors, soft hyphens, marks of direction,
# invisible joiners but those within an emoji, Arabic lengthening and vowel marks, Hebrew points and accents, and the
# dot that a Turkish İ leaves behind when it becomes an i.
_OPTIONAL = (
    rf"[\x{{AD}}\x{{34F}}\x{{61C}}\x{{200B}}\x{{200C}}\x{{200E}}\x{{200F}}\x{{202A}}-\x{{202E}}\x{{2060}}-\x{{2064}}"
    rf"\x{{2066}}-\x{{2069}}\x{{FE00}}-\x{{FE0F}}\x{{FEFF}}{_TONES}"
    r"\x{640}\x{64B}-\x{65F}\x{670}\x{591}-\x{5BD}\x{5BF}\x{5C1}\x{5C2}\x{5C4}\x{5C5}\x{5C7}]"
    rf"|(?<![\p{{Extended_Pictographic}}\x{{FE0F}}{_TONES}])\x{{200D}}|\x{{200D}}(?!\p{{Extended_Pictographic}})"
    r"|(?<=i)\x{307}"
)


def set_splitting(tokenizer: Tokenizer, version: int = LATEST) -> Tokenizer:
    """The same tokenizer, which splits texts in one of our ways from now on.

    Both ways split words as GloVe's were ("don't" → "do", "n't") and make characters alike (Unicode's NFKC, lower
    case). In the second an emoji is a word, a katakana word keeps its lengthening mark, what is written or not without
    another meaning is taken away, and letters that only lower-casing tells apart are one: Turkish ı and i, Greek ς and
    σ.

    Args:
        tokenizer: changed in place.
        version: 1 or 2.
    """
    steps = [
        normalizers.Replace(Regex(r"<[^<>]{1,200}>"), " "),  # tags such as <br />
        normalizers.Replace(Regex(r"(?:https?://|www\.)\S+"), " "),
        normalizers.NFKC(),
        normalizers.Replace(Regex("[’‘`´]"), "'"),
        normalizers.Lowercase(),
    ]
    if version > 1:
        steps += [
            normalizers.Replace(Regex(_OPTIONAL), ""),
            normalizers.Replace("ı", "i"),
            normalizers.Replace("ς", "σ"),
        ]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_pattern(version)), behavior="removed", invert=True)
    return tokenizer


def splits_as_ours(tokenizer: Tokenizer, *, blank: Tokenizer) -> bool:
    """Whether what a tokenizer does to a text before it looks for words is exactly one of our ways.

    Patterns of a stranger's could take for ever with some texts, or end the thread that they are used in.

    Args:
        tokenizer: from anywhere.
        blank: any tokenizer of ours; its splitting is changed.
    """
    others = _states(tokenizer)
    known = any(_states(set_splitting(blank, version)) == others for version in (1, 2))
    return known and not any((tokenizer.truncation, tokenizer.padding, tokenizer.post_processor))


def _states(tokenizer: Tokenizer) -> list[bytes | None]:
    return [part and part.__getstate__() for part in (tokenizer.normalizer, tokenizer.pre_tokenizer)]


def _pattern(version: int) -> str:
    han = _WRITTEN_WITHOUT_SPACES[version]
    words = (
        rf"n't(?!\p{{L}})|'(?:{'|'.join(_CLITICS)})(?!\p{{L}})|[{han}]+|[\p{{L}}\p{{M}}&&[^{han}]]+?(?=n't(?!\p{{L}}))"
        rf"|[\p{{L}}\p{{M}}&&[^{han}]]+|\p{{N}}+|[^\s\p{{L}}\p{{M}}\p{{N}}]"
    )
    return words if version == 1 else f"{_EMOJI}|{words}"
