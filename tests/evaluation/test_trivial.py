from __future__ import annotations

import random

import pytest

from eval.records import Gold, Reference, Sample
from eval.trivial import trivial_labels


def sample(name: str, label: Gold, claim: str, evidence: str = "", *, dataset: str = "own") -> Sample:
    """A sample about what stands before the dash of its name."""
    given = (Reference(doc_id="d", text=evidence),) if evidence else ()
    return Sample(
        id=name,
        dataset=dataset,
        about=name.partition("-")[0],
        claim=claim,
        language="en",
        label=label,
        evidence=given,
    )


WORDS: tuple[tuple[str, Gold], ...] = (("mayor", "supported"), ("river", "contradicted"), ("museum", "unverifiable"))


def _told_by_a_word(documents: int) -> list[Sample]:
    return [
        sample(f"{place}-{label}", label, f"The {word} of town {place}")
        for place in range(documents)
        for word, label in WORDS
    ]


def test_the_majority_is_that_of_the_data_set() -> None:
    samples = [
        sample("a-1", "contradicted", "x", dataset="one"),
        sample("a-2", "contradicted", "x", dataset="one"),
        sample("b-1", "supported", "x", dataset="one"),
        sample("b-2", "unverifiable", "x", dataset="two"),
    ]
    said = trivial_labels(samples)
    assert [said[each.id]["majority"] for each in samples] == [*["contradicted"] * 3, "unverifiable"]


def test_of_labels_as_frequent_the_majority_is_the_first() -> None:
    said = trivial_labels([sample("a-1", "unverifiable", "x"), sample("b-1", "contradicted", "y")])
    assert [said[name]["majority"] for name in ("a-1", "b-1")] == ["contradicted", "contradicted"]


def test_the_claim_alone_is_enough_where_a_word_gives_the_label_away() -> None:
    samples = _told_by_a_word(20)
    said = trivial_labels(samples)
    assert [said[each.id]["claim_only"] for each in samples] == [each.label for each in samples]


def test_no_answer_comes_from_a_model_that_saw_the_same_document() -> None:
    samples = [sample(f"{place}-{n}", "supported", f"lion {n}") for place in range(9) for n in range(3)]
    samples += [sample(f"zebra-{n}", "contradicted", f"zebra {n}", "zebra") for n in range(3)]
    said = trivial_labels(samples)
    assert {said[f"zebra-{n}"][system] for n in range(3) for system in ("claim_only", "word_overlap")} == {"supported"}


def test_overlap_sees_missing_words_missing_numbers_and_a_negation() -> None:
    evidence = "The bridge of town {} is {} metres long. It was built by the county in stone."
    samples = []
    for place in range(30):
        told = evidence.format(place, 100 + place)
        samples.append(
            sample(f"{place}-a", "supported", f"The bridge of town {place} is {100 + place} metres long", told)
        )
        samples.append(
            sample(f"{place}-b", "contradicted", f"The bridge of town {place} is 7{place} metres long", told)
        )
        samples.append(sample(f"{place}-c", "contradicted", "The bridge was not built by the county", told))
        samples.append(sample(f"{place}-d", "unverifiable", "A choir sang under some arch at dawn", told))
    said = trivial_labels(samples)
    assert [each.id for each in samples if said[each.id]["word_overlap"] != each.label] == []


def test_overlap_sees_a_number_that_stands_in_another_sentence_only() -> None:
    told = "The old bridge is 300 metres long and was built by the county. The tower has 412 steps."
    samples = []
    for n in range(20):
        samples.append(sample(f"{n}-a", "supported", "The old bridge built by the county is 300 metres long", told))
        samples.append(sample(f"{n}-b", "contradicted", "The old bridge built by the county is 412 metres long", told))
    said = trivial_labels(samples)
    assert [each.id for each in samples if said[each.id]["word_overlap"] != each.label] == []


def test_a_single_document_is_answered_by_its_majority() -> None:
    samples = [sample("a-1", "supported", "x"), sample("a-2", "supported", "y"), sample("a-3", "contradicted", "z")]
    expected = {"majority": "supported", "claim_only": "supported", "word_overlap": "supported"}
    assert trivial_labels(samples) == {each.id: expected for each in samples}


def test_data_of_one_class_get_that_class() -> None:
    samples = [sample(f"{place}-1", "contradicted", f"claim {place}") for place in range(7)]
    said = trivial_labels(samples)
    assert {label for systems in said.values() for label in systems.values()} == {"contradicted"}


def test_of_binary_data_not_supported_is_said_as_unverifiable() -> None:
    samples = [sample(f"{place}-1", "not_supported", f"river {place}") for place in range(8)]
    samples += [sample(f"{place}-2", "supported", f"mayor {place}") for place in range(8)]
    said = trivial_labels(samples)
    assert {said[f"{place}-1"]["claim_only"] for place in range(8)} == {"unverifiable"}
    assert {said[f"{place}-2"]["claim_only"] for place in range(8)} == {"supported"}


def test_the_order_of_samples_changes_nothing() -> None:
    samples = _told_by_a_word(12)
    samples[5] = sample(samples[5].id, "supported", "a choir")
    mixed = random.Random(3).sample(samples, len(samples))
    assert trivial_labels(mixed) == trivial_labels(samples)


@pytest.mark.parametrize("claim", [" ", "…", "§ 5"])
def test_claims_without_a_word_are_answered_too(claim: str) -> None:
    samples = [sample("0-1", "supported", claim), sample("1-1", "contradicted", claim)]
    assert trivial_labels(samples).keys() == {"0-1", "1-1"}


def test_nothing_is_said_of_no_samples() -> None:
    assert trivial_labels([]) == {}
