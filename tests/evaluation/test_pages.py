"""What people read of results: the page asks nothing of any network, text in it is text, and the worst stands first."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console
from typer.testing import CliRunner

from eval.cli import app
from eval.compare import compare
from eval.comparison import Comparison
from eval.metrics import MEANINGS
from eval.page import words
from eval.page.html import html
from eval.page.markdown import markdown
from eval.page.terminal import print_comparison
from eval.records import (
    Bin,
    CurvePoint,
    DatasetInfo,
    EvalProvenance,
    Gold,
    Metric,
    Result,
    SampleResult,
    Score,
    System,
    Table,
    TaskName,
)
from eval.results import write
from factcheck.models import Failure, Label

HOSTILE = (
    "</td></style><script>alert(1)</script><img src=x onerror=alert(1)> \"'> {{ 7*7 }} {% raw %} $x^2$ &lt;b&gt; "
    "| a | b |\n| --- | --- |\n# head `code` ``` **bold** [x](javascript:alert(1)) <!-- "
    "@everyone #12 GH-3 www.example.org </details>\x1b[31m\u202e\u0000 ]]> \ud83d\ude00 小 ع"
)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def sample(name: str, gold: Gold, label: Label, **changes: Any) -> SampleResult:
    fields = {"dataset": "own", "about": "ferry", "language": "en", "input": f"Claim {name}.", "said": "“Quote.” a.md"}
    return SampleResult(id=name, gold=gold, label=label, **{**fields, **changes})


def failed(name: str, **changes: Any) -> SampleResult:
    failure = Failure(stage="judge", code="timeout", message=changes.pop("message", "no answer within 60 s"))
    return SampleResult(
        id=name, dataset="own", about="ferry", language="en", gold="supported", failure=failure, **changes
    )


def metric(name: str, value: float | None, **changes: Any) -> Metric:
    fields: dict[str, Any] = {"low": 0.05, "high": 0.5, "n": 120, "documents": 14}
    return Metric(name=name, value=value, **{**fields, **changes})


def tables(scope: str = "all", systems: Sequence[System] = ("engine", "majority")) -> tuple[Table, ...]:
    counts = {
        "supported": {"supported": 41, "unverifiable": 9},
        "contradicted": {"supported": 7, "contradicted": 33},
        "unverifiable": {"unverifiable": 30},
    }
    numbers = (metric("macro_f1", 0.731), metric("false_supported", 0.125, better="lower"))
    return tuple(Table(scope=scope, system=system, metrics=numbers, confusion=counts) for system in systems)


def result(samples: Sequence[SampleResult] | None = None, *, task: TaskName = "verdict", **changes: Any) -> Result:
    if samples is None:
        samples = (
            sample("own/right", "supported", "supported", confidence=0.9),
            sample("own/false", "contradicted", "supported"),
            sample("own/wrong", "supported", "unverifiable"),
            failed("own/late"),
        )
    fields: dict[str, Any] = {
        "datasets": (
            DatasetInfo(
                name="own", tier="own", licence="CC0-1.0", scheme="three", digest="ab" * 32, samples=len(samples)
            ),
        ),
        "tables": (*tables(), *tables("language:de"), *tables("kind:number:de")),
        "curve": (
            CurvePoint(confidence=0, coverage=1, accuracy=0.7),
            CurvePoint(confidence=0.9, coverage=0.4, accuracy=1),
        ),
        "calibration": (Bin(low=0.8, high=0.9, n=12, confidence=0.85, accuracy=0.75),),
        "seconds": 12.3,
        "cost_usd": 0.0,
        "conclusion": "12.5 % of what the references do not bear out was called supported.",
        "provenance": provenance(),
    }
    return Result(task=task, samples=tuple(samples), **{**fields, **changes})


def provenance(**changes: Any) -> EvalProvenance:
    fields: dict[str, Any] = {
        "factcheck": "0.1.0",
        "commit": "abc123+",
        "command": "python -m eval run verdict --out result.json",
        "engine": "local",
        "model": None,
        "answered_by": "the local engine",
        "parameters": {},
        "prompts": {},
        "settings": {"passages": 5},
        "seed": 20251021,
        "created": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
    }
    return EvalProvenance(**{**fields, **changes})


def spoken_by_strangers(text: str) -> Result:
    """A result in which every text that is not ours is ``text``."""
    samples = [
        sample(f"{text} 1", "supported", "supported", input=text, said=text, kind=text),
        sample(f"{text} 2", "unverifiable", "supported", input=text, said=text, kind=text),
        failed(f"{text} 3", message=text, input=text),
    ]
    samples = [each.model_copy(update={"dataset": text}) for each in samples]
    return result(
        samples,
        datasets=(
            DatasetInfo(name=text, tier="user", licence=text, scheme="three", digest=text, samples=3, part=text),
        ),
        tables=(*tables(), *tables(f"dataset:{text}")),
        conclusion=text,
        provenance=provenance(
            command=text, model=text, answered_by=text, commit=text, settings={text: text}, parameters={text: text}
        ),
    )


@lru_cache(maxsize=1)
def usual_page() -> str:
    return html([result()])


class Page(HTMLParser):
    """The page as a browser takes it apart."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self._within: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._within.append("")

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self._within[-1:]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def test_the_page_begins_with_the_conclusion_and_the_false_supported_rate() -> None:
    text = Page(usual_page()).text
    order = [
        "12.5 % of what the references",
        "12.5 %",
        "false-supported rate",
        "1 sample failed",
        "macro-F1",
        "own/false",
    ]
    places: list[int] = []
    for wanted in order:
        places.append(text.index(wanted, places[-1] + 1 if places else 0))
    assert places == sorted(places)


