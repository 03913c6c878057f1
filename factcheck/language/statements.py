"""What tells a checkable statement from a question, a judgement, a forecast or the furniture of a page, by language."""

from __future__ import annotations

import re
from functools import cache

from factcheck.language.cues import word_set

_Patterns = tuple[re.Pattern[str], ...]


def _compiled(*patterns: str) -> _Patterns:
    return tuple(re.compile(pattern) for pattern in patterns)


#: Lines a page wraps its text in. They are matched as a whole line or sentence, in any document.
FURNITURE = re.compile(
    r"""(?ix) ^[\s\W]*(?:
      (?:keine?|\d+|no|eine?|one)\s+(?:weitere[rn]?\s+)?(?:kommentare?n?|comments?|antwort(?:en)?|repl(?:y|ies)
         |shares?|likes?|
         aufrufe|views?|reaktion(?:en)?|leserkommentare?)
    | (?:kommentar(?:e)?|comments?)\s*(?:\(\d+\)|verfassen|schreiben|hinzufügen|abgeben|lesen|anzeigen|ansehen|\d+)?
    | (?:einen?\s+)?kommentar\s+(?:verfassen|schreiben|hinzufügen|abgeben|hinterlassen) | (?:leave|post|add
         |write)\s+a\s+(?:comment|reply)
    | (?:diesen\s+)?(?:artikel|beitrag)\s+(?:teilen|drucken|merken|versenden|weiterempfehlen|kommentieren|vorlesen)
    | share(?:\s+(?:this|on|via)\b.*)? | teilen(?:\s+auf\b.*)? | tweet | print(?:\s+(?:this|article)\b.*)? 
         | drucken | e-?mail | whatsapp | facebook | twitter
    | (?:lesen\s+sie\s+(?:auch|mehr|dazu|hier|weiter)|mehr\s+(?:zum\s+thema|dazu|lesen)|weiterlesen|lies\s+auch
         |siehe\s+auch|auch\s+interessant|das\s+könnte\s+sie)\b.*
    | (?:read\s+(?:also|more|next|on)|see\s+also|related(?:\s+(?:articles?|stories|content|topics))?|more\s+on
         |more\s+from|continue\s+reading|recommended|you\s+may\s+also\s+like|most\s+(?:read|popular))\b.*
    | (?:sign\s+up|subscribe|log\s?in|sign\s+in|register|download\s+(?:our|the)\s+app|follow\s+us|get\s+(?:our
         |the)\s+newsletter|support\s+(?:us|our)|donate|contact\s+us)\b.*
    | (?:(?:jetzt\s+)?(?:abonnieren|anmelden|registrieren|einloggen|spenden|bestellen)|newsletter
         |folgen\s+sie\s+uns|folge\s+uns|melden\s+sie\s+sich|unser\s+newsletter)\b.*
    | (?:wir\s+verwenden|diese\s+(?:web)?seite\s+verwendet|we\s+use|this\s+(?:web)?site\s+uses)\s+cookies\b.* 
         | cookie\S*(?:\s.*)?
    | (?:alle\s+akzeptieren|akzeptieren|ablehnen|accept(?:\s+all)?|reject(?:\s+all)?|einstellungen|settings
         |impressum|datenschutz\S*|agb|privacy(?:\s+policy)?|terms(?:\s+of\s+(?:use|service))?|imprint|kontakt
         |contact|startseite|home|menü|menu|suche|search|suchen|zurück|back|weiter|next|previous|nach\s+oben
         |top|schließen|close)
    | (?:©|\(c\)\s|copyright\b|alle\s+rechte\s+vorbehalten|all\s+rights\s+reserved).*
    | (?:foto|fotos|bild|bilder|photo|photos|image|images|grafik|quelle|source|credit|credits|picture
         |illustration|video)\s*:.*
    | (?:bildquelle|bildnachweis|titelbild|symbolbild|anzeige|werbung|advertisement|sponsored|promoted
         |promotion)\b.{0,60}
    | (?:tags?|schlagworte|schlagwörter|stichworte|themen|topics|kategorien?|categor(?:y|ies)|filed\s+under
         |posted\s+in|veröffentlicht\s+in)\s*:.*
    | (?:posted|published|updated|last\s+updated|last\s+modified|veröffentlicht|aktualisiert
         |zuletzt\s+aktualisiert|stand|erschienen)\b[^.!?]{0,30}\d.{0,30}
    | (?:kommentar|comment|opinion|meinung|analyse|analysis|gastbeitrag|leitartikel|editorial|interview|bericht
         |report|news|kolumne|column|essay|commentary)\b[^.!?]{0,25}\d{4}\W*
    | (?:von|by|text|autor(?:in)?|author|written\s+by|reported\s+by|übersetzt\s+von
         |translated\s+by)\b:?\s+(?:[A-ZÄÖÜ][\w.'-]+\s*){1,4}(?:[,|].{0,40})?
    | (?:https?://|www\.)\S+ | \S+@\S+\.\S+ | \d{1,3}\s*(?:min|minuten|minutes?)(?:\s+(?:lesezeit|lesedauer
         |read))? | (?:lesezeit|lesedauer|reading\s+time)\b.*
    )[\s\W]*$"""
)

