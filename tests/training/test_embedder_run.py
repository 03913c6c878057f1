"""The embedder's run: what it minimises, what it takes for wrong, what it writes. Skipped where torch is missing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")
transformers = pytest.importorskip("transformers", reason="transformers is needed for training only")
pytest.importorskip("onnxscript", reason="onnxscript is needed to export a model only")

from tokenizers import Tokenizer  # noqa: E402

from factcheck.local.minilm import MiniLM  # noqa: E402
from training.embedder_pairs import Match, Shown  # noqa: E402
from training.embedder_run import (  # noqa: E402
    BATCH,
    RATE,
    Tuning,
    batches,
    framed,
    padded,
    reciprocal_rank,
    settling,
    write_candidate,
)
from training.export_minilm import WINDOW, SentenceModel  # noqa: E402

TOKENIZER = Path(__file__).resolve().parents[2] / "factcheck" / "local" / "weights" / "minilm" / "tokenizer.json"
WORDS = ("north", "south", "east", "west", "gold", "iron", "rain", "snow")


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(TOKENIZER))


def small_bert() -> Any:
    torch.manual_seed(3)
    config = transformers.BertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    return transformers.BertModel(config, add_pooling_layer=False)


def tuning(out: Path, tokenizer: Tokenizer, *, rounds: int = 2, resume: bool = False) -> Tuning:
    given = argparse.Namespace(
        out=out,
        rounds=rounds,
        minutes=float("inf"),
        patience=99,
        look_every=99.0,
        rate=RATE * 50,
        seed=1,
        start=None,
        resume=resume,
    )
    return Tuning(given, SentenceModel(small_bert()), tokenizer)


def match(claim: str, text: str, *wrong: Shown, about: str = "", kind: str = "fever") -> Match:
    return Match(claim, Shown(text, about or text), kind, kind, wrong=wrong)


MATCHES = [match(f"Where is the {word}?", f"Here is much {word}.") for word in WORDS]


def test_a_batch_is_of_one_kind_and_every_match_comes_once_a_round() -> None:
    many = [match(f"{kind} {at}", f"{at}", kind=kind) for kind in ("fever", "citint") for at in range(BATCH + 9)]
    made = batches(many, "7 0")
    turns = [turn for batch in made for turn in batch]
    assert sorted(turn.match.claim for turn in turns) == sorted(one.claim for one in many)
    assert sorted(map(len, made)) == [9, 9, BATCH, BATCH]
    assert all(len({turn.match.kind for turn in batch}) == 1 for batch in made)
    assert made == batches(many, "7 0") != batches(many, "7 1")


def test_a_match_is_asked_with_one_of_its_wrong_passages_and_each_round_with_another() -> None:
    wrong = tuple(Shown(f"Wrong {at}.", f"{at}") for at in range(8))
    drawn = {batches([match("Claim.", "Text.", *wrong)], f"7 {round_}")[0][0].wrong for round_ in range(40)}
    assert drawn == set(wrong)
    (turn,) = batches([match("Claim.", "Text.")], "7 0")[0]
    assert (turn.wrong, turn.passages) == (None, (Shown("Text.", "Text."),))


def test_a_passage_of_the_same_page_is_not_taken_for_wrong_unless_it_was_found_to_be() -> None:
    page, near = Shown("Another sentence.", "Page"), Shown("A near miss.", "Page")
    own, stranger = Shown("The sentence.", "Page"), Shown("Stranger.", "Other")
    matches = [match("Claim.", own.text, near, about="Page"), match("Claim.", stranger.text, about="Other")]
    other = match("Claim two.", page.text, about="Page")
    shown = [own, page, near, stranger]
    assert settling([*matches, other], shown).tolist() == [
        [True, True, False, True],  # the stranger settles the same claim elsewhere in the batch
        [True, False, False, True],
        [True, True, True, False],
    ]


def test_the_loss_is_small_where_each_claim_is_nearest_to_its_own_passage(tmp_path: Path, tokenizer: Tokenizer) -> None:
    def loss(vectors: dict[str, list[float]], matches: list[Match]) -> float:
        run = tuning(tmp_path, tokenizer)
        run.embed = lambda texts: torch.tensor([vectors[text] for text in texts])  # type: ignore[assignment,method-assign,unused-ignore]
        return float(run.loss(batches(matches, "1")[0]))

    right = {"a": [1.0, 0.0], "b": [0.0, 1.0], "A": [1.0, 0.0], "B": [0.0, 1.0]}
    apart = [match("a", "A"), match("b", "B")]
    assert loss(right, apart) < 1e-6
    assert loss({**right, "A": right["B"], "B": right["A"]}, apart) == pytest.approx(20, abs=1e-3)
    assert loss({**right, "B": right["A"]}, [match("a", "A", Shown("B", "x"))]) == pytest.approx(np.log(2))
    same_page = [match("a", "A", about="Page"), match("b", "B", about="Page")]
    assert loss({**right, "A": right["B"], "B": right["A"]}, same_page) == 0


def test_ranks_are_counted_among_passages_that_do_not_settle_the_claim() -> None:
    matches = [match("a", "A", about="Page"), match("b", "B", about="Page"), match("c", "C")]
    shown = [*(one.passage for one in matches), Shown("D", "D")]
    scores = np.array([[0.1, 0.9, 0.5, 0.0], [0.0, 0.9, 0.5, 0.5], [0.9, 0.8, 0.5, 0.5]], dtype=np.float32)
    assert reciprocal_rank(matches, shown, scores) == pytest.approx((1 / 2 + 1 + 1 / 4) / 3)


def test_texts_are_framed_cut_to_the_window_and_padded_to_few_lengths(tokenizer: Tokenizer) -> None:
    short, long = framed(tokenizer, ["It rained.", "word " * 500])
    assert tokenizer.decode(short, skip_special_tokens=False) == "[CLS] it rained. [SEP]"
    assert (len(long), long[0], long[-1]) == (WINDOW, short[0], short[-1])
    ids, mask = padded([short])
    assert ids.shape == (1, 32)
    assert int(mask.sum()) == len(short)
    assert padded([short, long])[0].shape == (2, WINDOW)


def test_vectors_come_back_in_the_order_of_the_texts(tmp_path: Path, tokenizer: Tokenizer) -> None:
    run = tuning(tmp_path, tokenizer)
    texts = ["word " * 90, "word", "gold " * 40, *(f"{word} {at}" for at in range(12) for word in WORDS)]
    together, alone = run.vectors(texts), np.concatenate([run.vectors([text]) for text in texts])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=0.02)  # bfloat16


def test_a_run_learns_and_a_stopped_one_goes_on_from_its_checkpoint(tmp_path: Path, tokenizer: Tokenizer) -> None:
    one = tuning(tmp_path, tokenizer, rounds=30)
    one.run(MATCHES, MATCHES)
    first, last = one.progress.log[0], one.progress.log[-1]
    assert last["mean"] > first["mean"]
    assert json.loads((tmp_path / "dev.json").read_text()) == one.progress.log
    again = tuning(tmp_path, tokenizer, rounds=30, resume=True)
    assert again.progress == one.progress
    assert np.array_equal(again.vectors(list(WORDS)), one.vectors(list(WORDS)))
    assert again.is_over()


def test_a_candidate_is_read_as_the_product_reads_its_own_and_names_no_machine(
    tmp_path: Path, tokenizer: Tokenizer
) -> None:
    base, source = SentenceModel(small_bert()), tmp_path / "base"
    base.bert.save_pretrained(source)
    tokenizer.save(str(source / "tokenizer.json"))
    torch.manual_seed(5)
    tuned = {name: weight.detach() + torch.randn_like(weight) / 20 for name, weight in base.named_parameters()}
    torch.save({"weights": tuned}, tmp_path / "best.pt")
    write_candidate(source, tmp_path / "best.pt", tmp_path / "half", share=0.5)
    (found,) = MiniLM(tmp_path / "half").embed(["It rained in the north."])
    with torch.no_grad():
        (whole,) = vector_of(base, tokenizer)
        for name, weight in base.named_parameters():
            weight.copy_((weight + tuned[name]) / 2)
        (half,) = vector_of(base, tokenizer)
    assert found @ half > 0.98
    assert found @ whole < 0.95
    assert b"export_minilm" not in (tmp_path / "half" / "model.onnx").read_bytes()
    manifest = json.loads((tmp_path / "half" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["model"] == "all-MiniLM-L6-v2, tuned for factcheck"


def vector_of(model: SentenceModel, tokenizer: Tokenizer) -> Any:
    ids = torch.tensor(framed(tokenizer, ["It rained in the north."]))
    return model.eval()(ids, torch.ones_like(ids)).numpy()


def test_weights_of_another_model_are_refused(tmp_path: Path, tokenizer: Tokenizer) -> None:
    source = tmp_path / "base"
    SentenceModel(small_bert()).bert.save_pretrained(source)
    torch.save({"weights": {"head.weight": torch.ones(1)}}, tmp_path / "best.pt")
    with pytest.raises(SystemExit, match=r"best\.pt holds other weights than the base has"):
        write_candidate(source, tmp_path / "best.pt", tmp_path / "out", share=1.0)
    assert not (tmp_path / "out").exists()
