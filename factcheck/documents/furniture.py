"""What a copied web page leaves around its article: comment counts, share buttons, banners, "read more"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factcheck.models import Block

_LONGEST = 90  # characters; furniture is a label or a button, never a paragraph

# A block is furniture only if one of these is all it says: no sentence of an article reads like that.
_LABELS = r"""
(?:\d+|keine|no|ein|one|aucun|un|sin|geen) (?:kommentare?|comments?|commentaires?|comentarios?|commenti|reacties?)
(?:kommentare?|comments?|commentaires|comentarios|commenti|reacties)(?: ?\(?\d+\)?)?
kommentare? (?:verfassen|schreiben|hinterlassen|anzeigen|ansehen|abgeben) ?\d*
(?:leave|post|write|add|view|show) (?:a |your |all )?(?:comments?|reply) ?\d*
(?:laisser|écrire|ajouter) un commentaire
(?:deja|dejar|escribe) un comentario
lascia un commento
(?:antworten?|reply|répondre|responder|rispondi)(?: abbrechen)?
(?:(?:artikel|beitrag|seite|link) )?(?:teilen|drucken|merken|kopieren|weiterleiten|ausdrucken|vorlesen|anhören)
(?:(?:artikel|beitrag|seite) )?teilen auf \w+
(?:share|print|save|email|copy link|share this(?: article| post| story)?|share on \w+|tweet|pin it|listen|bookmark)
(?:partager|imprimer|compartir|imprimir|condividi|stampa|delen|afdrukken)
(?:auf|per|via|on|sur|en|su) (?:facebook|twitter|x|whatsapp|linkedin|telegram|xing|e-?mail|instagram|bluesky)
(?:auf|per|via) (?:facebook|twitter|x|whatsapp|linkedin|telegram|xing|e-?mail) teilen
(?:facebook|twitter|whatsapp|linkedin|telegram|xing|e-?mail|instagram|bluesky|pinterest|reddit)
(?:gefällt mir|likes?|\d+ likes?|laden|loading|wird geladen)(?: ?\.\.\.| ?…)?
(?:lesen sie|lies) (?:auch|mehr|weiter|dazu|jetzt)(?: ?: ?.*)?
(?:weiterlesen|mehr lesen|mehr anzeigen|mehr erfahren|mehr dazu|mehr zum thema|zum thema|auch interessant)
das könnte (?:sie|dich) auch interessieren
(?:read|see|show|learn|load|view) (?:more|next|also)(?: ?: ?.*)?
(?:related (?:articles?|stories|posts|topics|content)|you (?:may|might) also like|recommended(?: for you)?)
(?:more (?:from|on) .{1,40}|trending(?: now)?|most (?:read|popular))
(?:à )?lire aussi(?: ?: ?.*)?
(?:lire la suite|en savoir plus|sur le même sujet|leer más|te puede interesar|leggi tutto|lees meer)
(?:lea también|leggi anche|lees ook)(?: ?: ?.*)?
(?:ähnliche|verwandte|weitere|aktuelle|neueste|meistgelesene) (?:artikel|beiträge|themen|nachrichten|meldungen)
(?:anzeige|werbung|sponsored(?: content)?|gesponsert|advertisements?|ad|publicité|publicidad|pubblicità|advertentie)
(?:zum |unser(?:en)? |our |the )?newsletter(?: (?:abonnieren|bestellen|anmelden|sign ?up))?
(?:abonnieren|jetzt abonnieren|subscribe(?: now| to our newsletter)?|sign up(?: for .{1,40})?)
(?:s['’]abonner|suscr[ií]bete|iscriviti)
(?:anmelden|einloggen|login|log ?in|sign ?in|registrieren|register|abmelden|logout|log ?out|mein konto|my account)
(?:se connecter|iniciar sesión|accedi|inloggen)
cookie-?(?: ?)(?:einstellungen|richtlinie|hinweis|settings|policy|preferences|notice)
(?:alle )?(?:cookies )?(?:akzeptieren|ablehnen)
(?:accept|reject|allow)(?: all)?(?: cookies)?
(?:(?:tout )?(?:accepter|refuser)|aceptar(?: todo)?|accetta(?: tutto)?)
(?:impressum|datenschutz(?:erklärung)?|agb|kontakt|nutzungsbedingungen|barrierefreiheit|über uns)
(?:imprint|privacy(?: policy)?|terms(?: of (?:use|service))?|contact(?: us)?|about us|mentions légales|aviso legal)
(?:copyright |\(c\) ?)?© ?[^.!?]{0,70}\.?
copyright(?: \(c\))?(?: by)? \d{4}(?: ?[–-] ?\d{4})?(?:,? [^.!?]{1,40})?\.?
(?:alle rechte vorbehalten|all rights reserved|tous droits réservés|todos los derechos reservados)\.?
(?:nach oben|zum seitenanfang|back to top|top|zurück|back|weiter|next|previous)
(?:vorheriger?|nächster?) (?:beitrag|artikel)
(?:previous|next) (?:post|article|page)
(?:menü|menu|startseite|home|suche|search|navigation|zum inhalt springen|skip to (?:main )?content)
(?:bildquelle|foto|bild|quelle bild|photo|image|picture|credit|crédit photo) ?: ?[^.!?]{1,60}
(?:lesezeit|lesedauer|reading time|temps de lecture) ?:? ?\d+ ?(?:min|minuten?|minutes?)\.?
\d+ (?:min|minuten?|minutes?) (?:lesezeit|lesedauer|read|reading time|de lecture)
(?:folgen sie uns|follow us|suivez-nous|síguenos|seguici|volg ons)(?: (?:auf|on|sur|en|su|op) .{1,30})?
"""
_FURNITURE = re.compile("|".join(f"(?:{line})" for line in _LABELS.strip().splitlines()), re.I)
_ORNAMENT = re.compile(r"^[\s>#*_\[\]→›»▶►•|·-]+|[\s*_\[\]→›»▶►•|·….-]+$")


def marked(text: str, blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks, those that are nothing but page furniture marked as such; the first block, the title, never is."""
    return tuple(
        block.model_copy(update={"kind": "furniture"})
        if index and block.kind in ("text", "heading", "list") and is_furniture(block.span.of(text))
        else block
        for index, block in enumerate(blocks)
    )


def is_furniture(words: str) -> bool:
    """Whether this is a label or button of a web page and nothing else."""
    if len(words) > _LONGEST:
        return False
    return _FURNITURE.fullmatch(_ORNAMENT.sub("", " ".join(words.split()))) is not None
