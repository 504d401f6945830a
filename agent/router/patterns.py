# ruff: noqa: E501
"""Turns of phrase that the router knows by form."""

from __future__ import annotations

import re

LETTERS = re.compile(r"[^\W_]")
VERDICT_VERB = re.compile(
    r"\b(?:approv|accept|reject|keep|delete|discard|bin|drop|toss|trash|scrap|take|ship|choose|pick|throw|remove|get rid|lose|go with)\w*\b",
    re.I,
)
ONLY_SIZE = re.compile(
    r"\b(?:twice|double|\d+ ?x|\d+ times|quadruple)(?: as| the| its)? ?(?:size|big|large|bigger|larger|resolution|dimensions|res)\b\W*$",
    re.I,
)
COLOUR = re.compile(r"\s+(?:red|blue|green|yellow|black|white|color)s?$")  # after the noun in Spanish or French
DISCARD = re.compile(
    r"\s*(?:(?:so|and|please|just|let's|we can|you can)\s+)*(?:get rid of|remove|throw(?: out| away)?|bin|delete|toss|drop|trash|scrap|lose|ditch|dump|chuck|kill|away with)\s+(?:it|them|that|those|that one|this one|this|these)\b(?:\s+(?:out|away|please|pls|then|too|all))*\W*$",
    re.I,
)
POINTER = re.compile(
    r"\s*(?:in|per|according to|as per|from|looking at|going by|based on|check|open|look (?:at|in)|read)\s[^?]{0,50}$",
    re.I,
)
FOLLOW_UP = re.compile(
    r"\s*(?:(?:and|ok|okay|so|hm+|then|but)\b[\s,]*)*(?:what about|how about|and|also|same for|for|in|on|with|at|what if|is it|are they|does it|do they|why|how come)\b.{2,60}$",
    re.I,
)
AGAIN = re.compile(
    r"(?:please\s+)?(?:generate|draw|make|create|do|paint|render) (?:it|them|that one|this one|those|these) (?:anew|again|once more|over(?: again)?)\b",
    re.I,
)
COUNTED = re.compile(
    r"\d+ (?!(?:needs?|looks?|is|has|was|loses?|gets?)\b)(?:(?!(?:with|without|more|less|fewer|no|but|too|in|like|needs?|looks?|is|has)\b|\w+er\b)[a-z-]+ ){0,3}[a-z-]{2,}(?<!s)s",
    re.I,
)  # "12 red flags"
GIVEN = re.compile(r"(?:(?:and|then|also|please)\s+)*(?:give|lend|grant|hand)\s+(?:the\s+)?$", re.I)
TO_EACH = re.compile(
    r"\s+(?:an?|some|the|more|less|bigger|smaller|darker|another|different|its|their|\w+er)\s+\w", re.I
)
PUT = re.compile(
    r"(?:(?:and|then|also|please)\s+)*(?:put|add|remove|take|stick|slap|draw|paint|erase|cut|place|hang)\s+(?!me\b).+\s(?:in|on|to|onto|into|from|off|around|behind|over)\s+(?:the\s+)?$",
    re.I,
)
WITH_PACK = re.compile(
    r"\s*(?:(?:now|please|ok|and|then)[\s,]+)*(?:use|using|with|in|apply|take|switch to)\s+.{2,40}\b(?:pack|style|look|lora)\W*(?:and|to|,)?\s*$",
    re.I,
)
NAMED_PACK = re.compile(
    r"\s*(?:(?:now|please|ok|and|then)[\s,]+)*(?:use|using|with|in|apply|switch to)\s+(?:the\s+|my\s+|our\s+)?(?:style ?pack|pack|style|lora)\s+.{2,40}$",
    re.I,
)
ATTACK = re.compile(
    r"(?:^|[\s\"'=(])(?:/(?:etc|root|proc|var|dev)/?\b|~/\.|\.\./\S*\.\.|[a-z]:\\windows)|\bid_rsa\b|\.ssh\b|(?<!\w)\.env\b|\brm\s+-[rf]{1,2}\b|\bdrop\s+(?:the\s+)?(?:table|database)"
    r"|\b(?:read|show|open|cat|print|dump|contents? of|ingest)\b.{0,30}?(?:\s~/|\s/home/|\s/usr/|\s\.\./|\s[a-z]:\\)|\b(?:curl|wget)\s+\S*https?:|\|\s*(?:ba|z)?sh\b|<script\b|\bjndi:",
    re.I,
)
_MINOR = r"(?:\b(?:child(?:ren)?|kids?|minors?|underage\w*|under ?18|teen\w*|toddlers?|babies|baby|infants?|(?:little|young|school) ?(?:girl|boy)s?|pre-?teens?|niñ[oa]s?|menores?|enfants?|mineure?s?|fillettes?|minderjährige\w*|kinder|crianças?|meninas?|meninos?)\b|子供|子ども|少女|幼女|少年|未成年|園児|小学生)"
_SEXUAL = r"(?:\b(?:nud\w+(?! (?:colou?r|tone|shade|palette))|naked|sex|sexual\w*|sexy|porn\w*|erotic\w*|nsfw|lewd\w*|hentai|undress\w*|topless|desnud\w+|sexu\w+|nackt\w*|pelad[oa]s?|nues?|érotique\w*|erotisch\w*|eróti\w+)\b|裸|エロ|性的|ヌード)"
ABUSE = re.compile(
    rf"{_MINOR}.{{0,80}}?{_SEXUAL}|{_SEXUAL}.{{0,80}}?{_MINOR}|\b(?:loli(?:con)?|shota(?:con)?)\b", re.I | re.S
)
DANGLING = re.compile(r"[\s,;:-]*(?:\b(?:but|and|then|plus|while|whereas|also)\s*)?[,;:]?\s*$", re.I)  # a cut leaves it
TAG_QUESTION = re.compile(
    r"\W*(?:(?:did|do|have|had|didn't|don't|haven't|right|aren't|isn't)\b\s*(?:we|i|you|it|they|there)?|right|no|correct)\W*",
    re.I,
)
FIND_IT = re.compile(
    r"\W*(?:please )?(?:find|show|search|get|look for) (?:me )?(?:it|them|that|those)(?: again| please)?\W*", re.I
)
# "which engine is it built in?" asks the documents, however much it sounds like "which job is it at?".
WHICH = re.compile(r"(?:which|what|who|whose|where)\b", re.I)
OF_JOBS = re.compile(
    r"\b(?:jobs?|batch(?:es)?|queued?|progress|done|running|run|far|long|status|state|ready|finish(?:ed)?|eta|left|wait(?:ing)?|"
    r"going|happening|happened|percent|training|trained|doing|working|busy|made|making|up|stuck|failed|next)\b",
    re.I,
)
HOW_FAR = re.compile(r"\W*how (?:far|long)(?: is| along| still)?(?: it| that| this)?\W*", re.I)
MORE_OF_A_KIND = re.compile(
    r"(?:(?:please|and|also|so|then)\s+)*\d+ (?:more|extra|additional|other|new|different) (?:[a-z-]+ ){0,2}?(?!\w*(?:ous|ss|less)\b)[a-z-]{3,}s\b(?!\s+(?:of|on)\b)",
    re.I,
)
REJECTED = re.compile(
    r"\s*(?:(?:and|then|also|please|ok|so)\b[\s,]*)*(?:reject|decline|turn down)\b", re.I
)  # "reject 1 and 2, too glossy": why, not what to change
NEW_ONES = re.compile(
    r"(?:(?:and|then|also|please)\s+)*(?:make|draw|paint|create|generate|do|give me|add)\s+\d+\s+(?:new|more|other|different|further|extra)\s+(?:ones|of (?:those|them|these))",
    re.I,
)  # "find my old lanterns and make 2 new ones"
