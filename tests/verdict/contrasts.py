"""True sentences, and each of them with its number, date, name or negation changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
