# ruff: noqa: E501
"""Words by which stretches of a message are read, in the six languages that the tagger was trained on."""

from __future__ import annotations

import re

LIST = re.compile(r"[,;/、・&+.]|\b(?:and|or|plus|y|e|et|und|ou|oder|o)\b|と", re.I)
LISTED = re.compile(r"[^\s,&](?:[^,&]*[^\s,&])?")  # of one stretch: "acorn & pine cone"
APIECE = re.compile(r"\b\d+ (?:of )?(?:each|apiece)\b|\beach\b\W*$", re.I)
POINTER = re.compile(r"\b(?:this|that|it|them|they|those|he|she|him|her|so|there)\b", re.I)
NO_PICTURE = re.compile(
    r"\b(?:factor|scale)\s*[=:]\s*\d+|\(\d{1,2}\)(?=\s*[a-z])|\b(?:factor(?: of)?|by|por|par|um das|faktor)\s+\d+\b|\b\d+\s*(?:x|×|times|fold|px|pixels?|veces|fois|vezes|mal|fach|倍)\b|\bx\s*\d+\b|\b\d+\s*x\s*\d+\b|[1一]枚|\b(?:1|one|a|una|une|um|uma|eine[mnr]?|ein)\s+(?:(?:single|sola|seule|même|einzige[ns]?|única|only)\s+)?(?:sheet|atlas|file|page|zip|hoja|planche|fichier|feuille|blatt|datei|folha|arquivo)\b|^\W*(?:first(?:ly| of all)?|1st)\b(?!\s+(?:\d|one|two|three|and|picture|image|sprite))",
    re.I,
)
FLAGS = {
    "transparent": re.compile(
        r"transp|see.?through|white|nothing|background|\bbg\b|backdrop|backing|alpha|cut.?out|clear|isolat|knock|strip|behind|white box|décor|fond|fondo|fundo|hintergrund|freigestellt|détour|recort|透過|透明|背景|切り抜",
        re.I,
    ),
    "tileable": re.compile(
        r"end to end|piece|join|til|emend|seam|loop|repeat|wrap|edge|repit|repet|costura|junta|emenda|raccord|couture|jointif|boucle|naht|kachel|wiederhol|endlos|kante|aneinander|corte|継ぎ目|シームレス|ループ|繰り返",
        re.I,
    ),
}

PACK_WORDS = r"(?:packs?|styles?|styled|stil\w*|estilos?|look|lora|paquete|パック|スタイル|画風)"
PACK_WORD = re.compile(PACK_WORDS, re.I)
BESIDE_PACK = re.compile(rf"^{PACK_WORDS}\s+|\s+{PACK_WORDS}$", re.I)

LEARN = re.compile(
    r"\b(?:learn|train|teach|creat|mak|build|new|nam|call|from\b|aprend|entren|crea|nuev|llam|trein|ensin|cri[ae]|nov[oa]\b|cham|apprend|entra[iî]n|cré|nouve|appel|lern|trainier|erstell|neu|nenn|merk|mach|fotos?|photos?|scans?|upload|attach|these|those|mont[ae]|drawings?|sketch)|覚え|学習|作|呼|写真|画像",
    re.I,
)
REASON = re.compile(
    r"[,;:\s]*\b(?:they|it|those|these|that)(?:'?(?:re|s)| (?:are|is|look|looks|were|was|feel|feels))\b", re.I
)
ASKS = re.compile(
    r"\b(?:redo|re-?(?:make|draw|generate|roll|paint|try|place)|again|anew|try|make|give|change|add|put|wants?|needs?|should|please)\b",
    re.I,
)
LEAD = re.compile(r"^(?:(?:make|give|turn|put|add|redo|with|have|the|a|an|it|them|him|her|to|w)\b\s*)+", re.I)

COMMAND = re.compile(r"(?:generate|create|draw|make|paint|render|design|give|need|want|add|export|show)", re.I)
HELD = re.compile(
    r"\s+(?:for|of|in|on|with|at|from|de|del|da|do|dos|das|du|des|von|vom|im|am|mit|für|para|com|con|pour|sur|avec|en|na|no)(?:\s+(?:the|a|an|my|our|la|el|los|las|le|les|der|die|das|dem|den|einem|einer|un|une|uma?|os?|as?))?\s+",
    re.I,
)
SPRITES = re.compile(r"(?<=\w)\s+(?:sprites?|assets?|images?|pictures?|pngs?)$", re.I)
PART_BEFORE = re.compile(
    r"\b(?:level|lvl|stage|act|chapter|world|phase|fase|nivel|nível|niveau|mundo|monde|acto|ato|acte|cap[ií]tulo|chapitre|kapitel|akt|ebene|welt|etapa)\s*#?$",
    re.I,
)