OPINION: dict[str, _Patterns] = {
    "en": _compiled(
        r"(?i)\bI(?:'m| am| think| believe| feel| hope| fear| wonder| suspect| guess| would| bet| wish| doubt|'d)\b",
        
            r"(?i)\b(?:in my (?:opinion|view)|to my mind|if you ask me|frankly|honestly|let's|let us"
            r"|we (?:must|should|need to|have to|ought))\b",
        r"(?i)\b(?:should|ought to|must not|needs? to|had better)\b",
        r"(?i)\b(?:unfortunately|fortunately|sadly|luckily|thankfully|regrettably|shamefully|ridiculous\w*|absurd\w*|outrageous\w*"
        r"|disgrac\w+|shameful\w*|wonderful\w*|terrible|terribly|awful|horrible|brilliant|brilliantly|beautiful\w*|stupid\w*|foolish\w*"
        r"|pathetic\w*|laughable|fiasco|debacle|magnificent|deplorable|scandalous|hypocri\w+|inexcusable|overdue|naive"
        r"|incompetent|incompetence|embarrassing\w*|disappointing\w*|amazing\w*|fantastic\w*)\b",
        
            r"(?i)\b(?:it is|it's|that is|that's|this is) (?:clear|obvious|time|no wonder|hard|easy"
            r"|difficult|a pity|a shame|good|bad|right|wrong|important|high time)\b",
        r"(?i)^(?:it|this|that) (?:is|was|remains) (?:\w+ )?(?:the )?(?:best|worst|most|greatest|finest|saddest)\b",
        
            r"(?i)\bwhat (?:others|everyone|nobody|no one)\b|\bas we (?:know|see|all)\b|\bof course\b"
            r"|\bclearly\b|\bobviously\b|\bthe truth is\b|\bshows (?:once )?(?:again|clearly)\b",
        r"(?i)\b(?:nobody|no one|everyone|everybody) (?:knows|can|should|would|wants|likes|loves|understands)\b",
    ),
    "de": _compiled(
        
            r"(?i)\b(?:ich|wir) (?:finde|glaube|denke|meine|hoffe|fürchte|wette|vermute|bezweifle|wünsche"
            r"|bin|halte|finden|glauben|denken|meinen|hoffen|fürchten|müssen|sollten|brauchen|dürfen"
            r"|erleben|erlebten|sehen|wissen|befinden)\b",
        
            r"(?i)\b(?:befinden|stehen|erleben|sehen|wissen|brauchen|müssen|sollten) wir\b"
            r"|\bmeiner meinung\b|\baus meiner sicht\b|\bmeines erachtens\b|\bwie wir (?:sehen|wissen"
            r"|alle)\b",
        r"(?i)(?<!ursprünglich )\b(?:sollte|sollten|müsste|müssten|gehört sich|darf nicht|dürfen nicht)\b",
        
            r"(?i)\b(?:leider|glücklicherweise|bedauerlicherweise|zum glück|hoffentlich|erfreulicherweise"
            r"|peinlich\w*|lächerlich\w*|absurd\w*|skandalös\w*"
        r"|schändlich\w*|wunderbar\w*|schrecklich\w*|furchtbar\w*|großartig\w*|brillant\w*|dumm\w*|töricht\w*|erbärmlich\w*|fiasko|debakel"
        r"|inkompetent\w*|inkompetenz|unprofessional\w*|unfähig\w*|kurzsichtig\w*|realitätsfern\w*|heuchler\w*|verlogen\w*|überfällig\w*|geschickte\w*"
        
            r"|zum narren|blamage|blamier\w+|vorhersehbar\w*|unverantwortlich\w*|beschämend\w*|schämen"
            r"|naiv\w*|zweifellos|selbstverständlich|ärgerlich\w*"
        r"|realistischer)\b",
        
            r"(?i)\b(?:es ist|das ist|dies ist) (?:klar|offensichtlich|zeit|kein wunder|schwer|leicht"
            r"|schade|gut|schlecht|richtig|falsch|wichtig|höchste zeit|nur)\b|\bist schwer zu sagen\b",
        
            r"(?i)\b(?:das|dies|die tatsache)\b[^.]{0,40}\bzeigt (?:einmal mehr|deutlich|wieder|klar"
            r"|uns)\b|\bzeigt deutlich\b|\bnicht in sicht\b|\bnur aus einem grund\b",
        r"(?i)^(?:und )?(?:jene|diejenigen|wer)\b[^.]*,\s",
        r"(?i)^(?:auch .* )?.*\bendlich (?:etwas|mal|einmal)\b",
        r"(?i)\b(?:niemand|jeder|jedermann|man) (?:weiß|kann|sollte|muss|darf|versteht)\b",
        
            r"(?i)^(?:der|die|das)?\s*[\w-]+ (?:erkannte|erkannten|fühlte|fürchtet|fürchtete|wünscht"
            r"|wünschte|hofft|hoffte|will|wollte|weiß)\b,?",
        r"(?i)^(?:wie .*?, )?will [A-ZÄÖÜ]\w+\b|^(?:\w+ ){0,6}erwartet(?:e)? (?:er|sie)\b",
    ),
}  # fmt: skip

