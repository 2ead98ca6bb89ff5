"""Patterns for the full stop after an English abbreviation, which may also end the sentence."""

from __future__ import annotations

# Words that begin a sentence far more often than they follow an abbreviation inside one.
_OPENERS = (
    "A|After|All|An|And|As|At|Before|But|By|During|For|From|He|Her|His|How|I|If|In|It|Its|My|No|Not|Now|On|One|Our|She|So|"
    "That|The|Their|There|These|They|This|To|We|What|When|Where|Who|Why|With|Yes|You|Your|Each|Every|Everyone|"
    "Many|Most|Nobody|Nothing|Once|Perhaps|Some|Soon|Such|Then|Today|Until|While"
)
ENDS_SENTENCE = rf"[\"')\]]*\s*(?:$|(?<=\s)[\"'(]*(?:{_OPENERS})\b)"
"""Pattern of the text after a full stop that ends a sentence."""

STOP = rf"(?:\.(?!{ENDS_SENTENCE}))?"
"""Pattern of the full stop of an abbreviation, which a rule removes with it, unless the sentence ends there."""

DOTTED = rf"(?=\.){STOP}"
"""Pattern like `STOP`, for abbreviations that are recognized only by their full stop ("no.", "ed.")."""
