"""Models that Keras itself makes, saves and runs: what an import is compared with. Keras is asked in its own process
environment only here."""
