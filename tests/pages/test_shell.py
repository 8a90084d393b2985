"""The frame around every page."""

import gc

from tests.pages.conftest import open_page
from ui import shell


def test_what_was_imported_is_spared_from_the_collection_after_each_run(app, monkeypatch):
    monkeypatch.setattr(shell, "_spared", 0)
    gc.unfreeze()
    try:
        open_page(app, "data")
        spared = gc.get_freeze_count()
        assert spared > 0.9 * (spared + len(gc.get_objects()))
        app.run()
        assert gc.get_freeze_count() <= spared  # nothing more was imported
    finally:
        gc.unfreeze()