def test_everything_the_page_needs_is_in_it() -> None:
    page = Page(usual_page())
    assert {name for _, name, _ in page.attributes}.isdisjoint(
        {"style", "src", "srcset", "action", "onclick", "onload"}
    )
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "iframe", "object", "embed", "form", "img", "base"}
    )
    links = [value for _, name, value in page.attributes if name in ("href", "xlink:href")]
    assert links
    assert [link for link in links if not link.startswith("#")] == []
    assert re.findall(r"url\((?!#)", usual_page()) == []


def test_the_policy_allows_the_one_style_sheet_and_nothing_else() -> None:
    source = usual_page()
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = next(
        value for tag, name, value in Page(source).attributes if (tag, name) == ("meta", "content") and "src" in value
    )
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert source.count("<style") == 1


def test_what_strangers_wrote_never_becomes_part_of_the_page() -> None:
    harmless, hostile = (Page(html([spoken_by_strangers(text)])) for text in ("quiet", HOSTILE))
    assert hostile.tags == harmless.tags
    assert "<script>alert(1)</script>" in hostile.text
    assert "\x1b" not in hostile.text
    assert "\u202e" not in hostile.text


def test_what_strangers_wrote_never_becomes_markdown() -> None:
    def shape(text: str) -> list[str]:
        return [
            kind
            for token in PARSER.parse(markdown([spoken_by_strangers(text)]))
            for kind in (token.type, *(child.type for child in token.children or []))
            if kind != "text_special"
        ]

    def spoken(text: str) -> list[str]:
        return [
            kind
            for kind, following in zip(shape(text), [*shape(text)[1:], ""], strict=True)
            if (kind, following) != ("text", "text")
        ]

    assert spoken(HOSTILE) == spoken("quiet")
    outside_code = re.sub(r"(`+).*?\1", "", markdown([spoken_by_strangers(HOSTILE)]))
    for live in ("@everyone", "#12", "GH-3", "www.example", "<script>", "\x1b"):
        assert live not in outside_code


def test_the_same_result_makes_the_same_page() -> None:
    assert html([result()]) == usual_page()


