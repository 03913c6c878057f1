"""How good and how fast the local judge and the signals are, on public data sets: nice python bench/local_engine.py.

Prints, for each set, how often "supported" and "contradicted" are right, how many claims get a label at all, and the
false-supported rate (of claims that are not supported, the share called supported), with n and 95 % Wilson intervals,
beside two baselines; then contrast cases made here, the false-alarm rate of the signals, and the speed.
Without the data folder it measures the contrast cases and the speed only.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factcheck.language.words import content, words
from factcheck.models import Claim, Evidence, Passage, Span
from factcheck.protocols import Judgement
from factcheck.verdict.local import LocalJudge
from factcheck.verdict.signals import compare

SEED = 20251021


@dataclass(frozen=True)
class Sample:
    """One claim with its gold evidence; ``label`` may be ``not_supported`` where the set knows no more."""

    claim: str
    language: str
    evidence: tuple[tuple[str, str], ...]  # (title, text)
    label: str


def samples(path: Path, language: str | None = None, limit: int | None = None) -> list[Sample]:
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    kept = [row for row in rows if language is None or row["lang"] == language]
    if limit is not None and len(kept) > limit:
        kept = random.Random(SEED).sample(kept, limit)
    return [
        Sample(
            row["claim"],
            row["lang"],
            tuple((item["title"], item["text"]) for item in row["evidence"]),
            row["label"],
        )
        for row in kept
    ]


def claim_of(text: str) -> Claim:
    span = Span(start=0, end=len(text))
    return Claim(id="s1.1", text=text, span=span, sentences=("s1",), checkworthiness="high")


def evidence_of(sample: Sample) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            passage=Passage(
                id=f"p{number}",
                source=f"{number}.txt",
                title=title,
                language=sample.language,
                published=None,
                text=text,
                span=Span(start=0, end=len(text)),
            ),
            score=1.0,
            ranks={"given": number},
        )
        for number, (title, text) in enumerate(sample.evidence, 1)
        if text
    )


def judged(set_of_samples: Sequence[Sample]) -> list[Judgement]:
    async def all_of_them() -> list[Judgement]:
        judge = LocalJudge()
        return [await judge.judge(claim_of(s.claim), evidence_of(s)) for s in set_of_samples]

    return asyncio.run(all_of_them())


def overlap_label(sample: Sample) -> str:
    """The baseline: supported where four fifths of the claim's words stand in the evidence."""
    mine = {word.key for word in content(words(sample.claim, sample.language), sample.language)}
    theirs = {word.key for _, text in sample.evidence for word in words(text, sample.language)}
    return "supported" if mine and len(mine & theirs) / len(mine) >= 0.8 else "unverifiable"


def interval(hits: int, n: int) -> str:
    """Share and 95 % Wilson interval, in per cent."""
    if not n:
        return "   –    (n=0)"
    z, p = 1.96, hits / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low, high = max(0.0, 100 * (middle - half)), min(100.0, 100 * (middle + half))
    return f"{100 * p:5.1f} % [{low:.1f}, {high:.1f}] (n={n})"


def report(name: str, gold: Sequence[str], said: Sequence[str]) -> None:
    pairs = list(zip(gold, said, strict=True))
    print(f"  {name}")
    for label in ("supported", "contradicted"):
        right = [g == label for g, s in pairs if s == label]
        if label == "contradicted" and "not_supported" in gold:
            right = [g != "supported" for g, s in pairs if s == label]
        print(f"    precision of {label:<13}{interval(sum(right), len(right))}")
    decided = sum(s != "unverifiable" for _, s in pairs)
    print(f"    labelled at all           {interval(decided, len(pairs))}")
    wrong = [s == "supported" for g, s in pairs if g != "supported"]
    print(f"    false supported           {interval(sum(wrong), len(wrong))}")


