"""The networks of the speed benchmark in PyTorch, eager or compiled, as its tutorials write them.

.venv-bench/bin/python benchmarks/peers/torch_networks.py eager|compiled
"""

import sys
from collections.abc import Callable
from typing import Any

import serving
import torch
from serving import batches_of, rate, read_groups, serve
from torch import nn

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class CNN(nn.Module):
    """Convolutions of several widths, the maximum of each filter (Kim 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(serving.VOCABULARY, serving.EMBED, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(serving.EMBED, serving.FILTERS, width) for width in serving.WIDTHS)
        self.dropout = nn.Dropout(serving.DROPOUT)
        self.head = nn.Linear(serving.FILTERS * len(serving.WIDTHS), serving.CLASSES)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits float32[batch, 2] of ids int64[batch, length]."""
        words = self.embedding(ids).transpose(1, 2)
        pooled = [torch.relu(convolution(words)).amax(dim=2) for convolution in self.convolutions]
        return self.head(self.dropout(torch.cat(pooled, dim=1)))


class LSTM(nn.Module):
    """The fused LSTM in both directions, the maximum of each unit."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(serving.VOCABULARY, serving.EMBED, padding_idx=0)
        self.recurrence = nn.LSTM(serving.EMBED, serving.UNITS, batch_first=True, bidirectional=True)
        self.dropout, self.head = nn.Dropout(serving.DROPOUT), nn.Linear(2 * serving.UNITS, serving.CLASSES)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits float32[batch, 2] of ids int64[batch, length]."""
        states, _ = self.recurrence(self.embedding(ids))
        return self.head(self.dropout(states.amax(dim=1)))


class Contender:
    """Trains and predicts; keeps the networks and the data of earlier requests."""

    def __init__(self, mode: str) -> None:
        self.compiled = mode == "compiled"
        self.models: dict[str, tuple[Any, torch.optim.Optimizer]] = {}
        self.passes: dict[tuple[str, str, str], Callable[[], int]] = {}

    def measure(self, request: dict[str, Any]) -> float:
        """Rows per second of a request, after one pass that compiles."""
        key = (request["task"], request["network"], request["work"])
        if key not in self.passes:
            self.passes[key] = self._train(*key[1:]) if request["task"] == "train" else self._predict(*key[1:])
            self.passes[key]()
        return rate(self.passes[key], seconds=request["seconds"])

    def _model(self, network: str) -> tuple[Any, torch.optim.Optimizer]:
        if network not in self.models:
            model = (CNN() if network == "cnn" else LSTM()).to(DEVICE)
            optimizer = torch.optim.Adam(model.parameters())
            self.models[network] = (torch.compile(model) if self.compiled else model, optimizer)
        return self.models[network]

    def _train(self, network: str, work: str) -> Callable[[], int]:
        model, optimizer = self._model(network)
        batches = [
            (torch.tensor(ids, dtype=torch.long, device=DEVICE), torch.tensor(labels, dtype=torch.long, device=DEVICE))
            for ids, labels in batches_of(read_groups(work))
        ]

        def one_pass() -> int:
            model.train()
            for ids, labels in batches:
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(model(ids), labels)
                loss.backward()
                optimizer.step()
            loss.item()
            return serving.BATCH * len(batches)

        return one_pass

    def _predict(self, network: str, work: str) -> Callable[[], int]:
        model, _ = self._model(network)
        groups = [torch.tensor(ids, dtype=torch.long) for ids, _ in read_groups(work)]

        def one_pass() -> int:
            model.eval()
            with torch.inference_mode():
                for ids in groups:
                    for part in ids.split(256):
                        model(part.to(DEVICE)).softmax(dim=1).cpu()
            return sum(map(len, groups))

        return one_pass


if __name__ == "__main__":
    serve(Contender(sys.argv[1]).measure)
