"""The words that contrasts are made with, English and German: opposites, synonyms, months, units, small numbers."""

from __future__ import annotations

from typing import Literal

Lang = Literal["en", "de"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    found = [
        tuple(part.strip() for part in line.split("/")) for line in text.replace("\n", ",").split(",") if "/" in line
    ]
    return tuple((left, right) for left, right in found)


#: One instead of the other turns a sentence false.
OPPOSITES: dict[Lang, tuple[tuple[str, str], ...]] = {
    "en": _pairs(
        """increased/decreased, increase/decrease, increases/decreases, rose/fell, rising/falling, higher/lower,
        highest/lowest, high/low, larger/smaller, largest/smallest, large/small, big/small, older/younger,
        oldest/youngest, old/young, first/last, first/second, second/third, before/after, early/late,
        earlier/later, north/south, northern/southern, east/west, eastern/western, northeast/southwest,
        northwest/southeast, won/lost, win/lose, wins/loses, male/female, man/woman, men/women, actor/politician,
        singer/footballer, brother/sister, father/mother, son/daughter, husband/wife, king/queen, longer/shorter,
        longest/shortest, more/fewer, more/less, most/least, above/below, opened/closed, open/closed,
        began/ended, start/end, started/stopped, accepted/rejected, approved/rejected, allowed/banned,
        legal/illegal, public/private, common/rare, positive/negative, strong/weak, stronger/weaker,
        success/failure, successful/unsuccessful, alive/dead, born/died, hot/cold, warm/cold, rich/poor,
        married/divorced, always/never, all/none of the, many/few, both/neither of, supports/opposes,
        supported/opposed, buy/sell, bought/sold, gained/lost, profit/loss, upper/lower, left/right,
        inside/outside, possible/impossible, same/different, with/without, American/Italian, British/Canadian,
        German/Spanish, French/Russian, English/Japanese, Indian/Chinese, film/novel, television series/album,
        band/football club, river/mountain, city/island, company/university, drama/comedy, heavier/lighter,
        faster/slower, better/worse, best/worst, includes/excludes, improved/worsened, promotes/inhibits,
        activates/inhibits, induces/prevents, reduces/enhances, reduced/elevated, upregulated/downregulated"""
    ),
    "de": _pairs(
        """gestiegen/gesunken, stieg/sank, stiegen/sanken, steigt/sinkt, steigen/sinken, erhöht/gesenkt,
        Anstieg/Rückgang, Zunahme/Abnahme, zugenommen/abgenommen, höher/niedriger, höhere/niedrigere,
        höchste/niedrigste, höchsten/niedrigsten, hoch/niedrig, hohe/niedrige, hohen/niedrigen, größer/kleiner,
        größere/kleinere, größte/kleinste, größten/kleinsten, große/kleine, großen/kleinen, großer/kleiner,
        älter/jünger, ältere/jüngere, älteste/jüngste, ältesten/jüngsten, alte/junge, alten/jungen, erste/letzte,
        ersten/letzten, erster/letzter, erste/zweite, ersten/zweiten, zweite/dritte, zweiten/dritten, vor/nach,
        früher/später, frühen/späten, Norden/Süden, nördlich/südlich, nördlichen/südlichen, nördliche/südliche,
        Osten/Westen, östlich/westlich, östlichen/westlichen, östliche/westliche, Nordosten/Südwesten,
        gewann/verlor, gewonnen/verloren, gewinnt/verliert, Sieg/Niederlage, Mann/Frau, Männer/Frauen,
        männlich/weiblich, männliche/weibliche, Bruder/Schwester, Vater/Mutter, Sohn/Tochter, länger/kürzer,
        längste/kürzeste, mehr/weniger, meisten/wenigsten, über/unter, oberhalb/unterhalb, oberen/unteren,
        eröffnet/geschlossen, begann/endete, beginnt/endet, Beginn/Ende, Anfang/Ende, angenommen/abgelehnt,
        erlaubt/verboten, genehmigt/abgelehnt, zugestimmt/widersprochen, öffentlich/privat, öffentliche/private,
        öffentlichen/privaten, häufig/selten, häufiger/seltener, positiv/negativ, positive/negative,
        stark/schwach, starke/schwache, stärker/schwächer, Erfolg/Misserfolg, erfolgreich/erfolglos,
        geboren/gestorben, heiß/kalt, warm/kalt, wärmer/kälter, reich/arm, immer/nie, alle/keine, viele/wenige,
        vielen/wenigen, unterstützt/bekämpft, unterstützte/bekämpfte, kaufte/verkaufte, gekauft/verkauft,
        Gewinn/Verlust, linken/rechten, links/rechts, linke/rechte, innerhalb/außerhalb, möglich/unmöglich,
        gleichen/verschiedenen, mit/ohne, amerikanischer/italienischer, amerikanische/italienische,
        deutscher/spanischer, deutsche/spanische, englische/japanische, britischer/kanadischer,
        britische/kanadische, französischer/russischer, französische/russische, französischen/russischen,
        Fluss/Berg, Stadt/Insel, Film/Roman, Stürmer/Torhüter, Sänger/Politiker, Schauspieler/Maler,
        besser/schlechter, beste/schlechteste, besten/schlechtesten, schneller/langsamer, leicht/schwer,
        leichter/schwerer, verbessert/verschlechtert, fördert/hemmt, gelang/misslang, zunächst/zuletzt,
        teurer/billiger, verteuert/verbilligt, gegründet/aufgelöst, gebaut/abgerissen, errichtet/abgerissen,
        Sommer/Winter, morgens/abends, Tag/Nacht, Freund/Feind, Import/Export, Einnahmen/Ausgaben"""
    ),
}

#: One instead of the other changes nothing.
SYNONYMS: dict[Lang, tuple[tuple[str, str], ...]] = {
    "en": _pairs(
        """began/started, begins/starts, big/large, bought/purchased, film/movie, located/situated,
        founded/established, author/writer, approximately/about, around/roughly, also/additionally,
        however/though, car/automobile, job/occupation, children/kids, died/passed away, killed/slain,
        received/got, shows/demonstrates, showed/demonstrated, famous/well-known, formerly/previously,
        usually/typically, often/frequently, whole/entire, ended/finished, built/constructed, created/made,
        used/utilised, helped/assisted, many/numerous, nearly/almost, important/significant, soccer/football,
        physician/doctor, lawyer/attorney, increased/rose, decreased/fell, major/main, United States/USA,
        United Kingdom/UK, television/TV, biggest/largest, because of/due to, several/a number of,
        took place/was held, employees/workers, ill/sick, next to/beside, chief executive/CEO, more than/over,
        less than/under, at least/no fewer than, per cent/percent"""
    ),
    "de": _pairs(
        """begann/startete, etwa/ungefähr, rund/etwa, circa/ungefähr, Autor/Schriftsteller, jedoch/allerdings,
        auch/ebenfalls, benutzt/verwendet, verwendet/genutzt, Firma/Unternehmen, liegt/befindet sich,
        gestorben/verstorben, starb/verstarb, wichtig/bedeutend, wichtige/bedeutende, wichtigsten/bedeutendsten,
        Ärzte/Mediziner, Auto/Wagen, Arbeiter/Beschäftigte, Mitarbeiter/Beschäftigte, mehr als/über,
        weniger als/unter, mindestens/wenigstens, bekannt/berühmt, erhielt/bekam, erhalten/bekommen,
        zeigt/belegt, zeigte/belegte, häufig/oft, meist/meistens, gesamte/ganze, gesamten/ganzen,
        errichtet/erbaut, gebaut/erbaut, erschien/kam heraus, viele/zahlreiche, fast/beinahe,
        vor allem/insbesondere, Vereinigten Staaten/USA, Vereinigten Staaten/Vereinigten Staaten von Amerika,
        Fernsehen/TV, wegen/aufgrund, mehrere/einige, fand statt/wurde abgehalten, Schule/Lehranstalt,
        Krankenhaus/Klinik, Mutter/Mama, Fußballspieler/Fußballer, sowie/und, während/derweil,
        derzeit/gegenwärtig, heute/heutzutage, später/danach, zunächst/zuerst, anschließend/danach,
        gehört zu/zählt zu, gehörte zu/zählte zu, besteht aus/setzt sich zusammen aus, Kreis/Landkreis,
        Gemeinde/Kommune, Regierungschef/Ministerpräsident, gestiegen/gewachsen, gesunken/zurückgegangen,
        Ergebnis/Resultat, Beginn/Anfang, schnell/rasch, sofort/umgehend, verkündete/gab bekannt,
        teilte mit/gab bekannt, Jahr/Kalenderjahr, Preise/Kosten, Bürger/Einwohner"""
    ),
}

MONTHS: dict[Lang, tuple[str, ...]] = {
    "en": _words("January February March April May June July August September October November December"),
    "de": _words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
}
WEEKDAYS: dict[Lang, tuple[str, ...]] = {
    "en": _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "de": _words("Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag"),
}
SMALL_NUMBERS: dict[Lang, tuple[str, ...]] = {
    "en": _words("two three four five six seven eight nine ten eleven twelve"),
    "de": _words("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"),
}
#: Units of one kind; a sentence with another of the row says something else.
UNITS: dict[Lang, tuple[tuple[str, ...], ...]] = {
    "en": (
        ("thousand", "million", "billion", "trillion"),
        ("millimetres", "centimetres", "metres", "kilometres", "miles", "feet", "inches"),
        ("meters", "kilometers", "miles", "feet", "yards", "acres"),
        ("mm", "cm", "km", "mi", "ft"),
        ("grams", "kilograms", "tonnes", "pounds", "ounces"),
        ("seconds", "minutes", "hours", "days", "weeks", "months", "years", "decades", "centuries"),
        ("dollars", "euros", "pounds", "yen"),
        ("percent", "per mille"),
        ("km²", "hectares", "square miles", "square kilometres"),
        ("watts", "kilowatts", "megawatts"),
        ("mg", "kg", "g"),
    ),
    "de": (
        ("Tausend", "Millionen", "Milliarden", "Billionen"),
        ("Millimeter", "Zentimeter", "Meter", "Kilometer", "Meilen", "Fuß"),
        ("mm", "cm", "m", "km"),
        ("Gramm", "Kilogramm", "Tonnen", "Pfund"),
        ("Sekunden", "Minuten", "Stunden", "Tage", "Wochen", "Monate", "Jahre", "Jahrzehnte"),
        ("Tagen", "Wochen", "Monaten", "Jahren", "Jahrzehnten"),
        ("Euro", "Dollar", "Franken", "Yen"),
        ("Prozent", "Promille"),
        ("km²", "Hektar", "Quadratmeter"),
        ("Watt", "Kilowatt", "Megawatt"),
        ("mg", "kg", "g"),
    ),
}
AUXILIARIES: dict[Lang, tuple[str, ...]] = {
    "en": _words("is are was were has have had can could will would may might should must did does do"),
    "de": _words(
        "ist sind war waren wird werden wurde wurden hat haben hatte hatten kann können konnte konnten soll "
        "sollen sollte muss müssen musste darf dürfen durfte will wollen wollte liegt lag steht stand gilt "
        "galt gehört gehörte besteht bestand"
    ),
}
#: Relations between two names that do not hold the other way round.
ONE_WAY: dict[Lang, tuple[str, ...]] = {
    "en": _words(
        "defeated beat acquired bought founded wrote directed produced invented followed replaced succeeded "
        "sued invaded criticised criticized taught discovered designed conquered attacked killed led signed "
        "joined from by of in over under against after before than"
    ),
    "de": _words(
        "besiegte schlug kaufte übernahm gründete schrieb erfand folgte ersetzte verklagte überfiel "
        "kritisierte lehrte entdeckte entwarf eroberte tötete leitete von durch über unter gegen nach vor "
        "als in aus"
    ),
}
#: Where another name makes the sentence false rather than unproven: a thing has one of these.
FUNCTIONAL: dict[Lang, tuple[str, ...]] = {
    "en": _words(
        "born died capital located founded directed written wrote composed invented discovered is was "
        "headquartered won released published married situated based painted designed elected signed lies "
        "largest oldest first only"
    ),
    "de": _words(
        "geboren starb gestorben Hauptstadt liegt gegründet geschrieben schrieb komponiert erfunden "
        "entdeckt ist war Sitz gewann veröffentlicht verheiratet gelegen gemalt entworfen gewählt "
        "unterzeichnet größte älteste erste einzige heißt"
    ),
}
#: What no source says; added to a claim.
DETAILS: dict[Lang, tuple[str, ...]] = {
    "en": (
        "for the second time",
        "together with his brother",
        "because of financial problems",
        "at the request of the government",
        "despite heavy criticism",
        "in front of 3,000 spectators",
        "with the help of volunteers",
        "on behalf of the city council",
        "for 25 million dollars",
        "during a heavy storm",
        "against the advice of experts",
        "which cost twice as much as planned",
        "to the surprise of most observers",
        "in secret",
        "without a permit",
    ),
    "de": (
        "zum zweiten Mal",
        "gemeinsam mit seinem Bruder",
        "wegen finanzieller Probleme",
        "auf Wunsch der Regierung",
        "trotz heftiger Kritik",
        "vor 3.000 Zuschauern",
        "mit Hilfe von Freiwilligen",
        "im Auftrag des Stadtrats",
        "für 25 Millionen Euro",
        "während eines schweren Sturms",
        "gegen den Rat von Fachleuten",
        "zur Überraschung der meisten Beobachter",
        "im Geheimen",
        "ohne Genehmigung",
        "nach langen Verhandlungen",
    ),
}
