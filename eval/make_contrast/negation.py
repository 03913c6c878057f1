"""A "not" put in or taken out where German and English put it, in the main clause of a sentence that has only one.

Left alone is what a "not" would leave open ("Some bridges were not built"), make ambiguous ("all … are not"), or what
has an adverb or a second clause for it to fall on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from eval.make_contrast.edit import Edit, shuffled
from eval.make_contrast.sentences import several_statements
from factcheck.language.cues import word_set


def negation_edits(text: str, language: str, random: Random) -> list[Edit]:
    """What could be put in or taken out, each a contradiction of ``text``; none where no place is sure."""
    if several_statements(text, language) or _UNSURE[language].search(text):
        return []
    ways = (_taken_out if is_negative(text, language) else _put_in)[language]
    return shuffled([edit for way in ways for edit in way(text)][:1], random)


def is_negative(text: str, language: str) -> bool:
    """Whether the text says of something that it is not so."""
    return _NEGATIVE[language].search(text) is not None


_UNSURE = {
    "en": re.compile(
        r"(?i)\b(?:some|any|several|many|most|few|fewer|little|all|every|each|no|none|never|nothing|nobody|"
        r"without|also|"
        r"too|already|still|even|only|just|merely|either|neither|nor|or|hardly|barely|rarely|seldom|often|usually|"
        r"sometimes|always|mostly|mainly|primarily|largely|partly|partially|generally|almost|nearly|fail\w*|refus\w+|"
        r"den(?:y|ied|ies)|lack\w*|prevent\w*|unable|more|less|yet|again|much|further|least|various|numerous|"
        r"hundreds|thousands|dozens|part|parts|half|majority|minority|ever|both)\b"
    ),
    "de": re.compile(
        r"(?i)\b(?:einige\w?|manche\w?|mehrere\w?|viele\w?|meisten|meist|wenige\w?|alle\w?|jede\w?|nie|niemals|"
        r"nichts|"
        r"niemand|ohne|auch|schon|bereits|noch|nur|bloß|sogar|weder|oder|kaum|selten|oft|häufig|manchmal|immer|"
        r"hauptsächlich|vorwiegend|größtenteils|überwiegend|teilweise|teils|zum teil|beinahe|fast|nahezu|scheiter\w+|"
        r"verweiger\w+|verhinder\w+|fehl\w+|mehr|weniger|wieder|erneut|erst|verschieden\w*|zahlreich\w*|hunderte|"
        r"tausende|teile?|hälfte|mehrheit|minderheit|beide\w?|etwas|irgend\w*|je|jemals|sowohl|insbesondere|"
        r"vor allem|"
        r"unter anderem|allein|stets|weiterhin|zuletzt|zudem|mindestens|höchstens)\b"
    ),
}
_NEGATIVE = {"en": re.compile(r"\b(?:not|cannot)\b|n['’]t\b"), "de": re.compile(r"\b(?:nicht|kein\w*)\b")}

# English ------------------------------------------------------------------------------------------------------------

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|has|have|had)\b")
_MAIN_HAVE = re.compile(
    r"\b(?P<have>has|have|had)(?= (?:an?|the|two|three|four|five|six|seven|eight|nine|ten|\d[\d.,]*) )"
)
_AFTER_AUXILIARY = re.compile(
    r" (?:an?|the|in|on|at|by|from|of|to|for|near|between|among|under|with|within|one|located|based|\d[\d.,]*|"
    r"been|home|"
    r"born|built|made|known|written|held|won|sent|sold|led|set|found|founded|given|taken|drawn|begun|broken|chosen|"
    r"driven|fought|grown|hit|kept|laid|lost|paid|put|read|run|seen|shot|shown|shut|spent|spoken|split|spread|struck|"
    r"sunk|taught|thrown|told|worn|left|bought|brought|caught|cut|dealt|\w+ed|two|three|four|five|six|seven|eight|"
    r"nine|"
    r"ten|twelve)\b(?! (?:of (?:the )?(?:two|three)))"
)
_HAVE_AFTER = re.compile(
    r" (?:been|(?:\w+ed|built|made|known|written|held|won|sent|sold|led|set|found|given|taken|begun|lost)"
    r"(?= (?:the|an?|to|in|on|at|by|from|into|with|for|over|under|its|his|her|their|[A-Z])))\b"
)
_QUANTIFIED = re.compile(
    r"(?i)(?:^|\s)(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|there|what|"
    r"\d[\d.,]*)\s+"
    r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)"
)
_NO_ONE_THING = re.compile(
    r"(?i)%|^(?:over|under|about|around|up to|north|south|east|west|northeast|northwest|southeast|"
    r"southwest|near|next|opposite|among|of)\b"
)
_IN_FRONT = re.compile(r"^(?:[Ii]n|[Oo]n|[Aa]t|[Dd]uring|[Uu]nder) [^,]+, ")


def _forms(text: str) -> dict[str, str]:
    """A verb's form as it stands in a sentence, and its infinitive."""
    return {form: base for form, _, base in (pair.partition(":") for pair in text.split())}


