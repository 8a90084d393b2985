"""Emoji in the vocabulary of an English base model: each starts from the words that say what it means.

The corpora have none, and so does GloVe; yet in a tweet an emoji is often the clearest sign there is.
"""

import dataclasses
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sentiment.models.classifier import EMBEDDING, flatten, unflatten
from sentiment.models.splitting import set_splitting
from sentiment.models.store import ModelFolder
from sentiment.models.tokenizer import PAD, UNKNOWN, build_tokenizer, encode

# What people mean by the emoji that carry a mood. The words come first because the name often says what is drawn:
# "face with look of triumph" is a huff.
_MOODS = {
    "happy great nice": "😀😃😄😁🙂😊☺😸😺🤠😋🤤😌😇🙃😉😎🤓🌞🌟⭐✨🌈☀💫🌻🎈",
    "love wonderful beautiful": "😍🥰😘❤🧡💛💚💙💜🤍🤎🖤💖💗💓💕💞💘💝💟❣♥💌😻💑💏🫶😽😚😙😗🌹💐",
    "hilarious fun funny": "😂🤣😆😹😝😛😜🤪😄",
    "hug thank kind": "🤗🙏☮🤝🤲🕊",
    "excellent good recommend": "👍👌💯✅✔☑🆗🤙👊🤜🤛🤟🤘✊💪🏆🥇🎯🙆👑💎",
    "amazing fantastic": "🤩🔥🚀⚡💥🌠🦄",
    "congratulations celebrate great": "🎉🎊🥳👏🙌🎂🥂🍾🍻🎁🎆🎇🏅🎖🎵🎶💃🕺🪅",
    "bad terrible poor": "👎❌✖🚫⛔🙅💩🗑❎",
    "angry terrible worst": "😠😡🤬👿😤💢🖕😾🙎🗯",
    "sad disappointed": "😞😔🙁☹😢😭😿😥😟😕😣😖😓🥺🙍😦😧😩😫🫤🫠🥲",
    "broken sad hurt": "💔🤕🥀",
    "disgusting awful horrible": "🤮🤢🤒🤧",
    "boring annoying bad": "🙄😒😑🥱😪🤦",
    "afraid worried": "😨😰😱😬🙀😳",
    "liar fool stupid": "🤥🤡",
    "dead death": "💀☠⚰",
    "warning problem": "⚠🚨❗‼🆘",
    "confused unsure": "🤔🤨🧐🤷❓⁉😐😶😏",
    "surprised wow": "😮😯😲🤯😵",
    "sick ill": "😷🥴🥵🥶",
    "strange": "🙈🙉🙊😈👀",
}
# Others that are frequent, and mean what they are called.
_THINGS = (
    "😅🤭🤫🤐🤑🤖👽👻🎃😴💤💦💨👋🤚✋🖐🖖🤞✌👇👆👉👈☝✍🤳💅👂👃🧠👁👄💋👶👧👦👩👨👵👴🙋🙇🧑👪👫🏃🚶"
    "🐶🐱🐭🐹🐰🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐒🐔🐧🐦🐤🦆🦅🦉🐺🐴🐝🐛🦋🐌🐞🐢🐍🐙🐠🐟🐬🐳🐋🦈🐘🐕🐈🐾🐎🐄🐖"
    "🌲🌳🌴🌵🍀🍁🍂🌸🌺🌷🌼🌙⛅☁🌧⛈❄⛄🌊🌍🌎☔💧🍎🍊🍋🍌🍉🍇🍓🍒🍑🍍🥑🍅🌶🌽🥕🍞🧀🍗🥩🍔🍟🍕🌭🌮🍣🍜🍝🍚🍰🍪"
    "🍩🍫🍬🍭🍦☕🍵🍷🍸🍹🍺🥤🍽⚽🏀🏈⚾🎾🏐🎮🎲🎤🎧🎬🎨🎸🎹📷📸📹🎥📺📻📱💻⌨🖥🖨💾💿📞☎🔋🔌💡🔦🕯"
    "📚📖📝✏📌📎✂📦📫📧✉📅📈📉📊📰💰💵💸💳🛒🛍🎒👜👗👠👟👕👖🧥🎩🧢👓🕶💍💄🏠🏡🏢🏥🏫🏨🏖⛱🛏🚿🛁🚽🔑🔒🔓🔨🔧⚙🧰🔪💊💉"
    "🚗🚕🚌🚑🚓🚚🚲✈🛫🛬🚂🚢⛽🚦🗺⏰⌚⏳🕐🔔🔕📢📣🔍🔎🔗🔄🔙🔜🔝🆕🆓🔴🔵⚫⚪🔶🔷▶◀➡⬅⬆⬇➕➖♻©®"
)
EMOJI_SOURCE = (
    "Frequent emoji start from the words of their moods and Unicode names, as `sentiment/training/emoji.py` lists them."
)
_MOOD_SHARE = 0.8  # of a mood's words, the rest being the name's
_MOST = 400  # so that the largest base model stays under 10 MB
_SILENT = frozenset({
    "face", "with", "and", "of", "in", "the", "a", "on", "for", "from", "sign", "symbol", "mark", "person", "black",
    "white", "heavy", "button", "medium", "small", "large", "over", "shaped", "suit",
})  # fmt: skip