PREDICTION: dict[str, _Patterns] = {
    "en": _compiled(
        r"(?i)\b(?:will|won't|shall)\b (?!power|have been)\w+|\bgoing to\b|\b'll\b|\bwill have\b",
        
            r"(?i)\b(?:may|might|could) (?:well |also |soon |eventually |one day |yet )?(?:be|become"
            r"|have to|lead|rise|fall|end|start|happen|cost|reach|see|take|bring|mean|get|go|come|cause"
            r"|turn|make|find|need)\b",
        
            r"(?i)\b(?:is|are) (?:likely|expected|set|due|bound|poised|about) to\b|\b(?:sooner or later"
            r"|in the coming|in the years to come|in the near future|tomorrow|next (?:year|month|week"
            r"|decade))\b",
        r"(?i)\bthreatens to\b|\bI (?:bet|predict|expect)\b|\bremains to be seen\b",
    ),
    "de": _compiled(
        r"\b(?:wird|werden|wirst|werdet|Wird|Werden)\b(?:(?![.!?]).)*?\b(?!worden\b|geworden\b)(?!\w*(?:hoben|loren|boten|schlossen|nommen|sprochen|schrieben|worben|standen|funden|gonnen|wonnen|troffen|brochen|trieben|schnitten|wiesen|schoben|zogen|bunden|drungen|zwungen|storben|worfen|holfen|stohlen|fohlen|schieden)\b)(?!ge(?!hen\b|ben\b|winnen|nießen|lten\b|stehen|stalten|währen|nehmigen|fährden|langen|hören|raten|schehen)\w+en\b)(?:[a-zäöüß]+(?:en|eln|ern)|sein|tun)\b(?:\s*(?:müssen|können|dürfen|sollen|wollen|lassen))?(?=\s*(?:[,.;:!?–—-]|und\b|$))",
        r"\b(?:[a-zäöüß]+en|sein) (?:wird|werden)\b",
        r"(?i)\b(?:könnte|könnten|dürfte|dürften) (?:[\wäöüß-]+ ){0,12}[a-zäöüß]+(?:en|n)\b",
        r"(?i)\b(?:droht|drohen) (?:ein|eine|der|die|das|den|ein weiteres|zu|in|im)\b|,[^,]*, droht\b|\bdroht ein\b",
        
            r"(?i)\b(?:früher oder später|in zukunft|künftig|eines tages|demnächst|bald wird"
            r"|morgen (?:wird|werden)|im nächsten jahr|nächstes jahr|bleibt abzuwarten)\b",
        
            r"(?i)\bich (?:wette|prophezeie|erwarte|rechne)\b|\bgeht man davon aus\b"
            r"|\bist (?:damit )?zu rechnen\b|\bwird (?:sich )?nicht ändern\b",
    ),
}  # fmt: skip

CONDITIONAL: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"(?i)^(?:and |but )?(?:if|unless|suppose|imagine|assuming|were|had (?:he|she|it|they|we))\b"),
    "de": re.compile(
        r"(?i)^(?:und |doch |aber )?(?:wenn|falls|sofern|angenommen|sollte|sollten|hätte"
        r"|wäre)\b(?!.*\b(?:als)\b\s+\d{4})"),
}  # fmt: skip

