"""Languages: what do labels in one language teach about another, and where do own labels pay?"""

from ui import cache, shell, widgets
from ui.guard import guard
from ui.panels_gap import SAMPLE, choose_gap_base, show_gap, show_languages
from ui.state import session

shell.frame()
workspace = cache.workspace()
widgets.page_header(
    "Languages", "What do labels in one language teach about another? And how many of its own does each one need?"
)
dataset_id = session().dataset_id

if dataset_id is None:
    widgets.empty_state(
        workspace,
        why="There is no dataset yet",
        todo="Add a file with labels in two languages or more; what they teach each other is measured here.",
        sample=SAMPLE,
    )
else:
    info = workspace.dataset_info(dataset_id)
    with guard():
        show_languages(info)
    with guard():
        base = choose_gap_base(info)
        if base is not None:
            show_gap(info, base)
