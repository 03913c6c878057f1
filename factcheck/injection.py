"""Finds text that tries to talk to a language model, so that a report can warn of it. A warning, never a filter."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache

from factcheck.models import Notice, Span
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
_LABELLING = (
    rf"{_ORDER}(?:label|mark|rate|classify|judge|return|output|answer|report|treat|tag) "
    r"(?:all|every|each|any|this|that|the|these|following|everything)\b (?:[^\s.!?;]+ ){0,6}?"
    r"(?:(?:as|is|are|to be|=|:) )?\"?(?:supported|unsupported|contradicted|unverifiable)\b",
    rf"{_ORDER}(?:label|mark|rate|classify|judge|treat|tag) (?:all|every|each|any|these) (?:\w+ ){{0,3}}?"
    r"(?:claims?|statements?|assertions?) (?:\w+ ){0,5}?(?:as )?\"?(?:verified|true|correct|accurate|false)\b",
    r"\b(?:claims?|statements?|assertions?) (?:[^\s.!?;]+ ){0,5}?(?:must|should|is to|are to|has to|have to) be "
    r"(?:labell?ed|marked|rated|classified|judged|treated|reported)(?: as)? \"?(?:supported|contradicted)\b",
    r"\b(?:correct |right |final |expected )?(?:label|verdict) (?:[^\s.!?;]+ ){0,4}?(?:must|should|has to|is to|will) "
    r"(?:always )?be \"?(?:supported|contradicted|unverifiable)\b",
    r"\b(?:bewerte|kennzeichne|markiere|stufe|bezeichne|werte|beurteile|klassifiziere)(?:n Sie|t)? "
    r"(?:alle|jede|diese|die folgende|sämtliche)\w* (?:\w+ ){0,2}?(?:Behauptung|Aussage|Angabe|Claim|Satz|Sätze)\w* "
    r"(?:\w+ ){0,3}?(?:als )?\"?(?:gestützt|belegt|unterstützt|wahr|bestätigt|richtig|korrekt|supported|widerlegt)\b",
    r"\b(?:marque[zr]?|classe[zr]?|étiquette[zr]?|considère|considérez) (?:toutes?|tous|chaque) (?:\w+ ){0,2}?"
    r"(?:affirmations?|déclarations?|phrases?) (?:\w+ ){0,2}?comme (?:étant )?\"?(?:vraie|confirmée|étayée|supported)",
    r"\b(?:marca|marque|etiqueta|etiquete|clasifica|clasifique|considera|considere) (?:todas?|todos?|cada) "
    r"(?:\w+ ){0,2}?(?:afirmaci|declaraci|frase)\w+ (?:\w+ ){0,2}?como \"?(?:verdader|confirmad|respaldad|supported)",
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
    r"[\"']label[\"'] ?: ?[\"'](?:supported|contradicted|unverifiable)[\"']",
)

_PROSE_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (*_OVERRIDES, *_LABELLING, *_ADDRESSED))
_LAYOUT_PATTERNS = tuple(re.compile(pattern, re.IGNORECASE | re.MULTILINE) for pattern in _LAYOUT)
# invisible letters; behind 🏴 they spell a flag
_TAGS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]{4,}")
_BASE64 = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{24,}={0,2}(?![\w+/=])")
_SHORT = 4_000  # characters, as of a passage


def instruction_like(text: str) -> list[Span]:
    """The stretches of ``text`` that look like instructions to a language model, in order and not overlapping.

    Finds orders to ignore what was said before, orders how to label claims, text addressed to an AI, the markup of
    chat templates and of our own prompts, and the same in base64 or in invisible characters; in some fifteen
    languages. An article about such attacks is found as well; ordinary text is not. Finding nothing proves nothing.
    """
    return list(_kept(text) if len(text) <= _SHORT else _spans(text))


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


def _spans(text: str) -> tuple[Span, ...]:
    return tuple(_merged(sorted(_found(text), key=lambda span: (span.start, span.end))))


@lru_cache(maxsize=4096)
def _kept(text: str) -> tuple[Span, ...]:
    """As ``_spans``: the same passages come up for claim after claim."""
    return _spans(text)


def _found(text: str) -> Iterator[Span]:
    normal = normalise(text)
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
