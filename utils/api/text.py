"""
Text that people write, made the same whatever sent it.
"""

import unicodedata

# Spaces, control characters, and format characters such as U+200B, U+2060, U+00AD, bidi marks and tags.
INVISIBLE_CATEGORIES = {"Zs", "Zl", "Zp", "Cc", "Cf"}
# Format characters that are drawn all the same: number signs and other marks around the digits that follow them.
VISIBLE = {
    *map(chr, range(0x0600, 0x0606)),
    "\u06dd",
    "\u070f",
    "\u0890",
    "\u0891",
    "\u08e2",
    "\U000110bd",
    "\U000110cd",
}
# What Unicode counts among letters, marks or symbols, or has set aside, and yet nothing is drawn for it.
# Down to the tags it is Default_Ignorable_Code_Point without Cf; what follows is blank by its design.
# Chromium, asked to draw every other assigned code point by itself, draws something for each.
# https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt
INVISIBLE = {
    "\u034f",  # combining grapheme joiner
    *map(chr, range(0x115F, 0x1161)),  # Hangul fillers
    *map(chr, range(0x17B4, 0x17B6)),  # Khmer inherent vowels
    *map(chr, range(0x180B, 0x1810)),  # Mongolian variation selectors and vowel separator
    "\u2065",
    "\u3164",  # Hangul filler
    *map(chr, range(0xFE00, 0xFE10)),  # variation selectors
    "\uffa0",  # half-width Hangul filler
    *map(chr, range(0xFFF0, 0xFFF9)),
    *map(chr, range(0xE0000, 0xE1000)),  # tags, more variation selectors
    "\u2800",  # Braille pattern without dots
    "\ufffc",  # stands for an object that no text brings along
    *map(chr, range(0x13439, 0x13443)),  # Egyptian joiners and blanks
    "\U00016fe4",  # Khitan filler
    "\U0001d159",  # musical null notehead
}


def normalize_text(text: str) -> str:
    """
    Return `text` with line feeds for its line breaks and nothing around it; "" if nothing of it would be seen.

    Whatever else is invisible stays where it stands between visible characters: emoji of families
    are joined by U+200D, and Persian words are parted by U+200C.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text if any(map(is_visible, text)) else ""


def is_visible(character: str) -> bool:
    if unicodedata.category(character) in INVISIBLE_CATEGORIES:
        return character in VISIBLE
    return character not in INVISIBLE