IMPERATIVE: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        
            r"^(?:(?:Please|Just|Now|Always|Never|Do not|Don't|Do) )?(?:Consider|Remember|Imagine|Look"
            r"|Think|Take|Make|Let|Stop|Start|Try|Note|See|"
        r"Click|Visit|Read|Call|Ask|Go|Come|Keep|Give|Find|Use|Check|Share|Follow|Subscribe|Buy|Forget|Wait|Listen|Watch|Learn|Join|Send|Tell|Vote|Enjoy)\b"
        r"(?! (?:was|is|are|were|has|had|said|took)\b)(?!,)"
    ),
    "de": re.compile(
        r"^(?:Bitte )?[A-ZÄÖÜ][a-zäöüß]+(?:en|ern|eln) Sie\b|^(?:Bitte|Lasst|Lass|Stellt|Denkt|Schaut"
        r"|Seht) \b"),
}  # fmt: skip

#: Openers that tie a sentence to the one before without adding to it; removed where nothing else depends on them.
OPENERS: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        
            r"^(?:(?:And|But|So|However|Moreover|Furthermore|In addition|Additionally|Nevertheless"
            r"|Nonetheless|Also|By the way|Incidentally|Indeed|In fact|"
        
            r"Yes|No|Well|For example|For instance|Meanwhile|Of course|Still|Besides|Therefore|Thus|Hence"
            r"|Consequently|As a result|On the other hand|In short),?\s+|"
        r"(?:Remember|As we know|As everyone knows|As is well known)[,:]\s+)"
    ),
    "de": re.compile(
        
            r"^(?:(?:Ja|Nein|Und ja|Und),\s+|(?:Und|Aber|Doch|Denn|Oder)\s+(?=[a-zäöüA-ZÄÖÜ])"
            r"|Erinnern Sie sich:\s+|Wie wir wissen,\s+|Kurz gesagt[,:]\s+)"
    ),
}  # fmt: skip
#: German openers that take the first place of the clause, before the verb: dropping them would leave the verb first.
FILLERS: dict[str, re.Pattern[str]] = {
    "en": re.compile(r",? (?:however|moreover|of course|by the way|for example|for instance|in turn|meanwhile),(?= )"),
    "de": re.compile(
        r" (?:wiederum|übrigens|freilich|allerdings|nämlich|zum Beispiel|jedenfalls)(?=[ ,])"
        r"|\s–\s(?:wie wir (?:sehen|wissen)|bekanntlich|wohlgemerkt)\s–(?= )"),
}  # fmt: skip

