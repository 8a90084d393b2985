"""Models: tokenizer, batches, the TextCNN and its head, model folders, base models, baselines."""