def test_a_page_does_not_depend_on_how_the_user_likes_plots_drawn(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("svg.fonttype: path\nfont.size: 30\naxes.grid: True\nlines.linewidth: 9\n")
    script = "import sys; from tests.evaluation.test_pages import usual_page; sys.stdout.write(usual_page())"
    drawn = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "MATPLOTLIBRC": str(tmp_path), "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    assert drawn.stdout == usual_page()


def test_every_plot_says_what_it_shows_to_those_who_do_not_see_it() -> None:
    source = usual_page()
    plots = re.findall(r'<svg class="plot".*?</svg>', source, re.DOTALL)
    assert (
        len(plots) == 9
    )  # two matrices of all, one of a language, intervals of two metrics and their keys, two curves
    for plot in plots:
        assert re.search(r'role="img" aria-labelledby="(\S+-title) (\S+-told)"', plot)
        assert re.search(r"<title id=\"\S+\">[^<]+</title>", plot)
        assert re.search(r"<desc id=\"\S+\">[^<]+</desc>", plot)
    assert "gold contradicted: 7 said supported, 33 said contradicted, 0 said unverifiable" in source


def test_ids_are_given_once_and_every_reference_finds_its_own() -> None:
    page = Page(html([result(), result()]))
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value.strip("#") for _, name, value in page.attributes if name == "href"}
    wanted |= {value[5:-1] for _, name, value in page.attributes if name == "clip-path"}
    wanted |= {part for _, name, value in page.attributes if name == "aria-labelledby" for part in value.split()}
    assert wanted <= set(ids)


def test_plots_have_only_colours_that_follow_the_theme() -> None:
    plots = "".join(re.findall(r'<svg class="plot".*?</svg>', usual_page(), re.DOTALL))
    assert {value for value in re.findall(r'(?:fill|stroke)="([^"]+)"', plots) if not value.startswith("var(--")} == {
        "none"
    }


def test_every_table_has_headers() -> None:
    for table in re.findall(r"<table.*?</table>", usual_page(), re.DOTALL):
        columns = re.findall(r'<th [^>]*scope="col"', table)
        assert columns
        for row in re.findall(r"<tr.*?</tr>", table.partition("<tbody")[2], re.DOTALL):
            assert len(re.findall(r"<t[dh]\b", row)) == len(columns)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _themes() -> Iterator[dict[str, str]]:
    style = re.search(r"<style>(.*?)</style>", usual_page(), re.DOTALL)
    assert style is not None
    for block in re.findall(r":root \{(.*?)\}", style[1], re.DOTALL):
        yield dict(re.findall(r"--([\w-]+): (#\w{6})", block))


