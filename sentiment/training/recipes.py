"""The recipes for base models, by name. `pretrain` follows them."""

from sentiment.training.chinese import CHINESE
from sentiment.training.english import ENGLISH
from sentiment.training.multilingual.model import MULTILINGUAL_BASES
from sentiment.training.recipe import Recipe

RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in (*ENGLISH, *CHINESE, *MULTILINGUAL_BASES)}
