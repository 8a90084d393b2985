"""Labels that people give: the append-only store, the queue of rows to label, suspects, agreement."""
