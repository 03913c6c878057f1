"""The trainer: what it minimises, how it batches, and that a stopped run goes on. Skipped where torch is missing."""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")
transformers = pytest.importorskip("transformers", reason="transformers is needed for training only")

from tokenizers import Tokenizer  # noqa: E402

from training.data import Label, Pair  # noqa: E402
from training.judge import (  # noqa: E402
    BATCH_TOKENS,
    RATE,
    WINDOW,
    JudgeModel,
    Trainer,
    batches,
    encode,
    loss_of,
    predict,
    scores_by_kind,
    tensors,
)
from training.running import Progress  # noqa: E402

TOKENIZER = Path(__file__).resolve().parents[2] / "factcheck" / "local" / "weights" / "minilm" / "tokenizer.json"


def pair(premise: str, claim: str, label: Label = "supported", kind: str = "fever") -> Pair:
    return Pair(premise, claim, label, "en", kind)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(TOKENIZER))


def small_model() -> JudgeModel:
    torch.manual_seed(3)
    config = transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return JudgeModel(transformers.BertModel(config, add_pooling_layer=False), 32)


class FixedMix:
    """A mix that is the same in every round: claims that repeat their premise, and claims that do not."""

    def draw(self, round_: int) -> list[Pair]:
        words = ["north", "south", "east", "west", "gold", "iron", "rain", "snow"]
        return [
            pair(f"The {one}.", f"The {two}.", "supported" if one == two else "contradicted")
            for one in words
            for two in words
        ] * 4


def trainer(out: Path, tokenizer: Tokenizer, *, resume: bool = False, rounds: int = 2) -> Trainer:
    given = argparse.Namespace(
        out=out,
        rounds=rounds,
        minutes=float("inf"),
        patience=99,
        look_every=99.0,
        rate=RATE,
        seed=1,
        start=None,
        resume=resume,
    )
    return Trainer(given, small_model(), tokenizer)


def test_a_pair_is_read_as_premise_then_claim_and_a_long_premise_gives_way(tokenizer: Tokenizer) -> None:
    short, long = encode(tokenizer, [pair("It rained.", "Rain fell."), pair("word " * 500, "Rain fell.")])
    assert tokenizer.decode(short.ids, skip_special_tokens=False) == "[CLS] it rained. [SEP] rain fell. [SEP]"
    assert len(long.ids) == WINDOW
    assert long.ids[long.claim_at :] == short.ids[short.claim_at :]


def test_a_label_that_only_says_not_supported_asks_for_neither_of_the_two() -> None:
    torn = torch.tensor([[0.0, 5.0, 5.0]])
    assert float(loss_of(torn, torch.tensor([3]))) == pytest.approx(0.0034, abs=0.001)
    assert float(loss_of(torn, torch.tensor([1]))) > 0.6
    assert float(loss_of(torch.tensor([[5.0, 0.0, 0.0]]), torch.tensor([3]))) > 4


def test_batches_hold_every_pair_once_and_no_more_tokens_than_agreed(tokenizer: Tokenizer) -> None:
    rng = random.Random(1)
    encoded = encode(tokenizer, [pair("word " * rng.randrange(1, 250), f"Claim {at}.") for at in range(900)])
    made = list(batches(encoded, rng))
    assert sorted(item.ids for batch in made for item in batch) == sorted(item.ids for item in encoded)
    for batch in made:
        ids, mask, types = tensors(batch, torch.device("cpu"))
        assert ids.shape[1] % 32 == 0
        assert ids.numel() <= BATCH_TOKENS + WINDOW
        assert mask.sum() == sum(len(item.ids) for item in batch)
        assert types.sum() == sum(len(item.ids) - item.claim_at for item in batch)


