# ruff: noqa: E501
"""Cuts a message where a new request begins, and only there: lists, subjects and explanations stay whole."""

from __future__ import annotations

import re

from agent.router.text import Spanned

_OBJECT = (
    r"(?:#?\d|it\b|them\b|these\b|those\b|that\b|this\b|both\b|all\b|everything\b|the\b|me\b|us\b|my\b|our\b|a\b|an\b|some\b|another\b|more\b"
    r"|number\b|for\b|as\b|asset|batch|job|in\b|with\b|again\b|up\b|down\b|out\b)"
)
# verbs that hardly ever name a thing: they open a request wherever a clause may begin
_STRONG = (
    r"approve|accept|reject|regenerate|reroll|re-roll|remake|redo|upscale|up-scale|upres|enlarge|quadruple|export|scaffold|generate|create|draw|paint|render"
    r"|delete|discard|cancel|abort|show me|give me|get me|make me|make|find|search|look up|look for|look in|tell me|check|explain|remind me|list|zip|bundle"
    r"|download|whip up|throw out|get rid of|fine-?tune|gimme|generate|produce|design me|implement|summari[sz]e|also"
    r"|could you|can you|can we|can i|could i|could we|would you|will you|i need|i want|i'd like|i would like|we need|let's have|let's get|start over with|please \\w+|queue|spawn|crank out|churn out|pump out|tag|untag|label"
)
# nouns as well: they open a request when an object follows
_WEAK = (
    r"keep|drop|bin|trash|toss|scrap|lose|hate|love|like|change|try|scale|double|triple|pack|save|ship|put|stop|kill|train|learn|build|code|write|set up"
    r"|take|hand|turn|add|recolou?r|retry|blow|bring|do|start|package|convert|design|bump|send|grab|remove|throw|use|swap|give|get|have|pick|choose|dump|pull up"
    r"|where|redraw|tweak|adjust|fix|darken|brighten|lighten|resize|look|nuke|ditch|cut|exclude|sharpen|finish|chuck|pass|veto|open|store|deliver|prepare"
)
_QUESTION = r"(?:what|who|how|when|which|why|where)(?:'s|'re| is| are| was| were| does| do| did| about| many| much| long| can| should| would| will| happens)\b|what |which "
_AUX = r"(?:does|did|is there|are there|do we|do you|is the|are the|was the|were the|have we)\b"
_VERDICT = (
    r"(?:'s|is|are|was|looks?|needs?|should|would|could|has|have|came|sucks?|rocks?|can|gets?|wants?|must|deserves?|works?|turned|seems?|feels?|ok\b|yes|no\b"
    r"|goes|stays?|👍|👎|✅|❌)"
)
_POINTED = rf"(?:#|number |no\. ?|nr\.? ?|asset |the )?\d+(?:st|nd|rd|th)?(?: one)?(?:(?:, ?| and | ?& ?|-| to )\d+)*(?:'s|\s+{_VERDICT})"
_COMPARED = r"#?\d+ (?:a bit |much |slightly )?(?!number|water|after|other|under|over|per|power|fire)\w+er\b"
_REST = r"(?:the )?(?:rest|others|other ones|remaining ones)\s+(?:can|is|are|should|goes?|has|have|look|need|sucks?|rocks?|must)"
_LEAD = r"(?:(?:and|but|then|also|now|next|finally|after that|afterwards|oh|so|ok|okay|plus|first|please|pls|just|maybe)[\s,]+)*"
_CHAT = r"(?:thanks|thank you|thx|cheers|ty)\b"
_LEADERS = r"(?:yes|no|nope)\s+(?:to|on|for)\s+#?\d|ok (?:on|to|with)\s+#?\d"

