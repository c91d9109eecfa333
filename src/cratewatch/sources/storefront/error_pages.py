"""Pages that are answered with 200 and are errors, challenges or closed shops all the same."""

from __future__ import annotations

import re

from cratewatch.sources.storefront.markup import Markup

_CHALLENGE = re.compile(
    r"just a moment|einen moment|un instant|attention required|"
    r"access (?:to this page has been )?denied|"
    r"zugriff verweigert|acc[eè]s refus[eé]|checking (?:your|if the site)|verify (?:that )?you|"
    r"are you (?:a )?(?:human|robot)|captcha|ddos|security check|sicherheits(?:check|pr[uü]fung)|"
    r"pardon our interruption|request unsuccessful|bot (?:protection|verification)|"
    r"one more step|unusual traffic|too many requests|rate limit",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"^(?:http |status |error |fehler |erreur )*[45]\d\d(?!\w)|"
    r"\b(?:error|fehler|erreur|errore|fout) ?[45]\d\d\b|"
    r"^(?:application |server |internal |database |fatal )?(?:error|fehler|erreur)\b|"
    r"(?:page|product|item|seite|produkt|artikel)\W+(?:(?:was|could|can|wurde|konnte|is|ist) ?)?"
    r"(?:not|cannot|can't|nicht|no longer|nicht mehr) "
    r"(?:be |mehr )?(?:found|available|gefunden|verf[uü]gbar|exists?)|^not found|"
    r"page introuvable|p[aá]gina no encontrada|pagina non trovata|pagina niet gevonden|"
    r"(?:internal )?server error|bad gateway|service (?:temporarily )?unavailable|"
    r"gateway time-?out|temporarily (?:unavailable|offline|closed)|"
    r"(?:under|scheduled|site|in) maintenance|maintenance mode|wartungs(?:arbeiten|modus)|"
    r"en mantenimiento|in manutenzione|in onderhoud|en maintenance|be (?:right )?back soon|"
    r"something went wrong|\boops\b|error establishing|store (?:is )?(?:closed|unavailable)|"
    r"shop geschlossen|forbidden",
    re.IGNORECASE,
)


def error_of(markup: Markup) -> str | None:
    """Return ``challenge`` or ``error_page`` if the page's headlines say so, else None."""
    headlines = [*markup.h1s, *markup.titles] or [markup.text]
    for reason, pattern in (("challenge", _CHALLENGE), ("error_page", _ERROR)):
        if any(pattern.search(headline) for headline in headlines):
            return reason
    return None


def signature(markup: Markup) -> str:
    """Return what pages have in common that are one page, answered for many addresses."""
    text = " ".join([*markup.titles, *markup.h1s]) or markup.text
    return re.sub(r"[\W\d_]+", " ", text).strip().lower()