_PAST = _forms(
    """
    moved:move died:die joined:join signed:sign opened:open founded:found began:begin became:become won:win
    lost:lose built:build wrote:write received:receive adopted:adopt reached:reach entered:enter left:leave
    took:take gave:give went:go came:come returned:return arrived:arrive produced:produce created:create
    established:establish introduced:introduce defeated:defeat invaded:invade conquered:conquer ordered:order
    launched:launch landed:land crossed:cross bought:buy sold:sell acquired:acquire discovered:discover
    invented:invent developed:develop published:publish married:marry attended:attend studied:study taught:teach
    worked:work lived:live served:serve ruled:rule led:lead held:hold ran:run ended:end started:start occurred:occur
    happened:happen remained:remain stood:stand lay:lie covered:cover contained:contain included:include
    consisted:consist belonged:belong employed:employ cost:cost paid:pay spent:spend resigned:resign
    refounded:refound replaced:replace succeeded:succeed separated:separate merged:merge purchased:purchase
    donated:donate presented:present rejected:reject passed:pass approved:approve granted:grant awarded:award
    brought:bring sent:send killed:kill destroyed:destroy attacked:attack captured:capture surrendered:surrender
    withdrew:withdraw hit:hit struck:strike fell:fall rose:rise grew:grow increased:increase decreased:decrease
    dropped:drop played:play recorded:record performed:perform collected:collect carried:carry changed:change
    closed:close completed:complete visited:visit settled:settle fled:flee fought:fight spoke:speak met:meet
    told:tell made:make commissioned:commission designed:design used:use banned:ban abolished:abolish elected:elect
    appointed:appoint hosted:host measured:measure installed:install supplied:supply delivered:deliver
    """
)
_PRESENT = _forms(
    """
    consists:consist contains:contain includes:include belongs:belong comprises:comprise lies:lie flows:flow
    employs:employ borders:border separates:separate connects:connect produces:produce depends:depend covers:cover
    provides:provide owns:own operates:operate begins:begin ends:end stands:stand runs:run serves:serve
    requires:require costs:cost pays:pay forms:form hosts:host receives:receive allows:allow represents:represent
    """
)
_PLURAL = {"consist", "contain", "belong", "comprise", "flow", "depend", "produce", "include"}
_VERB = re.compile(rf"\b(?:{'|'.join(sorted({*_PAST, *_PRESENT, *_PLURAL}, key=len, reverse=True))})\b(?! by\b)")
_ONLY_FINITE = word_set("began became wrote took gave went came lay ran fell rose grew withdrew spoke fled hit")
_NO_SUBJECT = word_set("the a an to of and or its his her their in on by for first newly who that")
_LONGEST_SUBJECT = 7  # words


def _english_auxiliary(text: str) -> Iterator[Edit]:
    """was opened: was not opened; has 5 members: does not have 5 members."""
    verb = _AUXILIARY.search(text)
    if verb is None or not _is_subject(text[: verb.start()]):
        return
    if verb[0] in ("has", "have", "had"):
        if main := _MAIN_HAVE.match(text, verb.start()):
            do = {"has": "does", "have": "do", "had": "did"}[main["have"]]
            yield Edit(verb.start(), verb.end(), f"{do} not have")
        elif _HAVE_AFTER.match(text, verb.end()):
            yield Edit(verb.end(), verb.end(), " not")
    elif _AFTER_AUXILIARY.match(text, verb.end()):
        yield Edit(verb.end(), verb.end(), " not")