def test_text_stands_out_from_its_ground_in_every_theme() -> None:
    themes = list(_themes())
    assert len(themes) == 3  # light, dark, paper
    for theme in themes:
        for ground in ("page", "card", "bad-tint", "good-tint", "note-tint"):
            for text in ("ink", "muted", "engine", "second", "third", "bad", "good"):
                assert _contrast(theme[text], theme[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("render", [html, markdown])
def test_failures_are_listed_with_their_reason_and_summed(render: Callable[[Sequence[Result]], str]) -> None:
    page = render(
        [result([sample("own/a", "supported", "supported"), failed("own/b"), failed("own/c", message="late too")])]
    )
    assert "2 samples failed: 2 × timeout." in page
    for told in ("own/b", "no answer within 60 s", "own/c", "late too"):
        assert told in page


def _thousands() -> Result:
    samples = [
        sample(f"own/{n}", "contradicted", "supported", input="A claim of some length. " * 9) for n in range(300)
    ]
    samples += [sample(f"own/{n}", "supported", "contradicted") for n in range(300, 700)]
    samples += [sample(f"own/{n}", "supported", "supported", input="Word " * 100) for n in range(700, 4000)]
    return result(samples)


def test_of_thousands_of_samples_every_false_supported_one_is_shown_and_of_the_others_some() -> None:
    page = html([_thousands()])
    assert [n for n in range(300) if f"own/{n}<" not in page] == []
    assert "own/349<" in page
    assert "own/350<" not in page
    assert "350 more stand in the result file." in page
    assert "3,250 more stand in the result file." in page
    assert len(page.encode()) < 1_000_000


def test_markdown_of_thousands_of_samples_fits_into_a_comment() -> None:
    page = markdown([_thousands()])
    assert "Falsely called supported: 300" in page
    assert "260 more stand in the result file." in page
    assert len(page) < 65_536


def test_a_task_without_labels_shows_its_lowest_scores_first() -> None:
    def scored(name: str, recall: float, invented: float) -> SampleResult:
        scores = {"recall@5": Score(hits=recall), "invented": Score(hits=invented)}
        return SampleResult(id=name, dataset="own", about="a", language="de", input=name, scores=scores)

    numbers = (metric("recall@5", 0.7), metric("invented", 0.1, better="lower"))
    made = result(
        [scored("own/best", 1, 0), scored("own/worst", 0, 1), scored("own/middling", 1, 1)],
        task="retrieve",
        tables=(Table(scope="all", metrics=numbers),),
        curve=(),
        calibration=(),
    )
    for page in (html([made]), markdown([made])):
        places = [page.index(name) for name in ("own/worst", "own/middling", "own/best")]
        assert places == sorted(places)
        assert "recall@5 0/1, invented 1/1" in page.replace("\u2060", "")


def test_a_number_that_counts_nothing_is_a_dash_and_is_not_drawn() -> None:
    empty = Table(scope="all", metrics=(metric("macro_f1", None, low=None, high=None, n=0, documents=0),))
    made = result([failed("own/a")], tables=(empty,), curve=(), calibration=())
    assert "<svg" not in html([made])
    assert "| macro-F1 | – | 0 | 0 |" in markdown([made])


def test_a_page_names_who_answered_and_the_command_that_makes_it_again() -> None:
    made = result(provenance=provenance(answered_by="answers written by hand: N. N.", engine="llm", model="none"))
    for page in (html([made]), markdown([made])):
        assert "Answers by answers written by hand: N. N." in page
        assert "python -m eval run verdict --out result.json" in page
        assert "20251021" in page
        assert "ab" * 32 in page


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0.0, "0.0"), (0.0123, "+1.2"), (-0.004, "−0.4"), (-0.0004, "0.0"), (1.0, "+100.0")],
)
def test_differences_are_percentage_points_with_a_sign(value: float | None, shown: str) -> None:
    assert words.points(value) == shown


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("false_supported", "false-supported rate"),
        ("recall@5[dense]", "recall@5, dense"),
        ("precision[not_supported]", "precision, not supported"),
        ("never_heard_of", "never heard of"),
    ],
)
def test_metrics_are_named_in_words(name: str, title: str) -> None:
    assert words.metric_title(name) == title


# --- comparisons


def answers(labels: Sequence[tuple[Gold, Label | None]], text: str = "quiet") -> Result:
    """A result of so many samples, two to a document; None failed."""
    samples = [
        failed(f"{text} {n}", message=text, input=text)
        if label is None
        else sample(f"{text} {n}", gold, label, about=f"d{n // 2}", input=text, said=f"{text} {label}", kind=text)
        for n, (gold, label) in enumerate(labels)
    ]
    return result(samples, provenance=provenance(answered_by=text))


BEFORE: list[tuple[Gold, Label | None]] = [("contradicted", "contradicted"), ("supported", "supported")] * 20
AFTER: list[tuple[Gold, Label | None]] = [("contradicted", "supported"), ("supported", "unverifiable"), *BEFORE[2:]]
WORSE: list[tuple[Gold, Label | None]] = [("contradicted", "supported"), ("supported", "supported")] * 20


def comparison(before: Sequence[tuple[Gold, Label | None]], after: Sequence[tuple[Gold, Label | None]]) -> Comparison:
    return compare(answers(before), answers(after))


