"""A training run: bfloat16 weights that compute, float32 masters that learn, a clock that both answer to, checkpoints.

What is learned is said by those who use it: ``training/judge.py`` and ``training/embedder_run.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

WARM_UP = 0.03  # of the run
SAVE_EVERY = 240  # seconds of work


@dataclass
class Progress:
    """How far a run has come; saved with every checkpoint."""

    round: int = 0
    in_round: int = 0  # pairs of this round that are done
    pairs: int = 0
    seconds: float = 0.0
    best: float = 0.0
    stale: int = 0
    log: list[dict[str, float]] = field(default_factory=list)


class Run:
    """What every run has; ``given`` says where to (``out``), how fast (``rate``) and how long.

    ``out`` gets ``best.pt``, ``last.pt`` and what the run writes besides.
    """

    def __init__(self, given: argparse.Namespace, model: torch.nn.Module, tokenizer: Tokenizer) -> None:
        self.given = given
        self.tokenizer = tokenizer
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.masters = [parameter.detach().clone().to(self.device) for parameter in model.parameters()]
        self.model = model.to(self.device).to(torch.bfloat16).train()
        decay = [master for master in self.masters if master.ndim > 1]
        plain = [master for master in self.masters if master.ndim <= 1]
        groups = [{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=given.rate, betas=(0.9, 0.98))
        self.progress = Progress()
        if given.start is not None:
            self.take(torch.load(given.start, map_location="cpu", weights_only=True)["weights"])
        if given.resume:
            self.load()

    def go_through(
        self,
        batches_of: Callable[[int], Sequence[Sequence[Any]]],
        loss_of: Callable[[Sequence[Any]], torch.Tensor],
        look: Callable[[], None],
    ) -> None:
        """Round after round of batches until they, the minutes or the patience are at an end.

        ``batches_of`` gives a round's batches, the same ones each time it is asked; ``look`` scores the dev part.
        """
        looked = saved = self.progress.seconds
        while not self.is_over():
            batches = batches_of(self.progress.round)
            size = sum(map(len, batches))
            done = 0
            for batch in batches:
                done += len(batch)
                if done <= self.progress.in_round:  # read before the run was stopped
                    continue
                started = time.monotonic()
                by_pairs = (self.progress.round + done / size) / self.given.rounds
                by_clock = self.progress.seconds / 60 / self.given.minutes
                loss = self.learn(loss_of(batch), max(by_pairs, by_clock))
                self.progress.in_round = done
                self.progress.pairs += len(batch)
                self.progress.seconds += time.monotonic() - started
                self.tell(loss, len(batch))
                if self.progress.seconds - saved > SAVE_EVERY:
                    self.save()
                    saved = self.progress.seconds
                if self.progress.seconds - looked > 60 * self.given.look_every:
                    look()
                    looked = self.progress.seconds
                if self.is_over():
                    break
            else:
                self.progress.round, self.progress.in_round = self.progress.round + 1, 0
        look()
        self.save()

    def is_over(self) -> bool:
        progress = self.progress
        return bool(
            progress.round >= self.given.rounds
            or progress.seconds >= 60 * self.given.minutes
            or progress.stale >= self.given.patience
        )

    def learn(self, loss: torch.Tensor, share: float) -> float:
        """One update at the learning rate that belongs to ``share`` of the run; the loss as a number."""
        self.model.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call,unused-ignore]
        for master, parameter in zip(self.masters, self.model.parameters(), strict=True):
            master.grad = None if parameter.grad is None else parameter.grad.float()
        torch.nn.utils.clip_grad_norm_(self.masters, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.given.rate * min(share / WARM_UP, (1 - min(share, 1.0)) / (1 - WARM_UP))
        self.optimizer.step()
        with torch.no_grad():
            for master, parameter in zip(self.masters, self.model.parameters(), strict=True):
                parameter.copy_(master)
        return float(loss.detach())

    _recent: tuple[float, int, float, int] = (0.0, 0, 0.0, 0)

    def tell(self, loss: float, pairs: int) -> None:
        """A line of log for every 25 steps: loss, pairs a second, minutes."""
        losses, steps, since, seen = self._recent
        losses, steps, seen = losses + loss, steps + 1, seen + pairs
        if steps == 25:
            pace = seen / max(1e-9, self.progress.seconds - since)
            minutes = self.progress.seconds / 60
            print(
                f"round {self.progress.round} pairs {self.progress.pairs} loss {losses / steps:.3f} "
                f"{pace:.0f} pairs/s {minutes:.1f} min",
                flush=True,
            )
            self._recent = (0.0, 0, self.progress.seconds, 0)
        else:
            self._recent = (losses, steps, since, seen)

    def note(self, scores: dict[str, float], mean: float) -> None:
        """Writes down what the dev part says (``dev.json``); the best weights so far are kept aside (``best.pt``)."""
        minutes = self.progress.seconds / 60
        self.progress.log.append({"minutes": round(minutes, 1), "mean": mean, **scores})
        shown = " ".join(f"{kind} {score:.3f}" for kind, score in sorted(scores.items()))
        print(f"dev {mean:.4f} at {minutes:.1f} min, {self.progress.pairs} pairs: {shown}", flush=True)
        if mean > self.progress.best:
            self.progress.best, self.progress.stale = mean, 0
            self.write(self.given.out / "best.pt", {"weights": self.weights(), "progress": asdict(self.progress)})
        else:
            self.progress.stale += 1
        text = json.dumps(self.progress.log, indent=1)
        (self.given.out / "dev.json").write_text(text + "\n", encoding="utf-8")

    def weights(self) -> dict[str, torch.Tensor]:
        names = [name for name, _ in self.model.named_parameters()]
        return {name: master.detach().cpu() for name, master in zip(names, self.masters, strict=True)}

    def save(self) -> None:
        state = {"weights": self.weights(), "optimizer": self.optimizer.state_dict(), "progress": asdict(self.progress)}
        self.write(self.given.out / "last.pt", state)

    def load(self) -> None:
        state = torch.load(self.given.out / "last.pt", map_location="cpu", weights_only=True)
        self.take(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])

    def take(self, weights: dict[str, torch.Tensor]) -> None:
        names = [name for name, _ in self.model.named_parameters()]
        with torch.no_grad():
            for name, master, parameter in zip(names, self.masters, self.model.parameters(), strict=True):
                master.copy_(weights[name])
                parameter.copy_(master)

    @staticmethod
    def write(path: Path, state: dict[str, Any]) -> None:
        """Replaces the file in one step: a run that is killed leaves the old one or the new one."""
        beside = path.with_suffix(".part")
        torch.save(state, beside)
        os.replace(beside, path)