def add_emoji(model: ModelFolder) -> ModelFolder:
    """The model with the frequent emoji in its vocabulary; what it says of texts without any stays the same.

    An emoji's vector is the mean of those of the words that say what it means: its mood and its Unicode name. It is
    as long as these vectors are on average, because a mean is shorter than its parts. Emoji that are there already
    get their vector anew.

    Args:
        model: a network over English words, whose embeddings are a table.
    """
    ids = model.tokenizer.get_vocab()
    words = sorted((word for word in ids if word not in ("[PAD]", "[UNK]")), key=ids.__getitem__)
    table = np.asarray(flatten(model.params)[EMBEDDING], np.float32)
    places = {emoji: ids.get(emoji) for emoji in emoji_meanings()}
    stored = table.astype(np.float16).astype(np.float32)  # as base models are kept: what ships gives the same again
    vectors = {emoji: _vector(model, stored, emoji) for emoji in places}
    new = [emoji for emoji, place in places.items() if place is None]
    whole = np.concatenate([table, np.stack([vectors[emoji] for emoji in new])]) if new else table.copy()
    for emoji, place in places.items():
        if place is not None:
            whole[place] = vectors[emoji]
    return dataclasses.replace(
        model,
        params=unflatten({**flatten(model.params), EMBEDDING: whole}),
        encoder=dataclasses.replace(model.encoder, vocab_size=len(whole)),
        tokenizer=set_splitting(build_tokenizer([*words, *new])),
    )


@cache
def emoji_meanings() -> dict[str, tuple[str, str]]:
    """The words of each emoji's mood, "" if it has none, and those of its name; most telling emoji first."""
    found: dict[str, tuple[str, str]] = {}
    for words, emoji in [*_MOODS.items(), ("", _THINGS)]:
        for character in emoji:
            if unicodedata.category(character) in ("So", "Sm", "Po"):
                found.setdefault(character, (words, _name_words(character)))
    return dict(list(found.items())[:_MOST])


def _name_words(emoji: str) -> str:
    words = unicodedata.name(emoji).lower().replace("-", " ").split()
    return " ".join([word for word in words if word not in _SILENT] or words)


def _vector(model: ModelFolder, table: NDArray[np.float32], emoji: str) -> NDArray[np.float32]:
    """The vector float32[embed] that an emoji starts from; the one of unknown words if none of its words is known."""
    means = [_mean(model, table, words) for words in emoji_meanings()[emoji]]
    shares = [
        share if mean is not None else 0.0 for share, mean in zip((_MOOD_SHARE, 1 - _MOOD_SHARE), means, strict=True)
    ]
    known = [mean for mean in means if mean is not None]
    if not known:
        return table[UNKNOWN]
    vector, length = (
        np.average(np.stack(part), axis=0, weights=[share for share in shares if share])
        for part in zip(*known, strict=True)
    )
    return (vector * (length / max(float(np.linalg.norm(vector)), 1e-6))).astype(np.float32)


def _mean(
    model: ModelFolder, table: NDArray[np.float32], words: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
    """The mean float32[embed] of the vectors of words that are known, and their mean length; None without any."""
    ids = encode(model.tokenizer, [words], max_length=64).ids
    rows = table[ids[(ids != UNKNOWN) & (ids != PAD)]]
    return (rows.mean(axis=0), np.linalg.norm(rows, axis=1).mean()) if len(rows) else None
