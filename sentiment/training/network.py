"""The fit of a network: a base model and labeled rows → the best weights in the run folder, and what they predict."""

from sentiment.models.device import prepare_device
from sentiment.training.head_only import fit_head_alone
from sentiment.training.held_out import Labeled
from sentiment.training.journal import Journal, Outcome
from sentiment.training.transfer import Transfer
from sentiment.training.tuning import tune


def fit_network(labeled: Labeled, journal: Journal) -> Outcome:
    """Fine-tunes the run's base model, or goes on where it was left, and saves the best weights.

    Args:
        labeled: the rows and their split.
        journal: of the run, whose settings are followed.

    Raises:
        DataError: if the labels do not allow a training, in words.
        ModelError: if the base model is not there or damaged.
        RunError: if the run goes on, and its base model is another one by now.
    """
    journal.tell(phase="Loading the base model", device=prepare_device())
    transfer = Transfer(labeled, journal)
    transfer.check_start()
    return fit_head_alone(transfer) if transfer.strategy == "head" else tune(transfer)