def _english_verb(text: str) -> Iterator[Edit]:
    """moved to: did not move to; consists of: does not consist of."""
    if _AUXILIARY.search(text):
        return
    verb = _VERB.search(text)
    if verb is None or not _is_subject(text[: verb.start()]) or not verb.start():
        return
    last = text[: verb.start()].split()[-1]
    if last.lower() in _NO_SUBJECT or last.endswith("ly"):
        return
    if verb[0] in _PAST and not (verb[0] in _ONLY_FINITE or last[0].isupper() or last[0].isdigit()):
        return  # "the advances made in botany"
    if verb[0] in _PAST:
        yield Edit(verb.start(), verb.end(), f"did not {_PAST[verb[0]]}")
    elif verb[0] in _PRESENT:
        yield Edit(verb.start(), verb.end(), f"does not {_PRESENT[verb[0]]}")
    else:
        yield Edit(verb.start(), verb.end(), f"do not {verb[0]}")


def _is_subject(before: str) -> bool:
    """Whether what stands before the verb is short, in one piece, and speaks of something definite."""
    bare = _IN_FRONT.sub("", before)
    return (
        "," not in bare
        and 0 < len(bare.split()) <= _LONGEST_SUBJECT
        and not _QUANTIFIED.search(bare)
        and not _NO_ONE_THING.search(bare)
    )


_NOT = re.compile(r"\b(?:is|are|was|were|has|have|had)(?P<not> not|n['’]t)\b(?! (?:a single|at all|in itself))")
_DO_NOT = re.compile(r"\b(?P<do>did|does|do)(?: not|n['’]t) (?P<base>[a-z]+)\b")
_BASE_PAST = {base: past for past, base in _PAST.items()}
_BASE_PRESENT = {base: present for present, base in _PRESENT.items()}


def _english_not_out(text: str) -> Iterator[Edit]:
    if found := _NOT.search(text):
        yield Edit(found.start("not"), found.end("not"), "")


def _english_do_not_out(text: str) -> Iterator[Edit]:
    if found := _DO_NOT.search(text):
        forms = {"did": _BASE_PAST, "does": _BASE_PRESENT, "do": {base: base for base in _BASE_PAST}}[found["do"]]
        if found["base"] in forms:
            yield Edit(found.start(), found.end(), forms[found["base"]])


# German -------------------------------------------------------------------------------------------------------------

_GERMAN_FINITE = re.compile(
    r"\b(?P<verb>ist|sind|war|waren|wurde|wurden|hat|haben|hatte|hatten|liegt|liegen|lag|lagen|befindet|befinden|"
    r"befand|"
    r"befanden|gehört|gehören|gehörte|gehörten|besteht|bestehen|bestand|stammt|stammen|stammte|begann|begannen|"
    r"endete|"
    r"endeten|starb|starben|stieg|stiegen|sank|sanken|fiel|fielen|zog|zogen|trat|traten|ging|gingen|kam|kamen|führte|"
    r"führt|führten|reicht|reichte|mündet|fließt|dient|diente|umfasst|bildet|bilden|nahm|nahmen|entstand|entstanden|"
    r"fand|fanden|erhielt|erhielten|beträgt|betrug|grenzt|besitzt|besaß|arbeitete|lebte|studierte|landete|startete|"
    r"siegte|gewann|verlor|flossen|floss|dauerte|dauerten|stand|standen|steht|erschien)(?P<self> sich)?\b"
)
_NOT_A_SUBJECT = word_set(
    "in im am an auf aus bei beim mit nach von vom vor zu zum zur über unter um durch für "
    "gegen seit während zwischen ab "
    "bis laut ohne trotz wegen neben hinter den dem des einem einen eines einer ein eine heute damals rund etwa "
    "insgesamt zwei drei vier fünf sechs sieben acht neun zehn als was wie wo wer es dort hier januar februar "
    "märz april "
    "mai juni juli august september oktober november dezember anfang ende mitte gut knapp über mehr weniger "
    "nördlich südlich östlich westlich nordöstlich nordwestlich südöstlich südwestlich nahe unweit "
    "ende mitte"
)
_KEIN = re.compile(
    r" (?P<article>ein|eine|einen|einem|einer|eines)(?= (?!paar\b|wenig\b|bisschen\b|und\b|Teil\b|Drittel\b))"
)
_NICHT_BEFORE = re.compile(
    r" (?:der|die|das|den|dem|in|im|am|an|auf|aus|bei|beim|mit|nach|von|vom|vor|zu|zum|zur|unter|durch|für|gegen|"
    r"zwischen|neben|hinter|rund|etwa|über|Teil|\d[\d.,]*)\b"
)
_PARTICLE_AT_END = re.compile(
    r" (?:bei|ab|an|auf|aus|ein|statt|teil|vor|zu|zurück|fort|nieder|um|unter|hervor|fest|frei|los|mit|nach|weg|"
    r"durch|hin|"
    r"her|bereit|zusammen|über|entgegen|heraus|hinaus|ein|voran|herab|heran)\.$"
)
_WHEN = re.compile(
    r" (?:im Jahre? )?(?:1\d|20)\d\d\b| (?:am \d\d?\. |im )(?:Januar|Februar|März|April|Mai|Juni|Juli|August|"
    r"September|Oktober|"
    r"November|Dezember)(?: \d{4})?\b"
)
_PREDICATE = re.compile(r" (?:ge\w+t|ge\w+en|be\w+t|ver\w+t|er\w+t|\w+iert|\w+lich|\w+ig|\w+isch)\.$")
_GERMAN_SUBJECT = re.compile(r"^(?:(?:Der|Die|Das) )?[A-ZÄÖÜ0-9]")
_PARTICIPLE = re.compile(r"(?:Ge|Be|Er|Ver)\w+(?:t|en)$")  # "Gegründet wurde …"
_ADJECTIVE = re.compile(
    r"(?!(?:Der|Die|Das)$)[A-ZÄÖÜ][a-zäöüß]{2,}(?:e|ere|er|es)$"
)  # "Kleinere Änderungen": some, not all
_WITH_OBJECT = word_set(
    "hat haben hatte hatten nahm nahmen erhielt erhielten bildet bilden umfasst gewann "
    "verlor führte führten fand fanden "
    "besitzt besaß beträgt betrug reicht reichte dauerte dauerten"
)