def printed(compared: Comparison) -> str:
    console = Console(width=200, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    with console.file:
        print_comparison(compared, console)
        return console.export_text()


def pages(compared: Comparison) -> dict[str, str]:
    """What each form says, as plain text."""
    return {
        "html": Page(html([], compared)).text,
        "markdown": re.sub(r"\\(.)", r"\1", markdown([], compared)).replace("\u2060", ""),
        "terminal": re.sub(r"\s+", " ", printed(compared)),
    }


@pytest.mark.parametrize(
    ("after", "first"),
    [
        (BEFORE, "✔ No regression in the task verdict, 40 samples paired"),
        (WORSE, "✘ Regression in the task verdict, 40 samples paired"),
        (BEFORE[:-1], "! Incomplete, neither a conclusion nor a pass, in the task verdict, 39 samples paired"),
    ],
)
def test_every_form_begins_with_the_same_verdict_and_conclusion(
    after: list[tuple[Gold, Label | None]], first: str
) -> None:
    compared = comparison(BEFORE, after)
    for form, page in pages(compared).items():
        page = re.sub(r"Task verdict: a result against its baseline|## |\*", "", page)
        assert " ".join(page.split()).startswith(f"{first} {compared.conclusion}"), form


def test_every_form_tells_the_flips_the_worst_first() -> None:
    for form, page in pages(comparison(BEFORE, AFTER)).items():
        assert "2 samples came out otherwise: 2 worse" in page, form
        order = r"✘ contradicted.*✔ supported.*✔ supported.*\? unverifiable"
        assert re.search(order, page[page.index("otherwise") :], re.DOTALL), form


def test_every_form_says_what_so_few_samples_could_have_shown() -> None:
    for form, page in pages(comparison(BEFORE, BEFORE)).items():
        assert "0 lost, 0 gained, exact McNemar p = 1.000" in page, form
        assert re.search(r"a loss of \d+\.\d points would have been shown with 80 % power", page), form
        assert "no difference shown" in page, form


def test_a_difference_comes_with_its_interval_p_and_n() -> None:
    for form, page in pages(comparison(BEFORE, WORSE)).items():
        assert "0.0 % → 100.0 %" in page, form
        assert "+100.0" in page, form
        assert "p < 0.001" in page, form


def test_samples_that_could_not_be_compared_are_told_with_their_ids() -> None:
    after = [*BEFORE[:5], ("supported", None), *BEFORE[6:-1]]
    compared = comparison(BEFORE, after)
    for form, page in pages(compared).items():
        assert "1 sample missing from the result: not compared" in page, form
        assert "1 sample failed in the result: not compared" in page, form
        assert "quiet 39" in page, form
        assert "quiet 5" in page, form


def test_all_of_a_thousand_flips_are_on_the_page() -> None:
    before: list[tuple[Gold, Label | None]] = [("contradicted", "contradicted")] * 1000
    after: list[tuple[Gold, Label | None]] = [("contradicted", "supported")] * 1000
    compared = comparison(before, after)
    page = html([], compared)
    assert [n for n in range(1000) if f">quiet {n}, quiet<" not in page] == []
    assert len(page.encode()) < 1_000_000
    assert "960 more stand in the HTML page." in markdown([], compared)
    assert len(markdown([answers(after)], compared)) < 65_536


def test_what_strangers_wrote_stays_text_in_a_comparison() -> None:
    harmless, hostile = (
        (Page(html([answers(AFTER, text)], compare(answers(BEFORE, text), answers(AFTER, text)))), text)
        for text in ("quiet", HOSTILE)
    )
    assert hostile[0].tags == harmless[0].tags
    told = printed(compare(answers(BEFORE, HOSTILE), answers(AFTER, HOSTILE)))
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert "<script>alert(1)</script>" in told


def test_forests_show_losses_and_gains_in_their_colours() -> None:
    loss = re.findall(r'<svg class="plot".*?</svg>', html([], comparison(BEFORE, WORSE)), re.DOTALL)[0]
    gain = re.findall(r'<svg class="plot".*?</svg>', html([], comparison(WORSE, BEFORE)), re.DOTALL)[0]
    assert "var(--bad)" in loss
    assert "var(--good)" not in loss
    assert "var(--good)" in gain
    assert "var(--bad)" not in gain


# --- the commands


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name, labels in (("before", BEFORE), ("after", AFTER), ("worse", WORSE), ("short", BEFORE[:-1])):
        write(tmp_path / f"{name}.json", answers(labels))
    write(tmp_path / "retrieve.json", answers(BEFORE).model_copy(update={"task": "retrieve"}))
    return tmp_path


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(("after", "code"), [("before", 0), ("worse", 1), ("short", 3)])
def test_compare_exits_by_its_verdict(files: Path, after: str, code: int) -> None:
    assert run("compare", f"{files}/before.json", f"{files}/{after}.json")[0] == code


def test_compare_writes_what_it_says(files: Path) -> None:
    page, note = files / "page.html", files / "note.md"
    code, said, _ = run(
        "compare", f"{files}/before.json", f"{files}/after.json", "--html", str(page), "--markdown", str(note)
    )
    compared = comparison(BEFORE, AFTER)
    assert code == compared.exit_code
    assert said.startswith(compared.conclusion[:10]) or compared.conclusion[:40] in said
    assert page.read_text(encoding="utf-8") == html([answers(AFTER)], compared)
    assert note.read_text(encoding="utf-8") == markdown([answers(AFTER)], compared)


def test_compare_takes_other_thresholds(files: Path) -> None:
    loose = ("--p", "0.001", "--macro-f1-drop", "0.5", "--false-supported-rise", "0.5")
    assert run("compare", f"{files}/before.json", f"{files}/after.json")[0] == 1
    assert run("compare", f"{files}/before.json", f"{files}/after.json", *loose)[0] == 0


@pytest.mark.parametrize(
    ("words_given", "message"),
    [
        (["compare", "before.json", "none.json"], "none.json: cannot be read as a result"),
        (["compare", "before.json", "retrieve.json"], "the baseline is of the task verdict, the result of retrieve"),
        (["compare", "before.json", "after.json", "--macro-f1-drop", "7"], "--macro-f1-drop: input should be less"),
        (["report", "before.json"], "nothing to write: give --html FILE or --markdown FILE"),
        (["report", "before.json", "--html", "before.json"], "this is the file to be read"),
        (
            ["report", "before.json", "after.json", "--baseline", "worse.json", "--html", "-"],
            "give one result of that task",
        ),
        (
            ["report", "before.json", "--baseline", "retrieve.json", "--html", "-"],
            "give one result of that task, not 0",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    files: Path, monkeypatch: pytest.MonkeyPatch, words_given: list[str], message: str
) -> None:
    monkeypatch.chdir(files)
    code, said, trouble = run(*words_given)
    assert (code, said) == (2, "")
    assert message in trouble
    assert trouble.count("\n") == 1


def test_report_shows_several_results_and_a_baseline(files: Path) -> None:
    page = files / "page.html"
    code, _, _ = run(
        "report",
        f"{files}/after.json",
        f"{files}/retrieve.json",
        "--baseline",
        f"{files}/before.json",
        "--html",
        str(page),
    )
    assert code == 0
    assert page.read_text(encoding="utf-8") == html(
        [answers(AFTER), answers(BEFORE).model_copy(update={"task": "retrieve"})], comparison(BEFORE, AFTER)
    )


def test_a_report_goes_to_stdout_where_asked(files: Path) -> None:
    assert run("report", f"{files}/after.json", "--markdown", "-") == (0, markdown([answers(AFTER)]), "")


# --- the README


def test_the_readme_says_what_every_metric_means_and_which_way_it_is_better() -> None:
    readme = (Path(__file__).resolve().parents[2] / "eval" / "README.md").read_text(encoding="utf-8")
    explained = {
        name: "↓" in first
        for first in re.findall(r"^\| (`[^|]+) \|", readme.partition("### What each metric means")[2], re.MULTILINE)
        for name in re.findall(r"`(\w+)`", first)
    }
    assert explained == {name: meaning.better == "lower" for name, meaning in MEANINGS.items()}
