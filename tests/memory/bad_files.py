"""A folder of documents as nobody wants them, and what is to come of each."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

FORMATS = Path(__file__).parents[1] / "data" / "documents" / "formats"
HOSTILE = FORMATS.parent / "hostile" / "orders.md"
JAPANESE = "# 戦闘\n\nスタミナは毎秒10回復する。敵の体力は50です。\n"

# name -> words of the one sentence that says why it cannot be read
REFUSED = {
    "empty.md": "is empty",
    "huge.txt": "limit",
    "scanned.pdf": "holds pictures of pages",
    "locked.pdf": "protected by a password",
    "bomb.docx": "which no honest DOCX does",
    "broken.docx": "it is no DOCX",
}
READ = ("a/notes.txt", "b/notes.txt", "japanese.txt", "orders.md", "page.html", "wide.txt")
SKIPPED = {"map.blend": "not a kind that can be read", "out.txt": "a link out of the folder"}


def make(folder: Path, huge_bytes: int) -> Path:
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "notes.txt").write_text(f"The {name}xe weighs 3 kilograms.\n")
    (folder / "empty.md").touch()
    with (folder / "huge.txt").open("wb") as file:
        for _ in range(huge_bytes // 1_000_000):
            file.write(b"The tower has 50 health. " * 40_000)
    for name in ("scanned.pdf", "locked.pdf"):
        shutil.copy(FORMATS / name, folder)
    with zipfile.ZipFile(folder / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"A" * 30_000_000)
    (folder / "broken.docx").write_bytes(b"not a zip")
    (folder / "japanese.txt").write_bytes(JAPANESE.encode("cp932"))
    (folder / "wide.txt").write_bytes("Größe 5, the moat is 12 m wide.".encode("utf-16"))
    page = (
        "<h1>Ferry</h1><script>alert('stamina is 999')</script><p onclick='x()'>The ferry leaves every 9 minutes.</p>"
    )
    (folder / "page.html").write_text(page)
    shutil.copy(HOSTILE, folder)
    (folder / "map.blend").write_bytes(b"BLENDER")
    (folder.parent / "secret.txt").write_text("The vault code is 4711.\n")
    (folder / "out.txt").symlink_to(folder.parent / "secret.txt")
    return folder
