"""
Files that are a picture and something else at once: a page, a program, an archive.

Nothing of that would be kept. But who builds such a file means it for a reader of the other kind,
and is told so instead of being served.
"""

import re

from utils.images.errors import NotOnlyAnImage

# What browsers, PHP and readers of PDF take up in the middle of a file. Each is long enough that the
# pixels of ten million photos do not say it by chance.
_BEGINNINGS = re.compile(rb"<(?:script|iframe|!doctype|\?php\s|html[\s>]|svg\s+xmlns)|%PDF-\d\.", re.IGNORECASE)
# A ZIP (a JAR, an APK, a document) is read from its end: this mark, 22 bytes, and a comment.
_ZIP_END, _ZIP_TAIL = b"PK\5\6", 22 + 65_535


def check_only_an_image(data):
    """
    Refuse a file that would be read as something else too. Ten megabytes take 40 ms.

    :raises NotOnlyAnImage: it would.
    """
    if _BEGINNINGS.search(data) or data.find(_ZIP_END, max(0, len(data) - _ZIP_TAIL)) >= 0:
        raise NotOnlyAnImage
