"""Training: configuration, the training loop, fine-tuning and pretraining, and the job that runs beside the server.

`config`, `runs`, `jobs` and `estimate` are light and may be imported by a page; the other modules load jax.
"""
