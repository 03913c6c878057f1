"""The word index over passages: BM25 by tantivy, over terms that we make ourselves, so that all languages share it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import tantivy

from factcheck.errors import StoreError
from factcheck.models import Passage
from factcheck.retrieve import terms

LEXICAL = "terms-1"  # changes whenever the same passages would give another index

_HEAP = 50_000_000  # bytes for the writer; one thread, so that the same passages give the same segments
_TITLE_WEIGHT = 0.3


def build(folder: Path, passages: Iterable[Passage]) -> None:
    """Writes an index of ``passages`` into ``folder``, which must be empty or missing. Raises StoreError."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _write(tantivy.Index(_schema(), path=str(folder)), passages)
    except (ValueError, OSError) as error:
        raise StoreError("store_unwritable", f"{folder}: the word index cannot be written: {error}") from error


def update(folder: Path, *, removed: Iterable[str], added: Iterable[Passage]) -> None:
    """Takes passages, by id, out of an index and adds others; readers open before do not see it. Raises StoreError."""
    try:
        _write(_opened(folder), added, removed)
    except (ValueError, OSError) as error:
        raise StoreError("store_unwritable", f"{folder}: the word index cannot be written: {error}") from error


class Lexical:
    """An open word index; safe to search from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where there is no index that can be read."""
        self._index = _opened(folder)
        self._searcher = self._index.searcher()

    def search(self, query: str, language: str, k: int) -> list[tuple[str, float]]:
        """The ``k`` best passages by BM25, as (passage id, score), best first; words of ``query`` are never syntax.

        ``language`` is the query's; its words are stemmed as that language does, and as each language of the index.
        """
        found = self._query(query, language)
        if found is None:
            return []
        hits = self._searcher.search(found, limit=k, count=False).hits
        return [(str(self._searcher.doc(address).get_first("id")), float(score)) for score, address in hits]

    def count(self) -> int:
        """How many passages the index holds."""
        return int(self._searcher.num_docs)

    def _query(self, text: str, language: str) -> tantivy.Query | None:
        wanted = dict.fromkeys(terms.stems(text, language))
        parts = [self._term("text", term, 1.0) for term in wanted]
        parts += [self._term("title", term, _TITLE_WEIGHT) for term in wanted]
        known = [(tantivy.Occur.Should, part) for part in parts if part is not None]
        return tantivy.Query.boolean_query(known) if known else None

    def _term(self, field: str, term: str, weight: float) -> tantivy.Query | None:
        """None where no passage has the term."""
        if not self._searcher.doc_freq(field, term):
            return None
        return tantivy.Query.boost_query(tantivy.Query.term_query(self._index.schema, field, term), weight)


def _schema() -> tantivy.Schema:
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="whitespace", index_option="freq")
    schema.add_text_field("title", tokenizer_name="whitespace", index_option="freq")
    return schema.build()


def _opened(folder: Path) -> tantivy.Index:
    try:
        return tantivy.Index.open(str(folder))
    except (ValueError, OSError) as error:
        raise StoreError("store_damaged", f"{folder}: the word index cannot be read: {error}") from error


def _write(index: tantivy.Index, added: Iterable[Passage], removed: Iterable[str] = ()) -> None:
    writer = index.writer(heap_size=_HEAP, num_threads=1)
    for passage_id in removed:
        writer.delete_documents_by_term("id", passage_id)
    for passage in added:
        writer.add_document(
            tantivy.Document(
                id=passage.id,
                text=" ".join(terms.stems(passage.text, passage.language)),
                title=" ".join(terms.stems(passage.title, passage.language)),
            )
        )
    writer.commit()
    writer.wait_merging_threads()
