"""The multilingual base model: one space for words of several languages, labels in English alone."""
