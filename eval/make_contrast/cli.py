"""``python -m eval make-contrast``: contrast cases out of a store of one's own references."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.datasets.choosing import SEED, PartChoice
from factcheck.cli.door import door, say

if TYPE_CHECKING:
    from eval.datasets.choosing import Wanted
    from eval.make_contrast.cases import Cases
    from eval.records import Reference
    from factcheck.models import Passage
    from factcheck.settings import Settings


@door
def make_contrast_command(
    out: Annotated[Path, typer.Option(help="File to write the cases to, one JSON object a line.")],
    store: Annotated[
        str | None,
        typer.Option(help="Folder of a store, or http://host:port of a Chroma server. Default: .factcheck/store"),
    ] = None,
    references: Annotated[
        Path | None, typer.Option(help="Folder of references, indexed into the cache, instead of a store.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder of public sets, or of one of them: their texts instead of a store.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME", help="Only this set of the folder; may be repeated.")
    ] = None,
    part: Annotated[PartChoice, typer.Option(help="Part of the public sets.")] = PartChoice.TEST,
    n: Annotated[int, typer.Option(min=2, help="How many cases to make, unchanged sentences counted.")] = 200,
    seed: Annotated[int, typer.Option(help="Another seed makes another choice.")] = SEED,
    name: Annotated[
        str | None, typer.Option(help="Name of the set. Default: that of the folder of references or store.")
    ] = None,
    embedder: Annotated[str | None, typer.Option(help="That of the store: minilm, or openai:NAME.")] = None,
) -> int:
    """Make contrast cases from your own references: unchanged, one thing changed, and not in there at all.

    Then measure on them: python -m eval run contrast --data CASES.jsonl
    """
    from eval.make_contrast.cases import cases
    from factcheck.errors import ConfigError
    from factcheck.settings import load

    if sum(given is not None for given in (store, references, data)) > 1:
        raise ConfigError("--store, --references and --data: name one of the three")
    if out.is_dir() or not out.parent.is_dir():
        raise ConfigError(
            f"{out}: {'a folder' if out.is_dir() else 'its folder does not exist'}; give a file to write to"
        )
    settings = load(store=store, embedder=embedder)
    passages, doc_ids = (
        _from_sets(data, tuple(sets or ()), part)
        if data is not None
        else _from_folder(references, settings)
        if references is not None
        else _from_store(settings)
    )
    made = cases(passages, name=name or _name(references or data, settings), n=n, seed=seed, doc_ids=doc_ids)
    lines = account(made, len(passages))
    if not made.samples:
        raise ConfigError(
            " ".join(["no case could be made of these references: German or English prose is needed.", *lines[:2]])
        )
    _write(out, made)
    for line in lines:
        typer.echo(line)
    typer.echo(f"\n{len(made.samples)} cases written to {out}. Measure: python -m eval run contrast --data {out}")
    return 0


def account(made: Cases, passages: int) -> list[str]:
    """What was made of how much, and what was not and why, line by line."""
    usable = made.statements.total()
    lines = [
        f"{passages} passages, {made.sentences} sentences: {usable} can be claims "
        f"({', '.join(f'{count} {language}' for language, count in sorted(made.statements.items())) or 'none'}).",
        "Not used: " + (", ".join(f"{count} {why}" for why, count in made.unusable.most_common()) or "none") + ".",
    ]
    if made.left_out:
        lines.append(
            f"No cases in {', '.join(made.left_out)}: what is changed and denied by code is known for German "
            "and English only."
        )
    counts = Counter((sample.language, sample.kind) for sample in made.samples)
    for language in sorted({language for language, _ in counts}):
        lines.append("")
        lines.append(f"{language}          label          cases   possible")
        for kind, label in _LABELS.items():
            possible = made.possible[language, kind] if kind != "unchanged" else made.statements[language]
            lines.append(f"  {kind:<10}{label:<15}{counts[language, kind]:>5}{possible:>11}")
    lines += [
        "",
        "An unchanged case is its source's own sentence, not a paraphrase: it shows that a judge can say "
        "supported at all,",
        "and nothing of how much it recognises. What to read off is how many changed and absent claims are supported.",
    ]
    return lines


_LABELS = {
    "unchanged": "supported",
    "number": "contradicted",
    "date": "contradicted",
    "entity": "contradicted",
    "negation": "contradicted",
    "absent": "unverifiable",
}


def _from_store(settings: Settings) -> tuple[list[Passage], Mapping[str, str] | None]:
    from factcheck.engine import DEFAULT_STORE
    from factcheck.retrieve.embed import embedder_named
    from factcheck.retrieve.store import Store

    location = settings.store or str(DEFAULT_STORE)
    with Store.open(location, embedder_named(settings.embedder, settings), cache_dir=settings.cache_dir) as store:
        for note in store.notes:
            say(f"factcheck: {note}")
        return store.passages(store.ids()), None


def _from_sets(folder: Path, sets: tuple[str, ...], part: PartChoice) -> tuple[list[Passage], Mapping[str, str]]:
    """The texts of public sets, cut as the store would cut them: those that claims are judged by or questions answered
    from."""
    from eval.datasets.choosing import Wanted
    from eval.tasks.given import evidence_of

    texts = _texts(Wanted(folder, sets, part.value))
    found = {item.passage.id: item.passage for one in texts for item in evidence_of(one)}
    return list(found.values()), {passage.source: passage.source for passage in found.values()}


def _texts(wanted: Wanted) -> Iterator[Sequence[Reference]]:
    from eval.datasets.loading import claim_sets
    from eval.datasets.public import chosen_files
    from eval.tasks.retrieve import TASK

    if all(file.kind != "qa" for file in chosen_files(wanted)):
        yield from (sample.evidence for data in claim_sets(wanted) for sample in data.samples)
        return
    for data in TASK.load(wanted):
        named = {document for sample in data.samples for document in sample.documents}
        corpus = data.corpus if isinstance(data.corpus, tuple) else ()
        yield from ((text,) for text in corpus if text.doc_id in named)


def _from_folder(references: Path, settings: Settings) -> tuple[list[Passage], Mapping[str, str] | None]:
    """By way of the store that ``factcheck check --references`` uses as well, so that nothing is indexed twice."""
    from factcheck.documents import list_documents
    from factcheck.errors import ConfigError
    from factcheck.retrieve.embed import embedder_named
    from factcheck.retrieve.store import Store, cached_store_location

    if not references.is_dir():
        raise ConfigError(f"{references}: no such folder of references")
    embedder = embedder_named(settings.embedder, settings)
    with Store.open(cached_store_location(references, embedder, settings.cache_dir), embedder, write=True) as store:
        for _, error in store.index([references], prune=True).failed:
            say(f"factcheck: reference not indexed: {error}")
        if not store.count():
            raise ConfigError(f"{references}: holds no reference that can be read")
        passages = store.passages(store.ids())
    resolved = references.resolve()
    names = {str(path.resolve()): path.relative_to(references).as_posix() for path in list_documents(references)}
    missing = {passage.source for passage in passages} - names.keys()
    return passages, names if not missing else {
        passage.source: Path(passage.source).relative_to(resolved).as_posix() for passage in passages
    }


def _name(folder: Path | None, settings: Settings) -> str:
    from factcheck.engine import DEFAULT_STORE

    given = folder.resolve() if folder else Path((settings.store or str(DEFAULT_STORE)).rstrip("/"))
    return given.name or "store"


def _write(out: Path, made: Cases) -> None:
    from factcheck.report.schema import write_whole

    write_whole(out, "".join(f"{sample.model_dump_json(exclude_defaults=True)}\n" for sample in made.samples))