_OPENING = re.compile(
    rf"{_LEAD}(?:(?:{_STRONG})\b|(?:{_WEAK})\s+{_OBJECT}|{_QUESTION}|{_AUX}|{_POINTED}|{_REST}|{_CHAT}|{_LEADERS}|\d+x (?:it|them|on|for)\b|x\d+ (?:on|for)\b|\d+ (?:more|extra|additional|new) (?!like|of)[a-z]{{3,}})",
    re.I,
)
_COMMAND = re.compile(
    rf"{_LEAD}(?:approve|accept|reject|regenerate|reroll|remake|redo|upscale|enlarge|export|scaffold|generate|draw|paint|render|delete|discard|cancel|abort|find|search|look up|list|zip|download)\b",
    re.I,
)
_AFTER_AND = re.compile(
    rf"(?:(?:then|also|please|now|finally)[\s,]+)*(?:(?:{_STRONG})\b|(?:{_WEAK})\s+{_OBJECT}|{_QUESTION}|{_POINTED}|{_REST}|{_LEADERS}|\d+x (?:it|them|on|for)\b|x\d+ (?:on|for)\b)",
    re.I,
)
# what continues the request before it, although it begins like a new one
_CONTINUES = re.compile(
    rf"{_LEAD}(?:(?:save|register|store|keep|remember|name|title|call|label|file|tag) (?:it|them|this|that|these)(?: (?:all|style|look|pack))? (?:as|under|by)\b(?! (?:an? )?(?:\w+ )?(?:pngs?|webp|gifs?|jpe?g|svg|sprite ?sheets?|sheets?|atlas|zip|aseprite|files?|json)\b)|call (?:it|this|that)\b|name (?:it|this)\b"
    r"|let's (?:call|name)\b|use (?:the )?(?:style|trigger|preset|pack|seed|our|that style|this style)\b|with\b|make (?:it|them|that|the whole thing)? ?(?:seamless|tileable|transparent)\b"
    r"|put (?:it|them) (?:in|on) (?:a|one|the same)\b|(?:keep|use) (?:the )?(?:same )?seed\b|(?:keep|leave|put|have|use|on) (?:(?:the|a|an|its) )?(?:(?:solid|plain|flat|transparent|white|black|own) )*(?:background|bg)\b|cut[- ]?outs?\b|also (?:with|for|in|the)\b|please\s*$|(?:make )?(?:sure|it should|they should)\b|give it (?:the )?(?:name|trigger)\b)",
    re.I,
)
_BREAK = re.compile(
    r"(?P<hard>[.!?;。、！？；]+(?:\s+|$)|(?<=[。、！？；])|\n+)|(?P<comma>,\s+|\s+-+\s+|:\s+|\s+(?:then|but|plus|while|whereas)\s+)|(?P<and>\s+(?:and|&|also)\s+)",
    re.I,
)
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|vs|nr|no|etc|approx|mr|mrs|dr)\.$", re.I)
_ONLY_POINTS = re.compile(r"(?:and|the|number|numbers|#|no|nr|asset|assets|\d+(?:st|nd|rd|th)?|[\s,.&-])+", re.I)
_HAS_COMPARED = re.compile(r"\b(?!number)\w+er\b", re.I)
_NUMBERED = re.compile(r"\s*#?\d+:?\s+[a-z]", re.I)
_SHORT_ORDER = re.compile(
    rf"(?:{_COMPARED}|#?\d+(?:,? and \d+)?:? (?:with|without|in|but|more|less|no|yes|again|darker|needs?)\b)", re.I
)
_ENOUGH = re.compile(
    r"(?:about |say )?\d+ (?:(?:would|will|should|'ll) (?:do|suffice|be (?:enough|fine|plenty|great))|(?:is|are) (?:enough|plenty|fine))\b",
    re.I,
)
_NEXT = re.compile(r"(?:next(?: up)?|then|also|after that|new|and)\s*[:,]?\s*\d+\s+[a-z]", re.I)
_ALL = re.compile(
    r"\b(?:all|everything|every(?:thing)? one|every single one|none|nothing|any|anything|the lot)\s*$", re.I
)
_EXCEPT_LIST = re.compile(
    r"\b(?:all|everything|every one|none|any|the lot)(?: of (?:them|these|those))? (?:but|except(?: for)?|apart from|other than)\s+(?:the |number |numbers |#)*\d+(?:st|nd|rd|th)?(?:\s*,\s*#?\d+)*\s*$",
    re.I,
)
_EXCEPTED = re.compile(r"\s*(?:the |number |numbers |#)*\d", re.I)
_ONLY_CHAT = re.compile(
    r"(?:hi|hey|hello|hiya|yo|howdy|good (?:morning|evening|afternoon)|greetings|nice|great|cool|awesome|perfect|thanks(?: a lot| so much)?|thank you(?: so much| very much)?|thx|ok|okay|alright|right|well|sure|oh|hmm+|um+|sorry|so|hola|buenas|salut|bonjour|hallo|ol[aá]|oi)"
    r"(?: (?:there|again|all|team|everyone|gameforge|buddy|mate|man))?",
    re.I,
)


def opens_request(plain: str) -> bool:
    """Whether the text begins like a request or a verdict of its own."""
    return bool(_OPENING.match(plain.lstrip()))


def is_command(plain: str) -> bool:
    """Whether the text begins with a verb that can only be meant as an order."""
    return bool(_COMMAND.match(plain.lstrip()))


def split(message: Spanned) -> list[Spanned]:
    """Clauses in order, at least one for a message with any text."""
    plain = message.plain
    cuts = [0]
    for match in _BREAK.finditer(plain):
        left, right = plain[cuts[-1] : match.start()], plain[match.end() :]
        if not left.strip() or not right.strip() or _ABBREVIATION.search(plain[: match.end()].rstrip()):
            continue
        if _inside_quotes(plain, match.start()):
            continue
        if _EXCEPT_LIST.search(left) and re.match(r"\s*(?:and\s+)?#?\d", right):
            continue  # "all but 3 and 4 can go"
        if "but" in match.group(0).lower() and _ALL.search(left) and _EXCEPTED.match(right):
            continue  # "all but 5" names pictures
        opener = _AFTER_AND if match["and"] else _OPENING
        starts = opener.match(right) and not _CONTINUES.match(right) and not _ENOUGH.match(right)
        if not match["hard"]:  # "1 and 2 are good" is one verdict, "redo 2 darker and 5 brighter" are two
            starts = starts and not _ONLY_POINTS.fullmatch(left)
            starts = starts or (re.match(_COMPARED, right) and _HAS_COMPARED.search(left))
        elif not starts:  # "1 nice. 2 meh. 3 bin it."
            starts = (_NUMBERED.match(right) and _NUMBERED.match(left)) or _NEXT.match(right)
            starts = starts or (_SHORT_ORDER.match(right) and re.search(r"\d", left))
        greeting = not match["and"] and _ONLY_CHAT.fullmatch(left.strip(" ,.!?"))
        if starts or greeting:
            cuts.append(match.end())
    cuts.append(len(plain))
    parts = [message.slice(start, end) for start, end in zip(cuts, cuts[1:], strict=False)]
    return [part for part in parts if re.search(r"\w|[^\x00-\x7f]", part.plain)]


def _inside_quotes(text: str, at: int) -> bool:
    return text[:at].count('"') % 2 == 1 and '"' in text[at:]