def _german_in(text: str) -> Iterator[Edit]:
    """wurde 1990 von X gegründet: wurde 1990 nicht von X gegründet; ist ein Fluss: ist kein Fluss."""
    verb = _GERMAN_FINITE.search(text)
    if verb is None or not _is_german_subject(text[: verb.start()].rstrip()):
        return
    if article := _KEIN.match(text, verb.end()):
        yield Edit(article.start("article"), article.start("article"), "k")
        return
    if particle := _PARTICLE_AT_END.search(text, verb.end()):
        if "," not in text[verb.end() :] and " und " not in text[verb.end() :]:
            yield Edit(particle.start(), particle.start(), " nicht")
        return
    if verb["verb"] in _WITH_OBJECT:
        if re.match(r" (?!(?:1\d|20)\d\d\b)\d", text[verb.end() :]):
            yield Edit(verb.end(), verb.end(), " nicht")
        return  # "hat die Stadt nicht verlassen": how far the object reaches is not sure
    when = _WHEN.match(text, verb.end())
    place = when.end() if when and not re.match(r"[.,]", text[when.end() :]) else verb.end()
    if _NICHT_BEFORE.match(text, place) or _PREDICATE.match(text, place):
        yield Edit(place, place, " nicht")


def _is_german_subject(before: str) -> bool:
    """Whether the sentence opens with its subject, definite and in one piece, so that the verb is the second thing."""
    tokens = before.split()
    return (
        0 < len(tokens) <= _LONGEST_SUBJECT
        and _GERMAN_SUBJECT.match(before) is not None
        and tokens[0].lower().strip(",.") not in _NOT_A_SUBJECT
        and not tokens[0][0].isdigit()
        and not _PARTICIPLE.match(before)
        and not (len(tokens) > 1 and _ADJECTIVE.match(tokens[0]))
        and "," not in before
        and not re.search(r"\b(?:ein|eine|einer|eines|einem|einen)\b", before)
        and (tokens[-1][0].isupper() or tokens[-1][0].isdigit() or tokens[-1].endswith(")"))
    )


_NICHT = re.compile(r" nicht(?! (?:einmal|zuletzt|länger|einer|ein)\b)(?=[ .,])")


def _german_out(text: str) -> Iterator[Edit]:
    found = _NICHT.search(text)
    if found and len(_NEGATIVE["de"].findall(text)) == 1 and not re.search(r"(?i)\b(?:gar|ob|überhaupt|zwar)\b", text):
        yield Edit(found.start(), found.end(), "")


_put_in = {"en": (_english_auxiliary, _english_verb), "de": (_german_in,)}
_taken_out = {"en": (_english_not_out, _english_do_not_out), "de": (_german_out,)}
