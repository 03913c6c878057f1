"""Two reports of one document: which claims are the same, which verdicts changed, and why."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factcheck.models import (
    Claim,
    Exclusion,
    Failure,
    Label,
    Outcome,
    Provenance,
    Report,
    Sentence,
    Span,
    Verdict,
    account,
)
from factcheck.report.changes import lines_of, to_markdown
from factcheck.report.diff import Difference, compare_reports, one_sided
from factcheck.report.matching import match_claims
from tests.report.samples import cited, evidence, passage, rich_report, sample_report

WEBB = "Webb's first images came in August 2022."
INDIA = "India was the fourth country on the Moon."
BUDGET = "The budget grew by 4.1 percent."
BASE = sample_report()
FILES = {"webb.md": "a" * 64, "moon.md": "b" * 64}

Kind = Label | str  # a label, or a failure's code


def report(*claims: tuple[str, Kind], said: Mapping[str, str] = {}, made: Mapping[str, Any] = {}) -> Report:
    """A report of one claim a sentence; ``said`` gives what a sentence says where the claim is worded otherwise,
    ``made`` parts of its provenance.
    """
    text, sentences, outcomes = "", [], []
    for number, (claim, kind) in enumerate(claims, start=1):
        written = said.get(claim, claim)
        sentence = Sentence(id=f"s{number}", span=Span(start=len(text), end=len(text) + len(written)))
        text += f"{written}\n"
        sentences.append(sentence)
        outcomes.append(outcome(f"s{number}.1", claim, sentence, kind))
    base = BASE
    parts = tuple(sentences), tuple(outcomes), (), ()
    provenance = base.provenance.model_copy(
        update={
            "store": base.provenance.store.model_copy(update={"files": FILES}),
            "document_sha256": hashlib.sha256(text.encode()).hexdigest(),
            **made,
        }
    )
    return Report(
        document=base.document.model_copy(update={"text": text}),
        sentences=parts[0],
        outcomes=parts[1],
        exclusions=(),
        failures=(),
        warnings=(),
        totals=account(*parts),
        usage=base.usage,
        provenance=Provenance.model_validate(provenance.model_dump()),
    )


def outcome(name: str, text: str, sentence: Sentence, kind: Kind, quote: str = "the words of the reference") -> Outcome:
    found = passage(quote, "/home/anna/references/webb.md")
    claim = Claim(id=name, text=text, span=sentence.span, sentences=(sentence.id,), checkworthiness="high")
    if kind not in ("supported", "contradicted", "unverifiable"):
        failure = Failure.model_validate({"stage": "judge", "code": kind, "message": "no answer"})
        return Outcome(claim=claim, evidence=evidence(found), failure=failure)
    stances: dict[str, Any] = {"supported": "supports", "contradicted": "contradicts"}
    verdict = {
        "label": kind,
        "reason": None if kind in stances else "insufficient",
        "rationale": "",
        "citations": (cited(found, quote, stances[kind]),) if kind in stances else (),
    }
    return Outcome(claim=claim, evidence=evidence(found), verdict=Verdict.model_validate(verdict))


def store(**files: str | None) -> dict[str, Any]:
    """Provenance of references in which some files are others; None for one that is not there."""
    named = {name.replace("_", "."): sha for name, sha in files.items()}
    kept = {name: sha for name, sha in {**FILES, **named}.items() if sha is not None}
    fingerprint = BASE.provenance.store.model_copy(update={"files": kept, "digest": "e" * 64})
    return {"store": fingerprint}


def shown_other_words(old: Report) -> Report:
    """The same report, its judge shown another passage of the same file."""
    other = [
        outcome(
            o.claim.id,
            o.claim.text,
            next(s for s in old.sentences if s.id == o.claim.sentences[0]),
            o.verdict.label if o.verdict is not None else "timeout",
            quote="other words",
        )
        for o in old.outcomes
    ]
    return old.model_copy(update={"outcomes": tuple(other)})


def whys(old: Report, new: Report) -> list[list[tuple[str, str]]]:
    changes = compare_reports("a.md", old, new).changes
    return [[(cause.about, cause.message) for cause in change.why] for change in changes]


def test_a_report_does_not_differ_from_itself() -> None:
    for made in (sample_report(), rich_report()):
        same = compare_reports("a.md", made, made)
        assert (same.changed, same.worse, same.changes, same.made) == (False, False, (), ())
        assert same.claims.matched == same.claims.old == same.claims.new == len(made.outcomes)


def test_a_claim_is_found_again_where_its_id_has_moved() -> None:
    old = report((WEBB, "contradicted"), (INDIA, "supported"))
    new = report((BUDGET, "supported"), (WEBB, "contradicted"), (INDIA, "supported"))
    found = compare_reports("a.md", old, new)
    assert [(c.kind, c.new.text if c.new else "") for c in found.changes] == [("appeared", BUDGET)]
    assert [cause.about for cause in found.changes[0].why] == ["text"]
    assert not found.worse


def test_ids_that_are_the_same_do_not_make_claims_the_same() -> None:
    found = compare_reports("a.md", report((WEBB, "supported")), report((BUDGET, "contradicted")))
    assert [change.kind for change in found.changes] == ["appeared", "vanished"]
    assert found.worse


def test_a_claim_whose_document_was_corrected_is_the_same_claim_with_its_text_as_the_cause() -> None:
    old = report((WEBB, "contradicted"), (INDIA, "supported"))
    new = report((WEBB.replace("August", "July"), "supported"), (INDIA, "supported"))
    found = compare_reports("a.md", old, new)
    assert [(c.kind, c.worse, [cause.about for cause in c.why]) for c in found.changes] == [
        ("verdict", False, ["text"])
    ]


def test_a_claim_worded_differently_from_the_same_words_says_so() -> None:
    said = "It sent its first pictures in August 2022, at last."
    old = report(("Webb sent its first pictures in August 2022.", "contradicted"), said={})
    one = report(
        ("Webb sent its first pictures in August 2022.", "contradicted"), said={old.outcomes[0].claim.text: said}
    )
    two = report(
        ("The Webb telescope sent its first pictures in August 2022.", "supported"),
        said={"The Webb telescope sent its first pictures in August 2022.": said},
    )
    assert [[about for about, _ in why] for why in whys(one, two)] == [["wording"]]


@pytest.mark.parametrize(
    ("was", "now", "worse"),
    [
        ("supported", "contradicted", True),
        ("unverifiable", "contradicted", True),
        ("timeout", "contradicted", True),
        ("supported", "unverifiable", True),
        ("supported", "timeout", True),
        ("contradicted", "supported", False),
        ("contradicted", "unverifiable", False),
        ("contradicted", "timeout", False),
        ("unverifiable", "supported", False),
        ("timeout", "supported", False),
    ],
)
def test_worse_is_what_became_contradicted_or_lost_its_support(was: str, now: str, worse: bool) -> None:
    found = compare_reports("a.md", report((WEBB, was)), report((WEBB, now)))
    assert (found.changed, found.worse) == (True, worse)


def test_another_reason_for_no_verdict_is_listed_and_is_no_changed_verdict() -> None:
    old = report((WEBB, "unverifiable"))
    verdict = old.outcomes[0].verdict
    assert verdict is not None
    other = old.outcomes[0].model_copy(update={"verdict": verdict.model_copy(update={"reason": "ambiguous_claim"})})
    found = compare_reports("a.md", old, old.model_copy(update={"outcomes": (other,)}))
    assert ([change.kind for change in found.changes], found.changed, found.worse) == (["reason"], False, False)


def test_a_failure_is_named_as_the_cause() -> None:
    assert whys(report((WEBB, "supported")), report((WEBB, "timeout"))) == [
        [("failure", "the check failed now: timeout: no answer")]
    ]
    assert whys(report((WEBB, "timeout")), report((WEBB, "supported"))) == [
        [("failure", "the check failed before: timeout: no answer")]
    ]


def test_references_are_a_cause_where_the_judge_was_shown_other_words() -> None:
    old = report((WEBB, "contradicted"))
    new = shown_other_words(report((WEBB, "supported"), made=store(webb_md="c" * 64)))
    assert whys(old, new) == [[("references", "webb.md changed (cited before)")]]
    assert compare_reports("a.md", old, new).changes[0].why[0].files == ("webb.md",)


def test_references_are_no_cause_where_the_judge_was_shown_the_same_words() -> None:
    old = report((WEBB, "contradicted"))
    new = report((WEBB, "supported"), made=store(moon_md="c" * 64))
    assert whys(old, new) == [[("nothing", "nothing that is recorded: the same passages were judged differently")]]
    assert [cause.message for cause in compare_reports("a.md", old, new).made] == ["references: 1 file changed"]


def test_a_file_that_pushed_others_out_is_told_by_what_came_and_went() -> None:
    old = report((WEBB, "contradicted"))
    new = shown_other_words(report((WEBB, "unverifiable"), made=store(new_md="c" * 64, moon_md=None)))
    ((cause,),) = whys(old, new)
    assert cause == (
        "references",
        "references: 1 file added, 1 file removed; other passages of the same files were retrieved",
    )


@pytest.mark.parametrize(
    ("made", "about", "message"),
    [
        ({"model": "large-model"}, "model", "model small-model → large-model"),
        ({"model": None, "engine": "local"}, "engine", "engine llm → local"),
        ({"prompts": {"judge.system": "f" * 64}}, "prompts", "prompts: judge.system"),
        ({"parameters": {"temperature": 0, "weights": {"judge": "1"}}}, "parameters", 'weights none → {"judge": "1"}'),
        ({"parameters": {"temperature": 1}}, "parameters", "temperature 0 → 1"),
        ({"settings": {"passages": 9}}, "settings", "passages 6 → 9"),
        ({"factcheck": "0.2.0"}, "version", "factcheck 0.1.0 → 0.2.0"),
    ],
)
def test_what_decides_a_verdict_is_its_cause(made: dict[str, Any], about: str, message: str) -> None:
    old, new = report((WEBB, "supported")), report((WEBB, "contradicted"), made=made)
    ((*_, cause),) = [[c for c in why if c[0] == about] for why in whys(old, new)]
    assert cause == (about, message)


@pytest.mark.parametrize(
    "made",
    [
        {"prompts": {"judge.system": "a" * 64, "split.system": "f" * 64}},
        {"settings": {"passages": 6, "concurrency": 4, "max_cost": 1.0, "cache": False}},
        {"settings": {"passages": 6, "window": 3}},
        {"as_of": None},
        {"engine_reason": "asked for"},
    ],
)
def test_what_had_no_say_in_a_verdict_is_not_its_cause(made: dict[str, Any]) -> None:
    old, new = report((WEBB, "supported")), report((WEBB, "contradicted"), made=made)
    assert [[about for about, _ in why] for why in whys(old, new)] == [["nothing"]]


def test_a_splitting_prompt_is_a_cause_where_the_claim_is_worded_differently() -> None:
    prompts = {"prompts": {"judge.system": "a" * 64, "split.system": "f" * 64}}
    said = {WEBB: "It sent pictures.", WEBB + " Really.": "It sent pictures."}
    old, new = (
        report((WEBB, "supported"), said=said),
        report((WEBB + " Really.", "contradicted"), said=said, made=prompts),
    )
    assert whys(old, new) == [
        [
            ("wording", "the same words of the document were made into another claim"),
            ("prompts", "prompts: split.system"),
        ]
    ]


def test_a_claim_is_gone_because_its_sentence_was_left_out_or_could_not_be_split() -> None:
    old = report((WEBB, "supported"), (INDIA, "supported"))
    kept = old.outcomes[:1]
    aside = (Exclusion(sentence="s2", reason="opinion"),)
    lost = (Failure(stage="split", code="left_out", message="twice", sentences=("s2",)),)
    excluded = old.model_copy(update={"outcomes": kept, "exclusions": aside})
    failed = old.model_copy(update={"outcomes": kept, "failures": lost})
    assert whys(old, excluded)[0][0] == ("wording", "the sentence was left out now (opinion)")
    assert whys(old, failed) == [[("failure", "the sentence could not be split now: left_out")]]
    assert whys(failed, old) == [[("failure", "the sentence could not be split before: left_out")]]


def test_claims_that_occur_more_than_once_are_paired_one_by_one() -> None:
    old = report((WEBB, "supported"), (WEBB, "supported"), (WEBB, "contradicted"))
    new = report((WEBB, "supported"), (WEBB, "contradicted"))
    matching = match_claims(old, new)
    assert (len(matching.pairs), len(matching.vanished), len(matching.appeared)) == (2, 1, 0)


def test_a_document_that_is_no_longer_checked_loses_the_support_of_its_claims() -> None:
    supported, contradicted = report((WEBB, "supported")), report((WEBB, "contradicted"))
    assert one_sided("a.md", old=supported, was="report", now="error", trouble="error: unreadable").worse
    assert not one_sided("a.md", old=contradicted, was="report", now="error").worse
    assert not one_sided("a.md", old=supported, was="report", now="absent").worse
    assert one_sided("a.md", new=contradicted, was="absent", now="report").worse
    assert not one_sided("a.md", was="error", now="error").changed


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([WEBB, INDIA, BUDGET, WEBB + " Twice."]), max_size=6), st.randoms())
def test_every_claim_is_paired_once_or_told_as_new_or_gone(texts: list[str], random: Any) -> None:
    shuffled = [*random.sample(texts, random.randint(0, len(texts))), BUDGET]
    old, new = (report(*((text, "supported") for text in these)) for these in (texts, shuffled))
    matching = match_claims(old, new)
    lefts = [one.claim.id for one, _ in matching.pairs] + [one.claim.id for one in matching.vanished]
    rights = [two.claim.id for _, two in matching.pairs] + [two.claim.id for two in matching.appeared]
    assert sorted(lefts) == sorted(o.claim.id for o in old.outcomes)
    assert sorted(rights) == sorted(o.claim.id for o in new.outcomes)
    same = sum(min(texts.count(text), shuffled.count(text)) for text in set(texts))
    assert len(matching.pairs) >= same


def test_the_words_of_documents_are_never_markup() -> None:
    def spell(text: str) -> str:
        return f"<img src=x> **{text}** [a](http://b.c) \x1b[31m"

    old, new = rich_report(), rich_report(spell)
    told = Difference(old="a\x1b", new="b", documents=(compare_reports("*a*.md", old, new),))
    written = to_markdown(told)
    assert re.search(r"(?<!\\)<img", written) is None
    assert "\x1b" not in written
    assert re.search(r"(?<!\\)\]\(", written) is None
    assert any("img" in line.text for line in lines_of(told))
