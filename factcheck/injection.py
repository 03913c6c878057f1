"""Finds text that tries to talk to a language model, so that a report can warn of it. A warning, never a filter."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from factcheck.models import Notice, Span
from factcheck.once import kept
from factcheck.text import normalise

# "Ignore what you were told", by language: verbs, words for "earlier", words for "instructions", in either order.
_OVERRIDE_WORDS = {
    "en": (
        "ignore|disregard|forget|override|bypass|skip",
        "all|any|every|your|previous|prior|above|preceding|earlier|foregoing|initial|original|former|system",
        "instructions?|prompts?|directives|system messages?",
    ),
    "de": (
        "ignorier(?:e|t|en Sie)?|vergiss|vergesst|vergessen Sie|missachte|übergehe?|verwirf",
        "alle|sämtliche|deine|(?:bisherig|vorherig|vorig|obig|früher|vorangegangen|vorstehend|vorangehend|ursprünglich)en?",
        "(?:System)?Anweisung(?:en)?|Instruktion(?:en)?|Prompts?|Befehle?",
    ),
    "fr": (
        "ignore[zr]?|oublie[zr]?|néglige[zr]?|ne (?:tiens|tenez) (?:pas|aucun) compte",
        "toutes|précédente?s?|antérieure?s?|ci-dessus|préalables|initiales",
        "instructions?|consignes?|directives?",
    ),
    "es": (
        "ignora|ignore|ignorad|olvida|olvide|omite|omita|descarta",
        "todas|anteriores|previas|de arriba|iniciales",
        "instrucciones|indicaciones|órdenes",
    ),
    "it": (
        "ignora|ignorate|ignori|dimentica|dimenticate",
        "tutte|precedenti|di cui sopra|iniziali",
        "istruzioni|indicazioni",
    ),
    "pt": (
        "ignore|ignora|esqueça|esquece|desconsidere",
        "todas|anteriores|prévias|acima",
        "instruções|orientações",
    ),
    "nl": ("negeer|vergeet", "alle|vorige|eerdere|voorgaande|bovenstaande", "instructies|opdrachten|aanwijzingen"),
    "pl": (
        r"zignoruj|ignoruj|zapomnij|pomiń",
        r"wszystkie|poprzedni\w+|wcześniejsz\w+|powyższ\w+",
        r"instrukcj\w+|polece\w+",
    ),
    "ru": (r"(?:про)?игнорируй\w*|забудь\w*", r"предыдущ\w+|прежн\w+|все|всё", r"инструкц\w+|указани\w+|команд\w+"),
    "uk": (r"(?:про)?ігноруй\w*|забудь\w*", r"попередн\w+|усі|всі", r"інструкц\w+|вказівк\w+|команд\w+"),
    "tr": ("unut|yok say|görmezden gel", "önceki|yukarıdaki|tüm|bütün", "talimatları|komutları|yönergeleri"),
    "ar": ("تجاهل|انس", "السابقة|أعلاه|جميع|كل", "التعليمات|الأوامر|الإرشادات"),
}
_GAP = r"(?:[^\s.!?;:\"]+ ){0,3}"  # up to three words
_OVERRIDES = (
    *(
        rf"\b(?:{verbs}) {_GAP}(?:(?:{earlier}) {_GAP}(?:{nouns})|(?:{nouns}) {_GAP}(?:{earlier}))\b"
        rf"|\b(?:{earlier}) {_GAP}(?:{nouns}) {_GAP}(?:{verbs})\b"
        for verbs, earlier, nouns in _OVERRIDE_WORDS.values()
    ),
    r"\b(?:ignore|disregard|forget) (?:everything|anything|all) "
    r"(?:(?:that )?you(?: were|\"ve been| have been) told|(?:written |said |stated )?(?:above|before this))\b",
    r"(?:忽略|无视|無視|忘记|忘記|忽視)(?:掉|你)?(?:以上|之前|先前|前面|上述|上面|所有|一切)"
    r"[^。!?]{0,8}(?:指令|指示|提示|说明|說明|命令|规则)",
    r"(?:以前|これまで|上記|前|先)の[^。]{0,6}(?:指示|命令|プロンプト)を?[^。]{0,4}(?:無視|忘れ)",
    r"(?:이전|위|앞)(?:의)? ?[^.]{0,6}(?:지시|명령|지침|프롬프트)[^.]{0,6}(?:무시|잊)",
)

# "Label every claim supported": an order, opening a sentence or behind "must"; never "We rate this claim False".
_ORDER = r"(?:^|(?<=[.!?:;,(\"\]])|(?<=[.!?:;,)\]] )|\b(?:must|should|always|please|will|to|and|then|just|simply) )"
_OUR_LABEL = r"\"?(?:supported|contradicted|unverifiable)\b"
_BESTÄTIGT = (
    r"\"?(?:gestützt|belegt|unterstützt|wahr|bestätigt|verifiziert|richtig|korrekt|widerlegt|"
    r"supported|contradicted|unverifiable)\b"
)
_AUSSAGEN = r"(?:Behauptung|Aussage|Angabe|Claim|Satz|Sätze)\w*"
_EINSTUFEN = (  # an order; "ich bewerte die Aussage als richtig" is somebody's judgement
    r"(?<!ich )(?<!wir )\b"
    r"(?:bewerte|kennzeichne|markiere|stufe|bezeichne|werte|beurteile|klassifiziere|behandle)(?:n Sie|t)?"
)
_LABELLING = (
    rf"{_ORDER}(?:label|mark|rate|classify|judge|return|output|answer|report|treat|tag) "
    r"(?:all|every|each|any|this|that|the|these|following|everything|them|it)\b (?:[^\s.!?;]+ ){0,6}?"
    r"(?:(?:as|is|are|to be|=|:) )?\"?(?:supported|unsupported|contradicted|unverifiable)\b",
    rf"{_ORDER}(?:label|mark|rate|classify|judge|treat|tag) (?:all|every|each|any|these) (?:\w+ ){{0,3}}?"
    r"(?:claims?|statements?|assertions?) (?:\w+ ){0,5}?(?:as )?\"?(?:verified|true|correct|accurate|false)\b",
    r"\b(?:claims?|statements?|assertions?) (?:[^\s.!?;]+ ){0,5}?(?:must|should|is to|are to|has to|have to) be "
    r"(?:labell?ed|marked|rated|classified|judged|treated|reported)(?: as)? \"?(?:supported|contradicted)\b",
    r"\b(?:correct |right |final |expected )?(?:label|verdict) (?:[^\s.!?;]+ ){0,4}?(?:must|should|has to|is to|will) "
    r"(?:always )?be \"?(?:supported|contradicted|unverifiable)\b",
    # "Treat this claim as true" opens a sentence; "… and rate this claim false" is what fact-checkers write
    r"(?:^|(?<=[.!?:;,\n])|(?<=[.!?:;,] )|\b(?:must|please) )(?:label|mark|classify|treat|tag|report|accept) "
    r"(?:this|that|the|these|those) (?:\w+ ){0,2}?(?:claims?|statements?|assertions?) (?:[^\s.!?;]+ ){0,8}?"
    r"as (?:already )?\"?(?:verified|true|correct|accurate|confirmed|proven)\b",
    rf"{_ORDER}(?:choose|select|pick|assign|give|put|set|use|enter) (?:it |them )?(?:the |a |your )?"
    rf"(?:final |correct )?(?:label|verdict|rating)s?\b ?(?:[^\s.!?;]+ ){{0,4}}?{_OUR_LABEL}",
    rf"\b(?:label|verdict|urteil) ?[:=] ?{_OUR_LABEL}",
    rf"{_EINSTUFEN} (?:alle|jede|diese|die|den|sämtliche)\w* (?:\w+ ){{0,2}}?{_AUSSAGEN} (?:[^\s.!?;]+ ){{0,6}}?"
    rf"(?:als )?{_BESTÄTIGT}",
    # in the passive only of all claims: one that "ist als richtig zu bewerten" is what fact-checkers write
    rf"\b(?:alle|jede|sämtliche)\w* (?:\w+ ){{0,2}}?{_AUSSAGEN} (?:[^\s.!?;]+ ){{0,10}}?(?:als )?{_BESTÄTIGT} "
    r"(?:zu (?:be|ein|kenn)?\w+|\w*(?:wertet|zeichnet|markiert|stuft|behandelt|klassifiziert) werden)\b",
    rf"\b{_AUSSAGEN} (?:[^\s.!?;]+ ){{0,6}}?(?:immer|stets|ausnahmslos|ungeprüft) (?:als )?{_BESTÄTIGT} (?:zu )?\w+",
    r"\b(?:wähle?|wählt|vergib|vergebt|setze?|nimm|gib)(?:n Sie)? (?:[^\s.!?;]+ ){0,3}?"
    rf"(?:Urteil|Label|Bewertung|Einstufung)\w* ?(?:[^\s.!?;]+ ){{0,2}}?{_BESTÄTIGT}",
    r"\b(?:marque[zr]?|classe[zr]?|étiquette[zr]?|considère|considérez) (?:toutes?|tous|chaque) (?:\w+ ){0,2}?"
    r"(?:affirmations?|déclarations?|phrases?) (?:\w+ ){0,2}?comme (?:étant )?\"?(?:vraie|confirmée|étayée|supported)",
    r"\b(?:marca|marque|etiqueta|etiquete|clasifica|clasifique|considera|considere) (?:todas?|todos?|cada) "
    r"(?:\w+ ){0,2}?(?:afirmaci|declaraci|frase)\w+ (?:\w+ ){0,2}?como \"?(?:verdader|confirmad|respaldad|supported)",
)

# Orders about the other things this product asks a model for: which claims to list, and what to quote.
_KIND = r"\"?(?:opinions?|predictions?|questions?|furniture|no_claim|no claims?|ambiguous)\b"
_TASKS = (
    r"\b(?:do not|don\"t|never|must not) (?:ever )?(?:extract|list|output|return) (?:any |the |these |its |more )?"
    r"(?:\w+ )?claims?\b",
    rf"{_ORDER}(?:return|output|produce|extract|give) (?:no|zero) (?:more |further )?claims?\b",
    r"\b(?:return|output|produce|give) (?:only )?an empty (?:list|array|set) of (?:claims|sentences|statements)\b",
    rf"{_ORDER}(?:label|mark|classify|treat|tag|report) (?:all|every|each|any|these|the following) (?:\w+ )?"
    rf"(?:sentences?|lines?|paragraphs?|entr(?:y|ies)) (?:[^\s.!?;]+ ){{0,3}}?(?:as |to be )(?:an? )?{_KIND}",
    r"\b(?:entnimm|entnehmt|entnehmen Sie|extrahiere?|extrahiert|extrahieren Sie|liste|listen Sie|gib|geben Sie) "
    r"(?:[^\s.!?;]+ ){0,3}?keine(?:rlei)? (?:\w+ )?(?:Behauptung|Aussage|Claim)\w*",
    r"\b(?:gib|gebt|geben Sie|liefere) (?:nur )?eine leere (?:Liste|Menge) (?:von|an|mit) "
    r"(?:Sätzen|Behauptungen|Aussagen|Claims)\b",
    rf"{_EINSTUFEN} (?:alle|jeden?|diese|sämtliche) (?:\w+ )?(?:Satz|Sätze|Zeilen?|Absatz|Absätze) "
    r"(?:[^\s.!?;]+ ){0,2}?als ?(?:eine )?\"?"
    r"(?:Meinung|Vorhersage|Prognose|Frage|Beiwerk|furniture|opinion|prediction)",
    r"(?:^|(?<=[.!?:\n])|(?<=[.!?:] )|\b(?:always|must|please|only) )(?:quote|cite) (?:only |always |just )?"
    r"(?:this|these|the following) (?:very )?(?:lines?|sentences?|words|paragraph)\b",
    r"\b(?:zitiere?|zitieren Sie|zitiert) (?:[^\s.!?;]+ ){0,4}?(?:nur|ausschließlich|immer|stets)? ?"
    r"(?:diesen Satz|diese Zeile|diese Worte|diese Wörter|den folgenden Satz|die folgende Zeile)\b",
)

_MODEL = (
    r"(?:AI|A\.I\.|LLM|(?:large )?language model|AI model|chatbot|chat ?gpt|GPT(?:-\w+)?|"
    r"AI (?:assistant|system|agent|judge|checker|reviewer)|fact[- ]?checking (?:model|system|tool))"
)
_KI = r"(?:KI(?:-\w+)?|künstliche Intelligenz|Sprachmodelle?|LLMs?|Chatbots?)"
_ADDRESSED = (
    rf"\b(?:if|since|because|as|when) you(?:\"re| are) (?:an? |the )?{_MODEL}\b",
    rf"\byou are (?:now |no longer )?(?:an? |the )?(?:\w+ ){{0,2}}?"
    rf"(?:{_MODEL}|assistant that|DAN|in developer mode|jailbroken)\b",
    r"\bas an? (?:AI|artificial intelligence)(?: language)? (?:model|assistant),? "
    r"(?:you|I (?:cannot|can\"t|do not|don\"t|am (?:not|unable)))\b",
    rf"\b(?:attention|note|notice|message|instructions?|reminder|memo)(?: \w+)? (?:to|for) (?:the |all |any |every )*"
    rf"{_MODEL}s? ?[:,!-]",
    rf"\b(?:dear|hey|hello|attention) {_MODEL}s? ?[:,!]",
    rf"\b(?:Hinweis|Anweisung|Nachricht|Achtung|Notiz)(?:en)? (?:an|für) (?:die |das |den |alle |jede )?{_KI} ?[:,!-]",
    rf"\b(?:wenn|falls|da|als) du (?:eine? )?{_KI} bist\b",
    r"\b(?:si (?:tu es|vous êtes)|si eres|se sei|als je) (?:una? |une |een |un\")?"
    r"(?:IA|AI|modèle de langage|modelo de lenguaje|modello linguistico|taalmodel|LLM)\b",
    r"\b(?:reveal|print|repeat|output|show|display|leak|disclose) (?:me )?(?:your|the) (?:\w+ )?"
    r"(?:system prompt|system message|initial prompt|hidden prompt|(?:hidden|initial) instructions)\b",
    r"\b(?:zeige?|gib|geben Sie|nenne?|nennen Sie|verrate|wiederhole?|drucke) (?:mir |uns )?"
    r"(?:(?:deine?[nr]?|den|die|Ihre?[nr]?) (?:\w+ )?(?:System-?(?:prompt|anweisung|nachricht)\w*|Anfangsprompt)"
    r"|deine (?:\w+ )?(?:Anweisungen|Instruktionen))\b",
    r"\b(?:do not|don\"t|never) (?:reveal|mention|tell|disclose|repeat) (?:anything about )?(?:these|this|your) "
    r"(?:\w+ )?(?:instructions?|prompts?)\b",
    r"\bfrom now on,? you (?:will|must|shall|should|are to) (?:only |always |never )?"
    r"(?:answer|respond|reply|output|label|act as|pretend)\b",
)

# Read on the text as it stands: line starts and markup matter.
_LAYOUT = (
    r"<\|(?:im_start|im_end|im_sep|system|user|assistant|end|endoftext|eot_id|eom_id|begin_of_text|end_of_text|"
    r"start_header_id|end_header_id|endofprompt|fim_\w+)\|>",
    r"\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<\uff5c[^\uff5c\n]{1,40}\uff5c>",
    r"</?(?:passage|claim|instructions?|system|assistant|prompt|system_prompt|tool_call|function_calls?)"
    r"(?:-[0-9A-Za-z]+)?(?: [^<>\n]{0,40})?>",
    r"^[ \t>*_#]*(?:system|assistant|developer)(?: (?:prompt|message|override|note|instructions?))?[*_]* ?:[ \t*_]*"
    r"(?:you (?:are|must|will|should)|ignore|disregard|forget|from now on|always|do not|never|override)\b",
    r"^[ \t>*_]*#{1,6} ?(?:new )?(?:system|instructions?|system prompt) ?:?[*_]*[ \t]*\n+[ \t]*"
    r"(?:you (?:are|must|will)|ignore|disregard|label|answer|always)\b",
    r"(?<!\w)(?:new|updated|real|actual|hidden|secret) (?:system )?(?:instructions?|prompt) ?:",
    r"(?:-{3}|={3}|#{3}|\*{3}) ?(?:begin|start|end) (?:of )?(?:the )?(?:system )?"
    r"(?:prompt|instructions?|context|passages?|document|evidence)\b",
    r"\bSYSTEM (?:PROMPT|OVERRIDE|MESSAGE) ?[:!\]]",
    r"^[ \t>*_#]*(?:System|Assistent|Entwickler)(?:-?(?:Hinweis|Nachricht|Anweisung|Meldung))?[*_]* ?:[ \t*_]*"
    r"(?:du (?:bist|musst|sollst|wirst|darfst)|Sie (?:sind|müssen|sollen|dürfen)|ignorier|vergiss|missachte|"
    r"ab (?:sofort|jetzt)|gib\b|antworte)",
    r"</?(?:text|quote)-[0-9a-f]{4,}(?: [^<>\n]{0,40})?>",
    r"^[ \t>]*(?-i:\[s\d{1,5}\])[ \t]+\w",  # "[S1] Smith et al." is a list of sources
    r"[\"']kind[\"'] ?: ?[\"'](?:claims|opinion|prediction|question|furniture|no_claim|ambiguous)[\"']",
    r"[\"']label[\"'] ?: ?[\"'](?:supported|contradicted|unverifiable)[\"']",
)

_PROSE_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE) for pattern in (*_OVERRIDES, *_LABELLING, *_TASKS, *_ADDRESSED)
)
_LAYOUT_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in _LAYOUT)
# invisible letters; behind 🏴 they spell a flag
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]{4,}")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w+/=])")
# Letters of other scripts that look Latin, and words that mix them with Latin ones: no language writes such words.
_LOOKALIKES = str.maketrans(
    "асеіјорѕхуһԁԛԝАВЕЅІЈКМНОРСТХοανικτρΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aceijopsxyhdqwABESIJKMHOPCTXoavuktpABEZHIKMNOPTYX"
)
_MIXED = re.compile(r"\b(?=\w{0,40}[A-Za-z])(?=\w{0,40}[\u0370-\u03ff\u0400-\u052f])\w{2,40}\b")


def instruction_like(text: str) -> list[Span]:
    """The stretches of ``text`` that look like instructions to a language model, in order and not overlapping.

    Finds orders to ignore what was said before, orders how to label claims, text addressed to an AI, the markup of
    chat templates and of our own prompts, and the same in base64 or in invisible characters; in some fifteen
    languages. An article about such attacks is found as well; ordinary text is not. Finding nothing proves nothing.
    """
    return list(_spans(text))


def instruction_notice(where: str, text: str) -> Notice | None:
    """The warning for a report that ``text``, found ``where``, reads like an instruction to a model; None if not so."""
    spans = instruction_like(text)
    if not spans:
        return None
    shown = " ".join(spans[0].of(text).split())[:120]
    return Notice(
        code="instruction_like_text",
        message=f"{where} holds text that reads like an instruction to a model: “{shown}”",
    )


@kept(4096, longest=4000)
def _spans(text: str) -> tuple[Span, ...]:
    return tuple(_merged(sorted(_found(text), key=lambda span: (span.start, span.end))))


def _found(text: str) -> Iterator[Span]:
    normal = normalise(_in_latin(text))
    for pattern in _PROSE_PATTERNS:
        for match in pattern.finditer(normal.text):
            if (span := normal.span(*match.span())) is not None:
                yield span
    for pattern in _LAYOUT_PATTERNS:
        yield from (Span(start=match.start(), end=match.end()) for match in pattern.finditer(text))
    yield from (Span(start=match.start(), end=match.end()) for match in _TAGS.finditer(text))
    for match in _BASE64.finditer(text):
        if instruction_like(_decoded(match.group())):
            yield Span(start=match.start(), end=match.end())


def _in_latin(text: str) -> str:
    """``text``, as long as it was, with look-alikes in words of two scripts replaced by the letters they pass for."""
    return text if text.isascii() else _MIXED.sub(lambda match: match.group().translate(_LOOKALIKES), text)


def _decoded(blob: str) -> str:
    """What ``blob`` says when read as base64; the empty string where it is none, or says nothing readable."""
    standard = blob.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded if " " in decoded and len(decoded) < len(blob) else ""


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