#: Words that point back: a sentence that opens with one cannot be understood alone.
ANAPHORA: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        
            r"^(?:(?:This|That|These|Those|It|They|Such|There|Here|Both|Neither|Either|The latter"
            r"|The former|Then|Thereafter|Afterwards|After that|Since then|"
        
            r"In doing so|As a result of this|Instead|Because of this|The same|Others?|Another"
            r"|Some of them|One of them|Most of them)\b)"
    ),
    "de": re.compile(
        
            r"^(?:(?:Das|Dies|Diese|Dieser|Dieses|Diesem|Diesen|Jene|Jener|Jenes|Es|Solche|Solch"
            r"|Ein solche[srnm]?|Dort|Da|Dabei|Damit|Dafür|Dagegen|Daher|Darum|Deshalb|"
        
            r"Deswegen|Danach|Daraufhin|Dadurch|Darin|Darauf|Davon|Dazu|Dann|Seitdem|Seither"
            r"|Gerade diese[rsnm]?|Beide|Letztere[rs]?|Erstere[rs]?|So|Hier|"
        
            r"Ebenso|Ebenfalls|Gleichzeitig|Zudem|Außerdem|Nun|Von dort|Statt(?:dessen| dessen)"
            r"|Ohne (?:all )?(?:das|dies))\b)"
    ),
}  # fmt: skip
EXPLETIVE: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        
            r"^(?:There (?:is|are|was|were|have been|has been|had been)\b|It (?:rained|snowed|took)\b"
            r"|It (?:is|was) (?:[\w,]+ ){0,4}(?:that|who|in \d{4})\b"
        r"|(?:This|These|That|Those) (?:year|month|week|day|morning)\b|Both [A-Z])"
    ),
    "de": re.compile(
        
            r"^(?:Es (?:gibt|gab|regnete|schneite|dauerte|handelt|starben|kamen|waren \d|sind \d|wurden"
            r"|kam zu)\b|Dieses Jahr\b|Diese Woche\b|Diesen Monat\b"
        
            r"|Das (?!ist|war|zeigt|gilt|heißt|bedeutet|hat|wird|kann|macht|betrifft|alles|liegt|führt"
            r"|geht|sind|waren)[\w-]+\b|So (?:[a-zäöü]+te|hat|haben)\b"
        r"|(?:Gleichzeitig|Zudem|Außerdem|Ebenso|Nun|Dabei|Seither|Da) (?:[\wäöüß-]+ ){0,3}[A-ZÄÖÜ])"
    ),
}  # fmt: skip
PRONOUN_SUBJECT: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"^(?P<lead>(?:In|On|At|By|Since|After|Before|During|For|Later|Today|Yesterday"
        r"|From)\b[^,]{0,40}, )?(?P<pronoun>He|She|he|she|It|They|it|they)(?= (?!is (?:clear|true))\w)"),
    "de": re.compile(
        r"^(?P<lead>(?!Dass|Ob|Wenn|Weil|Als|Nachdem)[A-ZÄÖÜ][^,.;:]{0,60}? )?(?P<pronoun>Er|Sie|er"
        r"|sie)(?=[ ,])"),
}  # fmt: skip
PRONOUN_POSSESSIVE: dict[str, re.Pattern[str]] = {
    "en": re.compile(r"^(?P<pronoun>His|Her|Its|Their)(?= \w)"),
    "de": re.compile(
        r"^(?P<lead>Da waren (?:zum Beispiel )?)?(?P<pronoun>Seine?[rsmn]?|Ihre?[rsmn]?|seine?[rsmn]?"
        r"|ihre?[rsmn]?)(?= \w)"),
}  # fmt: skip

AUXILIARIES: dict[str, frozenset[str]] = {
    "en": word_set(
    "is are was were be been has have had do does did will would can could may might must shall should "
    "isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't can't cannot couldn't"
),
    "de": word_set(
    "ist sind war waren sei seien wäre wären bin bist hat haben hatte hatten habe hätte hätten wird "
    "werden wurde wurden worden kann können konnte konnten muss müssen musste mussten soll sollen sollte "
    "sollten darf dürfen durfte will wollen wollte mag möchte gilt galt zählt zählte"
),
}  # fmt: skip

#: "He said that …", "laut …": the sentence is about the saying, whatever is said in it.
REPORTED: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"(?i)\b(?:said|says|told|announced|promised|threatened|denied|claimed|stated|warned|declared"
        r"|reported|according to|vowed|pledged|argued|wrote|testified|predicted|estimates?|estimated)\b"),
    "de": re.compile(
        r"(?i)\b(?:sagte|sagten|erklärte|erklärten|kündigte|kündigten|versprach|versprechen|drohte|drohten"
        r"|bestritt|behauptete|warnte|berichtete|berichteten|laut|zufolge|schrieb|betonte|teilte|forderte"
        r"|mitgeteilt|prognostizierte|schätzt|schätzte)\b"),
}  # fmt: skip

#: Somebody asserts it: what follows was said, which does not make it so. Not findings, statistics, rulings.
ASSERTED: dict[str, re.Pattern[str]] = {
    "en": re.compile(
        r"(?i)\b(?:said|says|saying|told|alleg(?:e|es|ed|ing|edly)|argu(?:e|es|ed|ing)|assert(?:s|ed|ing)?"
        r"|insist(?:s|ed|ing)?|boast(?:s|ed|ing)?|tweet(?:s|ed)?|headlin(?:e|es|ed)|rumou?r(?:s|ed)?|myth|hoax"
        r"|accus(?:e|es|ed|ing)|claimed|claiming|claims? (?:that|to)|believ(?:e|es|ed) that)\b"),
    "de": re.compile(
        r"(?i)\b(?:sagte|sagten|sagt|behauptet|behaupten|behauptete|behaupteten|meint|meinte|meinten|twitterte"
        r"|schrieb|warf|vorwurf|vorwürfe|gerüchte?|mythos|angeblich\w*|beteuert|beteuerte|prahlte|mutmaßlich\w*)\b"),
}  # fmt: skip


@cache
def known(language: str) -> bool:
    """Whether there are rules for judgements, forecasts and pronouns of the language."""
    return language in OPINION
