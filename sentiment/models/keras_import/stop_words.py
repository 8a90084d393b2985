"""English words that many take out of texts before they train on them, and the pieces that contractions leave."""

_PRONOUNS = """i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves what which who whom this that these those"""
_VERBS = """am is are was were be been being have has had having do does did doing will can should"""
_LINKS = """a an the and but if or because as until while of at by for with about against between into through during
before after above below to from up down in out on off over under"""
_ADVERBS = """again further then once here there when where why how all any both each few more most other some such no
nor not only own same so than too very just now"""
_PIECES = """s t d m o y ll re ve ma don ain aren couldn didn doesn hadn hasn haven isn mightn mustn needn shan shouldn
wasn weren won wouldn"""

ENGLISH = frozenset(" ".join((_PRONOUNS, _VERBS, _LINKS, _ADVERBS, _PIECES)).split())
