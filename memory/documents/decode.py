"""Bytes to text, in whatever encoding they are."""

from __future__ import annotations

import codecs

from errors import BadRequest

SAMPLE = 200_000  # bytes that the guess looks at
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE = ("cp932", "euc_jp")


def decode(data: bytes, name: str) -> str:
    """Text with \\n line ends.

    Raises:
        BadRequest: these bytes are no text in any known encoding.
    """
    return _decoded(data, name).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _decoded(data: bytes, name: str) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    wide = _wide(data[:SAMPLE])
    if wide is not None:
        return data.decode(wide, errors="replace")
    if _control_share(data[:SAMPLE]) > 0.02:
        raise BadRequest(f"{name} is not text. Give Markdown, text, HTML, DOCX, PDF, ODT or a spreadsheet.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    for encoding in _JAPANESE:  # a short text is too little for a statistical guess, kana are not
        text = _strictly(data, encoding)
        if text is not None and _kana_share(text) > 0.1:
            return text
    from charset_normalizer import from_bytes

    best = from_bytes(data[:SAMPLE]).best()
    return data.decode(best.encoding if best is not None else "cp1252", errors="replace")


def _wide(sample: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of Latin text is 0."""
    if len(sample) < 4:
        return None
    even, odd = sample[0::2].count(0) / len(sample[0::2]), sample[1::2].count(0) / len(sample[1::2])
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 else None


def _control_share(sample: bytes) -> float:
    controls = sum(sample.count(byte) for byte in range(32) if byte not in (9, 10, 12, 13, 27))
    return controls / max(1, len(sample))


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _kana_share(text: str) -> float:
    foreign = [character for character in text if ord(character) > 127]
    kana = sum("\u3040" <= character <= "\u30ff" for character in foreign)
    halfwidth = sum("\uff61" <= character <= "\uff9f" for character in foreign)
    return (kana - halfwidth) / max(1, len(foreign))
