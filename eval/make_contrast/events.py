"""Verbs of what happens once: another day, place or author for one of these is another story, and so a contradiction.

"Exports rose in 2019" may be true of 2015 as well; "the bridge was opened in 2019" may not.
"""

from __future__ import annotations

import re

_WHEN = {
    "en": re.compile(
        r"\b(?:born|died|(?:was|were) (?:founded|established|opened|reopened|inaugurated|launched|built|completed|"
        r"released|"
        r"published|signed|ratified|abolished|dissolved|discovered|invented|assassinated|murdered|killed|executed|"
        r"buried|"
        r"created|formed|incorporated|introduced|adopted|annexed|demolished|destroyed|commissioned|decommissioned|"
        r"crowned|consecrated|closed|merged|renamed|sunk|erected|constructed|patented|acquired|sold|invaded|divided|"
        r"admitted|premiered|first (?:published|released|used|described|opened|built|mentioned|broadcast)|laid|"
        r"canonized|"
        r"beheaded|unveiled|repealed|enacted|proclaimed|declared|granted|awarded|wiped out|withdrawn|decided|ordered|"
        r"approved|delivered|handed over|chartered|rebuilt|moved|shut down|taken out of service)|"
        r"founded|landed|lifted off|touched down|splashed down|crashed|exploded|collapsed|sank|premiered|debuted|"
        r"inaugurated|graduated|emigrated|immigrated|surrendered|abdicated|resigned|erupted|invaded|conquered|"
        r"seceded|"
        r"came into force|entered into force|took effect|took place|went into service|entered service|adopted the|"
        r"hit the|joined the|opened in|opened on|married|launched on|arrived in|bombed|signed the|declared war)\b"
    ),
    "de": re.compile(
        r"\b(?:geboren|gestorben|starb|gegründet|gründete|eröffnet|eröffnete|eingeweiht|fertiggestellt|erbaut|"
        r"errichtet|"
        r"gebaut|veröffentlicht|erschien|unterzeichnet|ratifiziert|abgeschafft|aufgelöst|entdeckt|erfunden|ermordet|"
        r"getötet|hingerichtet|begraben|bestattet|geschaffen|eingeführt|annektiert|abgerissen|zerstört|gekrönt|"
        r"geweiht|"
        r"geschlossen|umbenannt|versenkt|patentiert|übernommen|verkauft|aufgenommen|uraufgeführt|erstmals erwähnt|"
        r"enthüllt|aufgehoben|verabschiedet|ausgerufen|freigegeben|stillgelegt|gelandet|landete|gestartet|startete|"
        r"abgestürzt|explodierte|stürzte\b.*\b(?:ab|ein)|sank|promovierte|emigrierte|kapitulierte|dankte\b.*\bab|"
        r"zurückgetreten|"
        r"brach\b.*\b(?:aus|zusammen)|ausgebrochen|trat\b.*\b(?:bei|zurück|in Kraft)|in Kraft getreten|beigetreten|"
        r"stattgefunden|fand\b.*\bstatt|beschlossen|beschloss|genehmigt|ausgeliefert|geliefert|"
        r"heiratete|bombardiert|verschmolzen|fusionierte|eingemeindet|zugelassen|verliehen|eingestellt|geflogen|"
        r"freigelassen|erobert|eroberte|besetzt|gespalten|ausgesetzt|übergeben|ausgestrahlt)\b"
    ),
}
_CLAUSE_END = re.compile(r",\s(?!\d{4})|\s(?:and|und|or|oder)\s(?!\w+\s\d{4})")


def event_near(text: str, start: int, end: int, language: str) -> bool:
    """Whether a verb of what happens once stands in the same clause as ``text[start:end]``."""
    return any(
        _CLAUSE_END.search(text[min(end, verb.end()) : max(start, verb.start())]) is None
        for verb in _WHEN[language].finditer(text)
    )
