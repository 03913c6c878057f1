"""Small data on disk: a set written like the own one, and a folder of public sets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REFERENCE = """# Arvika and its bridge

The bridge over the Aldheim is 312 metres long. It opened on 19 March 1932.

Maria Lindgren was elected mayor of Arvika in 2019. The museum in Dornach attracted 250,000 visitors in 2018.
"""
ARTICLE = """The bridge over the Aldheim is 312 metres long. The museum in Dornach attracted 180,000 visitors in 2018.

Is it not a beauty? Its railing was painted by hand.
"""


def write_own_like(folder: Path) -> Path:
    """Three claims (one of each label) and one triple about the mayor."""
    quoted = {"file": "arvika.md"}
    length = {**quoted, "quote": "The bridge over the Aldheim is 312 metres long.", "stance": "supports"}
    museum = {
        **quoted,
        "quote": "The museum in Dornach attracted 250,000 visitors in 2018.",
        "stance": "contradicts",
    }
    mayor = "Maria Lindgren was elected mayor of Arvika in 2019."
    near = [{**quoted, "quote": "It opened on 19 March 1932."}]
    gold: dict[str, Any] = {
        "language": "en",
        "as_of": "2024-05-01",
        "sentences": [
            _sentence("The bridge", _claim("c1", ARTICLE[:47], "supported", evidence=[length])),
            _sentence(
                "The museum",
                _claim(
                    "c2",
                    "The museum in Dornach attracted 180,000 visitors in 2018.",
                    "contradicted",
                    evidence=[museum],
                ),
            ),
            {"starts": "Is it not", "kind": "question"},
            _sentence(
                "Its railing",
                _claim(
                    "c3",
                    "The railing of the bridge over the Aldheim was painted by hand.",
                    "unverifiable",
                    anchor="Its railing was painted by hand.",
                    reason="insufficient",
                    near=near,
                ),
            ),
        ],
        "triples": [
            {
                "id": "t1",
                "changed": "date",
                "supported": _statement(
                    mayor, "supported", evidence=[{**quoted, "quote": mayor, "stance": "supports"}]
                ),
                "contradicted": _statement(
                    mayor.replace("2019", "2016"),
                    "contradicted",
                    evidence=[{**quoted, "quote": mayor, "stance": "contradicts"}],
                ),
                "unverifiable": _statement(
                    "Maria Lindgren was elected chair of the museum in Dornach in 2019.",
                    "unverifiable",
                    reason="insufficient",
                    near=[{**quoted, "quote": mayor}],
                ),
            }
        ],
    }
    (folder / "articles").mkdir(parents=True)
    (folder / "references").mkdir()
    (folder / "articles" / "arvika.md").write_text(ARTICLE, encoding="utf-8")
    (folder / "articles" / "arvika.gold.json").write_text(json.dumps(gold), encoding="utf-8")
    (folder / "references" / "arvika.md").write_text(REFERENCE, encoding="utf-8")
    return folder


def _sentence(starts: str, claim: Mapping[str, Any]) -> dict[str, Any]:
    return {"starts": starts, "kind": "claims", "claims": [claim]}


def _claim(name: str, text: str, label: str, *, anchor: str = "", **more: Any) -> dict[str, Any]:
    return {"id": name, "anchor": anchor or text, "elements": [text.split()[1]], **_statement(text, label, **more)}


def _statement(text: str, label: str, **more: Any) -> dict[str, Any]:
    return {"text": text, "label": label, **more}


def row(number: int, label: str, **more: Any) -> dict[str, Any]:
    """A line of a verdict file; each is about a page of its own."""
    return {
        "id": f"r{number}",
        "claim": f"Claim {number}.",
        "evidence": [{"doc_id": f"d{number}", "title": f"Page {number}", "text": f"Text {number}."}],
        "label": label,
        "lang": "en",
        "source": "here",
        "meta": {},
        **more,
    }


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def write_index(root: Path, *entries: tuple[str, str, str, str | None]) -> None:
    """``entries``: file, kind, licence tier, scheme."""
    listed = [
        {"set": Path(file).parent.name, "file": file, "kind": kind, "licence_tier": tier, "scheme": scheme}
        for file, kind, tier, scheme in entries
    ]
    (root / "index.json").write_text(json.dumps(listed), encoding="utf-8")
