"""A folder of public sets in miniature, in the form that training reads."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.parts import Part, part_of


def row(
    number: int, claim: str, text: str, label: str, *, title: str = "", lang: str = "en", **meta: object
) -> dict[str, Any]:
    """A record of a verdict set with one piece of evidence."""
    evidence = [{"doc_id": f"doc{number}", "title": title, "text": text}]
    return {"id": f"set-{number}", "claim": claim, "evidence": evidence, "label": label, "lang": lang, "meta": meta}


def page_in(part: Part, file: str = "fever/train.jsonl.gz", *, avoid: Sequence[str] = ()) -> str:
    """The name of a page that falls into a part."""
    names = (f"Page{number}" for number in range(1000))
    return next(name for name in names if part_of(file, name) == part and name not in avoid)


def data_folder(folder: Path, files: dict[str, list[dict[str, Any]]], *, tiers: dict[str, str] | None = None) -> Path:
    """Writes ``files`` and their index; a tier other than free is named in ``tiers``."""
    index = []
    for name, records in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(record) + "\n" for record in records).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        kind = "corpus" if "corpus" in name else "qa" if "questions" in name else "verdict"
        tier = (tiers or {}).get(name, "free")
        entry = {"file": name, "set": name.partition("/")[0], "kind": kind, "scheme": "three", "licence_tier": tier}
        index.append(entry)
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder
