"""Invented facts, each said in several ways in English and in German, so that German is not learned from overlap alone.

A fact is a template with slots. The premise says it one way and the claim another, in the same language or in the other
one; a slot is filled differently (contradicted), the claim is denied (contradicted), or it is another fact
(unverifiable).
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from dataclasses import dataclass

from training.contrast_words import MONTHS, Lang
from training.data import Label, Pair, premise_of


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CITIES = _words(
    "Hamburg Bremen Leipzig Dresden Kassel Erfurt Rostock Lübeck Graz Linz Basel Bern Genf Lyon Porto Turin Oslo "
    "Bergen Malmö Tampere Riga Vilnius Krakau Brünn Szeged Varna Split Ghent Utrecht Leeds Bristol Cork Cardiff "
    "Aberdeen Boston Denver Austin Quito Lima Rosario Dakar Accra Nairobi Pune Osaka Busan Perth"
)
COUNTRIES: tuple[tuple[str, str], ...] = (
    ("Germany", "Deutschland"),
    ("Austria", "Österreich"),
    ("Switzerland", "die Schweiz"),
    ("France", "Frankreich"),
    ("Spain", "Spanien"),
    ("Italy", "Italien"),
    ("Poland", "Polen"),
    ("Sweden", "Schweden"),
    ("Norway", "Norwegen"),
    ("Denmark", "Dänemark"),
    ("Finland", "Finnland"),
    ("Greece", "Griechenland"),
    ("Hungary", "Ungarn"),
    ("Ireland", "Irland"),
    ("Portugal", "Portugal"),
    ("Belgium", "Belgien"),
    ("Japan", "Japan"),
    ("China", "China"),
    ("India", "Indien"),
    ("Brazil", "Brasilien"),
    ("Mexico", "Mexiko"),
    ("Canada", "Kanada"),
    ("Egypt", "Ägypten"),
    ("Kenya", "Kenia"),
)
FIRST = _words(
    "Anna Maria Clara Julia Petra Ingrid Sofia Helen Laura Emma Nina Katrin Jonas Peter Martin Felix Paul Stefan "
    "Karl Thomas David Lukas Erik Simon Oliver Hannah Lea Marta Irene Victor"
)
LAST = _words(
    "Berger Vogel Lindner Hartmann Seidel Kranz Winter Albrecht Novak Moreau Jensen Larsen Kowalski Rossi Silva "
    "Costa Fischer Brandt Keller Ziegler Huber Wagner Meissner Thorne Whitfield Harlow Bennett Osborne Pereira "
    "Tanaka"
)
COMPANIES = _words(
    "Nordwerk Alpina Velotec Solaris Hydron Medivax Cargolux Ferrum Lumina Brauhof Textura Agrana Kestrel Norvia "
    "Pharos Quantis Ostwind Terranova Elbtal Zephyr"
)
_EN_DE: dict[str, tuple[tuple[str, str], ...]] = {
    "party": (
        ("the Greens", "die Grünen"),
        ("the Social Democrats", "die Sozialdemokraten"),
        ("the Liberals", "die Liberalen"),
        ("the Conservatives", "die Konservativen"),
        ("the Left", "die Linke"),
    ),
    "goods": (
        ("wheat", "Weizen"),
        ("steel", "Stahl"),
        ("copper", "Kupfer"),
        ("coffee", "Kaffee"),
        ("milk", "Milch"),
        ("natural gas", "Erdgas"),
        ("electricity", "Strom"),
        ("timber", "Holz"),
        ("rice", "Reis"),
        ("cars", "Autos"),
    ),
    "building": (
        ("town hall", "Rathaus"),
        ("museum", "Museum"),
        ("theatre", "Theater"),
        ("hospital", "Krankenhaus"),
        ("stadium", "Stadion"),
        ("swimming pool", "Schwimmbad"),
        ("airport", "Flughafen"),
    ),
    "disease": (
        ("measles", "Masern"),
        ("influenza", "Grippe"),
        ("malaria", "Malaria"),
        ("diabetes", "Diabetes"),
        ("asthma", "Asthma"),
        ("tuberculosis", "Tuberkulose"),
    ),
    "job": (
        ("mayor", "Bürgermeister"),
        ("finance minister", "Finanzminister"),
        ("police chief", "Polizeichef"),
        ("chief economist", "Chefökonom"),
        ("health minister", "Gesundheitsminister"),
    ),
    "animal": (
        ("wolves", "Wölfe"),
        ("beavers", "Biber"),
        ("storks", "Störche"),
        ("lynxes", "Luchse"),
        ("seals", "Robben"),
        ("bats", "Fledermäuse"),
    ),
    "metal": (
        ("gold", "Gold"),
        ("silver", "Silber"),
        ("lithium", "Lithium"),
        ("tin", "Zinn"),
        ("iron", "Eisen"),
        ("zinc", "Zink"),
    ),
    "river": (
        ("the Rhine", "der Rhein"),
        ("the Danube", "die Donau"),
        ("the Elbe", "die Elbe"),
        ("the Loire", "die Loire"),
        ("the Volga", "die Wolga"),
        ("the Thames", "die Themse"),
        ("the Nile", "der Nil"),
    ),
    "sport": (
        ("swimming", "Schwimmen"),
        ("rowing", "Rudern"),
        ("judo", "Judo"),
        ("fencing", "Fechten"),
        ("cycling", "Radfahren"),
        ("sailing", "Segeln"),
    ),
    "science": (
        ("physics", "Physik"),
        ("chemistry", "Chemie"),
        ("medicine", "Medizin"),
        ("law", "Rechtswissenschaft"),
        ("biology", "Biologie"),
        ("history", "Geschichte"),
    ),
}


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of fact: ways to say it and to deny it, in both languages, and the slots that can be filled otherwise."""

    subject: str
    slots: str
    en: tuple[str, ...]
    de: tuple[str, ...]
    not_en: tuple[str, ...]
    not_de: tuple[str, ...]


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


def _template(subject: str, slots: str, en: str, de: str, not_en: str, not_de: str) -> Template:
    return Template(subject, slots, _lines(en), _lines(de), _lines(not_en), _lines(not_de))


TEMPLATES: tuple[Template, ...] = (
    _template(
        "city",
        "count",
        """{city} has {count} inhabitants.
        The population of {city} is {count}.
        {count} people live in {city}.""",
        """{city} hat {count} Einwohner.
        Die Einwohnerzahl von {city} beträgt {count}.
        In {city} leben {count} Menschen.
        {city} zählt {count} Einwohnerinnen und Einwohner.""",
        """{city} does not have {count} inhabitants.""",
        """{city} hat keine {count} Einwohner.
        In {city} leben nicht {count} Menschen.""",
    ),
    _template(
        "city",
        "building year",
        """The {building} in {city} was opened in {year}.
        {city} opened its {building} in {year}.
        Since {year}, {city} has had a {building}.
        In {year} the {building} of {city} opened its doors.""",
        """Das {building} in {city} wurde {year} eröffnet.
        {year} wurde in {city} das {building} eröffnet.
        Seit {year} gibt es in {city} das {building}.
        Die Eröffnung von {building} in {city} war im Jahr {year}.""",
        """The {building} in {city} was not opened in {year}.""",
        """Das {building} in {city} wurde nicht {year} eröffnet.
        Das {building} in {city} wurde {year} nicht eröffnet.""",
    ),
    _template(
        "company",
        "percent year",
        """{company} increased its revenue by {percent} in {year}.
        In {year}, revenue at {company} rose by {percent}.
        {company} reported sales growth of {percent} for {year}.""",
        """{company} steigerte seinen Umsatz im Jahr {year} um {percent}.
        {year} wuchs der Umsatz von {company} um {percent}.
        Der Umsatz von {company} ist {year} um {percent} gestiegen.
        {company} verzeichnete {year} ein Umsatzplus von {percent}.""",
        """Revenue at {company} fell by {percent} in {year}.
        In {year}, sales at {company} declined by {percent}.
        {company} did not increase its revenue in {year}.""",
        """Der Umsatz von {company} sank {year} um {percent}.
        {year} ging der Umsatz von {company} um {percent} zurück.
        {company} konnte seinen Umsatz {year} nicht steigern.""",
    ),
    _template(
        "company",
        "count city",
        """{company} employs {count} people in {city}.
        {count} people work for {company} in {city}.
        At its site in {city}, {company} has {count} employees.""",
        """{company} beschäftigt in {city} {count} Menschen.
        Bei {company} in {city} arbeiten {count} Menschen.
        Am Standort {city} hat {company} {count} Beschäftigte.
        {count} Mitarbeiter sind für {company} in {city} tätig.""",
        """{company} does not employ {count} people in {city}.
        {company} has no employees in {city}.""",
        """{company} beschäftigt in {city} keine {count} Menschen.
        {company} hat in {city} keine Beschäftigten.""",
    ),
    _template(
        "company",
        "person year city",
        """{company} was founded by {person} in {city} in {year}.
        {person} founded {company} in {city} in {year}.
        In {year}, {person} set up {company} in {city}.
        The founder of {company} is {person}, who started it in {city} in {year}.""",
        """{company} wurde {year} von {person} in {city} gegründet.
        {person} gründete {company} {year} in {city}.
        Gründerin oder Gründer von {company} ist {person}; gegründet wurde die Firma {year} in {city}.
        Im Jahr {year} rief {person} in {city} das Unternehmen {company} ins Leben.""",
        """{company} was not founded by {person}.
        {company} was not founded in {city}.""",
        """{company} wurde nicht von {person} gegründet.
        {company} wurde nicht in {city} gegründet.""",
    ),
    _template(
        "person",
        "date city",
        """{person} was born on {date} in {city}.
        {person} was born in {city} on {date}.
        {person} (born {date} in {city}) lives abroad.
        The birthplace of {person}, who was born on {date}, is {city}.""",
        """{person} wurde am {date} in {city} geboren.
        {person} kam am {date} in {city} zur Welt.
        {person} (geboren am {date} in {city}) lebt im Ausland.
        Geburtsort von {person} ist {city}, Geburtsdatum der {date}.""",
        """{person} was not born in {city}.""",
        """{person} wurde nicht in {city} geboren.
        {person} kam nicht in {city} zur Welt.""",
    ),
    _template(
        "person",
        "job city year",
        """{person} has been {job} of {city} since {year}.
        Since {year} the {job} of {city} has been {person}.
        In {year}, {person} became {job} of {city}.
        {person} took office as {job} of {city} in {year}.""",
        """{person} ist seit {year} {job} von {city}.
        Seit {year} heißt der {job} von {city} {person}.
        {year} wurde {person} {job} von {city}.
        {person} trat {year} das Amt als {job} von {city} an.""",
        """{person} never became {job} of {city}.
        {person} is not {job} of {city}.""",
        """{person} ist nicht {job} von {city}.
        {person} wurde nie {job} von {city}.""",
    ),
    _template(
        "person",
        "science city",
        """{person} studied {science} in {city}.
        {person} took a degree in {science} at the university of {city}.
        In {city}, {person} read {science}.""",
        """{person} studierte {science} in {city}.
        {person} hat in {city} {science} studiert.
        An der Universität {city} schloss {person} ein Studium ab, Fach {science}.""",
        """{person} did not study {science}.
        {person} never studied in {city}.""",
        """{person} hat nicht {science} studiert.
        {person} studierte nie in {city}.""",
    ),
    _template(
        "person",
        "sport year city",
        """{person} won gold in {sport} in {city} in {year}.
        In {year}, {person} took the gold medal in {sport} in {city}.
        The {sport} title in {city} went to {person} in {year}.""",
        """{person} gewann {year} in {city} Gold im {sport}.
        {year} holte {person} in {city} die Goldmedaille im {sport}.
        Der Titel im {sport} ging {year} in {city} an {person}.""",
        """{person} did not win gold in {sport} in {city}.
        {person} missed the gold medal in {sport} in {city} in {year}.""",
        """{person} gewann in {city} kein Gold im {sport}.
        {person} verpasste {year} in {city} die Goldmedaille im {sport}.""",
    ),
    _template(
        "country",
        "goods count year",
        """{country} exported {count} tonnes of {goods} in {year}.
        In {year}, {country} sold {count} tonnes of {goods} abroad.
        Exports of {goods} from {country} came to {count} tonnes in {year}.""",
        """{country} führte {year} {count} Tonnen {goods} aus.
        {year} exportierte {country} {count} Tonnen {goods}.
        {country} verkaufte {year} {count} Tonnen {goods} ins Ausland.""",
        """{country} imported {count} tonnes of {goods} in {year}.
        {country} did not export any {goods} in {year}.""",
        """{country} importierte {year} {count} Tonnen {goods}.
        {country} exportierte {year} kein {goods}.""",
    ),
    _template(
        "country",
        "percent year",
        """In {country}, prices rose by {percent} in {year}.
        Inflation in {country} was {percent} in {year}.
        {country} recorded a price increase of {percent} in {year}.""",
        """Land: {country}. Die Preise stiegen {year} um {percent}.
        {country} verzeichnete {year} eine Inflation von {percent}.
        {country}: Die Inflationsrate lag {year} bei {percent}.""",
        """In {country}, prices fell by {percent} in {year}.""",
        """{country}: Die Preise sanken {year} um {percent}.""",
    ),
    _template(
        "country",
        "metal year",
        """Since {year}, {country} has banned exports of {metal}.
        {country} forbade the export of {metal} in {year}.
        An export ban on {metal} has been in force in {country} since {year}.""",
        """{country} verbietet seit {year} den Export von {metal}.
        Seit {year} darf {metal} aus folgendem Land nicht ausgeführt werden: {country}.
        {country} hat {year} die Ausfuhr von {metal} untersagt.""",
        """{country} allows the export of {metal}.
        {country} lifted its ban on {metal} exports in {year}.""",
        """{country} erlaubt die Ausfuhr von {metal}.
        {country} hob {year} das Exportverbot für {metal} auf.""",
    ),
    _template(
        "city",
        "party percent year",
        """In {city}, {party} won {percent} of the vote in {year}.
        {party} got {percent} of the votes in {city} in {year}.
        In the {year} election in {city}, {percent} voted for {party}.""",
        """In {city} erreichten {party} {year} {percent} der Stimmen.
        Bei der Wahl {year} stimmten in {city} {percent} für {party}.
        {party}: {percent} in {city} bei der Wahl {year}.""",
        """In {city}, {party} did not win {percent} of the vote in {year}.""",
        """In {city} erreichten {party} {year} nicht {percent} der Stimmen.""",
    ),
    _template(
        "city",
        "money building",
        """{city} is spending {money} on its new {building}.
        The new {building} in {city} costs {money}.
        The city council of {city} approved {money} for a {building}.""",
        """{city} gibt {money} für sein neues {building} aus.
        Das neue {building} in {city} kostet {money}.
        Der Stadtrat von {city} bewilligte {money} für das {building}.
        Für das {building} zahlt {city} {money}.""",
        """The city council of {city} rejected the {building}.
        {city} is not building a new {building}.""",
        """Der Stadtrat von {city} lehnte das {building} ab.
        {city} baut kein neues {building}.""",
    ),
    _template(
        "country",
        "disease count year",
        """{country} reported {count} cases of {disease} in {year}.
        In {year}, {count} people in {country} fell ill with {disease}.
        There were {count} cases of {disease} in {country} in {year}.""",
        """{country} meldete {year} {count} Fälle von {disease}.
        {year} erkrankten {count} Menschen an {disease}, so die Behörden ({country}).
        {country} zählte {year} {count} Erkrankungen an {disease}.""",
        """In {year}, nobody in {country} fell ill with {disease}.""",
        """{country} meldete {year} keine Fälle von {disease}.""",
    ),
    _template(
        "city",
        "animal count",
        """{count} {animal} live in the woods around {city}.
        There are {count} {animal} near {city}.
        Experts counted {count} {animal} around {city}.""",
        """In den Wäldern um {city} leben {count} {animal}.
        Bei {city} gibt es {count} {animal}.
        Fachleute zählten rund um {city} {count} {animal}.""",
        """There are no {animal} around {city}.""",
        """Bei {city} gibt es keine {animal}.""",
    ),
    _template(
        "river",
        "length",
        """{river} is {length} long.
        The length of {river} is {length}.
        {river} measures {length} from source to mouth.""",
        """Fluss: {river}, Länge: {length}.
        Von der Quelle bis zur Mündung misst {river} {length}.
        {river} ist {length} lang.""",
        """{river} is not {length} long.""",
        """{river} ist nicht {length} lang.""",
    ),
    _template(
        "company",
        "company2 money year",
        """{company} bought {company2} for {money} in {year}.
        In {year}, {company} acquired {company2} for {money}.
        {company2} was taken over by {company} for {money} in {year}.
        {company2} has belonged to {company} since {year}; the price was {money}.""",
        """{company} kaufte {company2} {year} für {money}.
        {year} übernahm {company} den Konkurrenten {company2} für {money}.
        {company2} wurde {year} für {money} von {company} übernommen.
        {company2} gehört seit {year} zu {company}; der Preis betrug {money}.""",
        """{company2} bought {company} for {money} in {year}.
        {company} was taken over by {company2} in {year}.
        {company} did not buy {company2}.""",
        """{company2} kaufte {company} {year} für {money}.
        {company} wurde {year} von {company2} übernommen.
        {company} hat {company2} nicht gekauft.""",
    ),
    _template(
        "person",
        "person2 city year",
        """{person} defeated {person2} in the final in {city} in {year}.
        In {year}, {person2} lost to {person} in the final in {city}.
        {person} won the {year} final in {city} against {person2}.""",
        """{person} besiegte {person2} {year} im Finale von {city}.
        {person2} verlor {year} das Finale in {city} gegen {person}.
        Das Finale {year} in {city} gewann {person} gegen {person2}.""",
        """{person2} defeated {person} in the final in {city} in {year}.
        {person} lost the {year} final in {city} to {person2}.""",
        """{person2} besiegte {person} {year} im Finale von {city}.
        {person} verlor {year} das Finale in {city} gegen {person2}.""",
    ),
    _template(
        "company",
        "weekday month",
        """{company} will close its plant on the first {weekday} in {month}.
        The plant of {company} closes on the first {weekday} of {month}.""",
        """{company} schließt sein Werk am ersten {weekday} im {month}.
        Das Werk von {company} macht am ersten {weekday} im {month} zu.""",
        """{company} will not close its plant in {month}.
        {company} will keep its plant open.""",
        """{company} schließt sein Werk im {month} nicht.
        Das Werk von {company} bleibt geöffnet.""",
    ),
)

_WEEKDAYS = (
    ("Monday", "Montag"),
    ("Tuesday", "Dienstag"),
    ("Wednesday", "Mittwoch"),
    ("Thursday", "Donnerstag"),
    ("Friday", "Freitag"),
    ("Saturday", "Samstag"),
)
_MONTHS = tuple(zip(MONTHS["en"], MONTHS["de"], strict=True))

#: What fills a slot: a number, or the words for it in English and in German.
Value = int | tuple[str, str]


def _filled(slot: str, rng: random.Random) -> Value:
    kind = slot.rstrip("2")
    if kind == "city":
        return _same(rng.choice(CITIES))
    if kind == "person":
        return _same(f"{rng.choice(FIRST)} {rng.choice(LAST)}")
    if kind == "company":
        return _same(rng.choice(COMPANIES))
    if kind == "country":
        return rng.choice(COUNTRIES)
    if kind == "weekday":
        return rng.choice(_WEEKDAYS)
    if kind == "month":
        return rng.choice(_MONTHS)
    if kind == "year":
        return rng.randrange(1870, 2025)
    if kind == "percent":
        return rng.randrange(2, 900)  # tenths of a per cent
    if kind == "money":
        return rng.randrange(2, 990) * 10 ** rng.choice((5, 6, 6, 7))
    if kind == "length":
        return rng.randrange(200, 6000)
    if kind == "count":
        return rng.choice(
            (rng.randrange(2, 13), rng.randrange(13, 1000), rng.randrange(1000, 999999), rng.randrange(2, 90) * 10**5)
        )
    if kind == "date":
        return rng.randrange(365 * 130)
    return rng.choice(_EN_DE[kind])


def _same(name: str) -> tuple[str, str]:
    return name, name


def _shown(slot: str, value: Value, lang: Lang, rng: random.Random) -> str:
    """A value in words or figures, in one of the ways people write it."""
    if not isinstance(value, int):
        return value[lang == "de"]
    kind = slot.rstrip("2")
    if kind == "year":
        return str(value)
    if kind == "percent":
        number = _decimal(value / 10, lang)
        return number + rng.choice((" Prozent", " %") if lang == "de" else (" percent", "%", " per cent"))
    if kind == "money":
        return f"{_amount(value, lang, rng)} {'Euro' if lang == 'de' else 'euros'}"
    if kind == "length":
        return f"{_grouped(value, lang)} {rng.choice(('Kilometer', 'km') if lang == 'de' else ('kilometres', 'km'))}"
    if kind == "date":
        year, month, day = 1890 + value // 365, value % 365 // 31 % 12, value % 28 + 1
        if lang == "de":
            return rng.choice((f"{day}. {MONTHS['de'][month]} {year}", f"{day:02d}.{month + 1:02d}.{year}"))
        return rng.choice((f"{day} {MONTHS['en'][month]} {year}", f"{MONTHS['en'][month]} {day}, {year}"))
    return _amount(value, lang, rng)


def _amount(value: int, lang: Lang, rng: random.Random) -> str:
    if value >= 10**6 and value % 10**5 == 0 and rng.random() < 0.7:
        many = _decimal(value / 10**6, lang)
        return f"{many} {'Millionen' if lang == 'de' else 'million'}"
    return _grouped(value, lang)


def _decimal(value: float, lang: Lang) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if lang == "de" else text


def _grouped(value: int, lang: Lang) -> str:
    return f"{value:,}".replace(",", "." if lang == "de" else ",")


def _otherwise(slot: str, value: Value, rng: random.Random) -> Value:
    """Another value for the slot; numbers near the old one as often as far from it."""
    if isinstance(value, int) and rng.random() < 0.5 and slot not in ("date",):
        near = value + rng.choice((-2, -1, 1, 2, 5)) * 10 ** rng.randrange(max(1, len(str(value)) - 1))
        if near > 1 and near != value:
            return near if slot != "money" else value * rng.choice((2, 3, 10))
    while (other := _filled(slot, rng)) == value:
        pass
    return other


def _say(ways: tuple[str, ...], values: Mapping[str, Value], lang: Lang, rng: random.Random) -> str:
    way = rng.choice(ways)
    slots = [name for _, name, _, _ in string.Formatter().parse(way) if name]
    text = way.format(**{slot: _shown(slot, values[slot], lang, rng) for slot in slots})
    return text[0].upper() + text[1:]


def _slots_said(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def draw(rng: random.Random) -> list[Pair]:
    """The pairs of one invented fact: two borne out, two false, one open; the languages mixed in a third of them."""
    template = rng.choice(TEMPLATES)
    slots = [template.subject, *template.slots.split()]
    values = {slot: _filled(slot, rng) for slot in slots}
    if "company2" in values and values["company2"] == values["company"]:
        values["company2"] = _same("Halcyon")
    claim_lang: Lang = rng.choice(("de", "de", "de", "en"))
    premise_lang: Lang = rng.choice((claim_lang, claim_lang, "en" if claim_lang == "de" else "de"))
    ways, denials = (template.de, template.not_de) if claim_lang == "de" else (template.en, template.not_en)
    said = template.de if premise_lang == "de" else template.en
    kind = f"own-{claim_lang}" if claim_lang == premise_lang else "own-cross"

    def pair(told: str, claim: str, label: Label) -> Pair:
        return Pair(_among(told, values, template, premise_lang, rng), claim, label, claim_lang, kind)

    told = _say(said, values, premise_lang, rng)
    changed = rng.choice(template.slots.split())
    others = {**values, changed: _otherwise(changed, values[changed], rng)}
    saying = tuple(way for way in ways if changed in _slots_said(way))
    found = [
        pair(told, _say(ways, values, claim_lang, rng), "supported"),
        pair(told, _say(saying, others, claim_lang, rng), _label_of(changed, template)),
        pair(told, _say(denials, values, claim_lang, rng), "contradicted"),
    ]
    if rng.random() < 0.5:  # the source denies what the claim says; the source denies it too
        denial = _say(template.not_de if premise_lang == "de" else template.not_en, values, premise_lang, rng)
        found.append(pair(denial, _say(ways, values, claim_lang, rng), "contradicted"))
    else:
        found.append(pair(told, _say(ways, values, claim_lang, rng), "supported"))
    found.append(_open(template, values, told, premise_lang, claim_lang, kind, rng))
    return found


def _label_of(changed: str, template: Template) -> Label:
    """Another number, day, office or birthplace is false; another good exported may well be true besides."""
    if changed in ("count", "year", "percent", "money", "length", "date", "weekday", "month", "person", "job"):
        return "contradicted"
    return (
        "contradicted" if changed == "city" and template.slots in ("date city", "person year city") else "not_supported"
    )


def _open(
    template: Template,
    values: Mapping[str, Value],
    told: str,
    premise_lang: Lang,
    claim_lang: Lang,
    kind: str,
    rng: random.Random,
) -> Pair:
    """Another fact of the same subject, or the same of another subject: the source does not say."""
    alike = [other for other in TEMPLATES if other.subject == template.subject and other is not template]
    if alike and rng.random() < 0.6:
        other = rng.choice(alike)
        filled = {slot: _filled(slot, rng) for slot in other.slots.split()}
        filled |= {slot: value for slot, value in values.items() if slot in (other.subject, "year", "city", "count")}
        claim = _say(other.de if claim_lang == "de" else other.en, filled, claim_lang, rng)
    else:
        stranger = {**values, template.subject: _otherwise(template.subject, values[template.subject], rng)}
        claim = _say(template.de if claim_lang == "de" else template.en, stranger, claim_lang, rng)
    return Pair(_among(told, values, template, premise_lang, rng), claim, "unverifiable", claim_lang, kind)


def _among(told: str, values: Mapping[str, Value], template: Template, lang: Lang, rng: random.Random) -> str:
    """The sentence alone, after its subject as a title, or before a sentence about something else."""
    way = rng.random()
    if way < 0.45:
        return told
    subject = values[template.subject]
    if way < 0.65 and not isinstance(subject, int):
        return premise_of(subject[lang == "de"], told)
    other = rng.choice([one for one in TEMPLATES if one.subject != template.subject])
    filled = {slot: _filled(slot, rng) for slot in (other.subject, *other.slots.split())}
    aside = _say(other.de if lang == "de" else other.en, filled, lang, rng)
    return f"{told} {aside}" if rng.random() < 0.5 else f"{aside} {told}"