def measure(name: str, set_of_samples: Sequence[Sample], show: int) -> None:
    gold = [sample.label for sample in set_of_samples]
    print(f"\n{name}: n={len(gold)} {dict(Counter(gold))}")
    said = judged(set_of_samples)
    report("local judge", gold, [judgement.label for judgement in said])
    report("word overlap ≥ 80 %", gold, [overlap_label(sample) for sample in set_of_samples])
    majority = Counter(gold).most_common(1)[0]
    print(f"  majority ({majority[0]}): accuracy {100 * majority[1] / len(gold):.1f} %")
    for sample, judgement in zip(set_of_samples, said, strict=True):
        if show and judgement.label != "unverifiable" and judgement.label != sample.label:
            show -= 1
            quote = judgement.quotes[0].text if judgement.quotes else ""
            print(f"    ! {sample.label} called {judgement.label}: {sample.claim} || {quote} || {judgement.rationale}")


# --- contrast cases -------------------------------------------------------------------------------------------------

FACTS = {
    "en": [
        ("Finland joined NATO on 4 April 2023.", "NATO", "the Nordic Council"),
        ("The bridge in Halberg is 312 metres long.", "Halberg", "Torvik"),
        ("Unemployment in Norland fell to 4.1 percent in March 2022.", "Norland", "Sudland"),
        ("The company Veltrix sold 1.2 million cars in 2021.", "Veltrix", "Ostara"),
        ("Maria Lindgren was elected mayor of Arvika in 2019.", "Maria Lindgren", "Karin Holm"),
        ("The treaty of Lugrin was signed by 43 states in 1987.", "Lugrin", "Evian"),
        ("The museum in Dornach attracted 250,000 visitors in 2018.", "Dornach", "Basel"),
        ("The volcano Mount Kerem erupted on 12 June 1991.", "Kerem", "Tolan"),
        ("The parliament in Solvia approved the budget by 212 votes.", "Solvia", "Kastria"),
        ("Teldo acquired the startup Bright Loom for 300 million dollars.", "Bright Loom", "Dark Spindle"),
        ("The river Ossa flows through 3 countries.", "Ossa", "Vrana"),
        ("Exports of Kaland rose by 7 percent in 2020.", "Kaland", "Morland"),
    ],
    "de": [
        ("Finnland trat am 4. April 2023 der Nato bei.", "Finnland", "Österreich"),
        ("Die Brücke in Halberg ist 312 Meter lang.", "Halberg", "Torvik"),
        ("Die Arbeitslosenquote in Nordland sank im März 2022 auf 4,1 Prozent.", "Nordland", "Südland"),
        ("Das Unternehmen Veltrix verkaufte 2021 rund 1,2 Millionen Autos.", "Veltrix", "Ostara"),
        ("Maria Lindgren wurde 2019 zur Bürgermeisterin von Arvika gewählt.", "Maria Lindgren", "Karin Holm"),
        ("Der Vertrag von Lugrin wurde 1987 von 43 Staaten unterzeichnet.", "Lugrin", "Evian"),
        ("Das Museum in Dornach zählte 2018 genau 250.000 Besucher.", "Dornach", "Basel"),
        ("Der Vulkan Kerem brach am 12. Juni 1991 aus.", "Kerem", "Tolan"),
        ("Das Parlament von Solvia billigte den Haushalt mit 212 Stimmen.", "Solvia", "Kastria"),
        ("Teldo kaufte das Startup Lichtweber für 300 Millionen Dollar.", "Lichtweber", "Dunkelspinner"),
        ("Der Fluss Ossa fließt durch 3 Länder.", "Ossa", "Vrana"),
        ("Die Ausfuhren von Kaland stiegen 2020 um 7 Prozent.", "Kaland", "Morland"),
    ],
}
_NEGATED = {
    "en": (
        (r"\b(was|is) ", r"\1 not "),
        (r"\b(joined|sold|attracted|erupted|approved|acquired|fell|rose|flows)\b", r"never \1"),
    ),
    "de": (
        (r"\b(wurde|ist) ", r"\1 nicht "),
        (r"\b(trat|verkaufte|zählte|brach|billigte|kaufte|fließt|sank|stiegen)\b (.*?)\.$", r"\1 nicht \2."),
    ),
}