def test_a_run_learns_and_a_stopped_one_goes_on_from_its_checkpoint(tmp_path: Path, tokenizer: Tokenizer) -> None:
    mix = FixedMix()
    held = mix.draw(0)[:64]
    one = trainer(tmp_path, tokenizer, rounds=1)
    one.look = lambda *_: None  # type: ignore[assignment,method-assign,unused-ignore]
    before = float(loss_of(*_logits(one, held)))
    one.run(mix, held)  # type: ignore[arg-type,unused-ignore]
    after = float(loss_of(*_logits(one, held)))
    assert after < before
    two = trainer(tmp_path, tokenizer, resume=True, rounds=1)
    assert two.progress == one.progress
    assert two.is_over()
    for name, weight in one.weights().items():
        assert torch.equal(weight, two.weights()[name])
    assert torch.equal(_logits(one, held)[0], _logits(two, held)[0])


def test_a_run_stopped_inside_a_round_reads_each_pair_once(tmp_path: Path, tokenizer: Tokenizer) -> None:
    whole = trainer(tmp_path / "a", tokenizer, rounds=1)
    broken = trainer(tmp_path / "b", tokenizer, rounds=1)
    steps: list[int] = []
    for run in (whole, broken):
        run.given.out.mkdir()
        run.look = lambda *_: None  # type: ignore[assignment,method-assign,unused-ignore]
    whole.run(FixedMix(), [])  # type: ignore[arg-type,unused-ignore]
    broken.is_over = lambda: bool(steps) or broken.progress.round > 0  # type: ignore[method-assign,unused-ignore]
    broken.tell = lambda loss, pairs: steps.append(pairs)  # type: ignore[method-assign,unused-ignore]
    broken.run(FixedMix(), [])  # type: ignore[arg-type,unused-ignore]
    assert 0 < broken.progress.pairs < whole.progress.pairs
    again = trainer(tmp_path / "b", tokenizer, resume=True, rounds=1)
    again.look = lambda *_: None  # type: ignore[assignment,method-assign,unused-ignore]
    again.run(FixedMix(), [])  # type: ignore[arg-type,unused-ignore]
    assert again.progress.pairs == whole.progress.pairs == 256
    for name, weight in whole.weights().items():
        assert torch.equal(weight, again.weights()[name])


def test_only_better_weights_replace_the_best_ones(tmp_path: Path, tokenizer: Tokenizer) -> None:
    run = trainer(tmp_path, tokenizer)
    held = [pair("The rain.", "The rain.", "supported", kind) for kind in _stopping()]
    run.look(encode(tokenizer, held), held)
    first = (tmp_path / "best.pt").exists()
    run.progress.best = 2.0
    run.look(encode(tokenizer, held), held)
    assert first == (run.progress.log[0]["mean"] > 0)
    assert run.progress.stale >= 1
    assert len(run.progress.log) == 2


def test_scores_are_macro_f1_and_binary_where_the_set_is() -> None:
    logits = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    pairs = [
        pair("", "", "supported"),
        pair("", "", "contradicted"),
        pair("", "", "unverifiable", "begin"),
        pair("", "", "not_supported", "begin"),
    ]
    assert scores_by_kind(logits, pairs) == {"begin": 1.0, "fever": 1.0}


def test_predictions_come_back_in_the_order_of_the_pairs(tokenizer: Tokenizer) -> None:
    model = small_model()
    encoded = encode(tokenizer, [pair("word " * size, "Claim.") for size in (90, 2, 40)])
    together = predict(model, encoded, torch.device("cpu"))
    alone = np.concatenate([predict(model, [item], torch.device("cpu")) for item in encoded])
    assert np.allclose(together, alone, atol=1e-5)


def test_a_fresh_run_has_done_nothing() -> None:
    assert Progress() == Progress(round=0, in_round=0, pairs=0, seconds=0.0, best=0.0, stale=0, log=[])


def _stopping() -> tuple[str, ...]:
    from training.mix import STOPPING

    return STOPPING


def _logits(run: Trainer, pairs: list[Pair]):  # type: ignore[no-untyped-def]
    encoded = encode(run.tokenizer, pairs)
    with torch.no_grad():
        logits = run.model(*tensors(encoded, torch.device("cpu"))).float()
    return logits, torch.tensor([item.label for item in encoded])