def contrasts(language: str) -> Iterator[tuple[str, str, str]]:
    """(kind, changed claim, true sentence): each says something its sentence does not."""
    for sentence, name, other in FACTS[language]:
        number = re.search(r"\d[\d.,]*(?=\s(?!April|June|Juni|\d))", sentence)
        if number is not None and not re.fullmatch(r"(?:19|20)\d\d", number.group()):
            changed = re.sub(r"\d", lambda m: str((int(m.group()) % 8) + 1), number.group())
            yield "number", sentence.replace(number.group(), changed, 1), sentence
        year = re.search(r"\b(?:19|20)\d\d\b", sentence)
        if year is not None:
            yield "date", sentence.replace(year.group(), str(int(year.group()) - 3), 1), sentence
        yield "entity", sentence.replace(name, other, 1), sentence
        for pattern, by in _NEGATED[language]:
            negated = re.sub(pattern, by, sentence, count=1)
            if negated != sentence:
                yield "negation", negated, sentence
                break


def measure_contrasts() -> None:
    for language in FACTS:
        cases = list(contrasts(language))
        said = judged([Sample(claim, language, (("", true),), "contradicted") for _, claim, true in cases])
        verbatim = judged([Sample(true, language, (("", true),), "supported") for true, _, _ in FACTS[language]])
        print(f"\ncontrast cases ({language})")
        print(f"    not called supported      {interval(sum(j.label != 'supported' for j in said), len(said))}")
        print(f"    called contradicted       {interval(sum(j.label == 'contradicted' for j in said), len(said))}")
        for kind in ("number", "date", "entity", "negation"):
            labels = [j.label for (k, _, _), j in zip(cases, said, strict=True) if k == kind]
            print(f"      {kind:<9}{dict(Counter(labels))}")
        right = sum(j.label == "supported" for j in verbatim)
        print(f"    the unchanged sentence called supported {interval(right, len(verbatim))}")
        noticed = [bool(compare(claim, language, true, language)) for kind, claim, true in cases if kind != "entity"]
        print(f"    signals notice number, date, negation   {interval(sum(noticed), len(noticed))}")


def measure_signals(name: str, set_of_samples: Sequence[Sample], show: int) -> None:
    """On supported pairs of a claim and one short quote every notice is a false alarm."""
    pairs = [
        (s.claim, s.evidence[0][1], s.language)
        for s in set_of_samples
        if s.label == "supported" and len(s.evidence) == 1 and len(s.evidence[0][1]) < 400
    ]
    alarms: Counter[str] = Counter()
    rung = 0
    for claim, quote, language in pairs:
        notices = compare(claim, language, quote, language)
        alarms.update({notice.code for notice in notices})
        rung += bool(notices)
        if notices and show:
            show -= 1
            print(f"    ! {[(n.code, n.message) for n in notices]} {claim} || {quote}")
    print(f"  signals on supported pairs of {name}: false alarms {interval(rung, len(pairs))} {dict(alarms)}")


def measure_speed() -> None:
    """Twenty claims with six passages each, no sentence twice, once the tables are loaded."""

    def numbered(number: int) -> Sample:
        facts = [sentence for sentence, _, _ in FACTS["en"]]
        texts = [
            " ".join(fact.replace(" in ", f" in Ward{number}x{part}q ", 1) for fact in facts[:6]) for part in range(6)
        ]
        return Sample(facts[number % len(facts)], "en", tuple(("", text) for text in texts), "")

    judged([numbered(20)])
    started = time.process_time()
    judged([numbered(number) for number in range(20)])
    print(f"\n20 claims × 6 passages of 6 sentences: {time.process_time() - started:.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with the data sets")
    parser.add_argument("--limit", type=int, default=1000, help="samples of one set at most")
    parser.add_argument("--show", type=int, default=0, help="wrong answers to print for each set")
    arguments = parser.parse_args()
    measure_contrasts()
    measure_speed()
    if arguments.data is None:
        return
    for name, language in (
        ("scifact/dev.jsonl.gz", None),
        ("fever/train.jsonl.gz", None),
        ("fever-symmetric/dev.jsonl.gz", None),
        ("factcheck-bench/pairs.jsonl.gz", None),
        ("nc/xnli/dev.jsonl.gz", "de"),
        ("unstated/rte3/dev.binary.jsonl.gz", "de"),
    ):
        path = arguments.data / name
        if not path.is_file():
            print(f"\n{name}: not there, skipped")
            continue
        chosen = samples(path, language, arguments.limit)
        measure(f"{name} {language or ''}", chosen, arguments.show)
        measure_signals(name, chosen, arguments.show)


if __name__ == "__main__":
    main()
