"""A cheap look at a page before it is parsed on the loop: could its markup make lexbor slow?

lexbor is linear on pages as they are and quadratic (or worse) on some that nobody writes by hand.
Measured, time by number of tags:

* **depth**: elements that stay open. Most tags look up the stack of open elements (about 3 ns a
  step): 4,000 nested `div` 15 ms, 16,000 1 s; `dl`, `dd`, `div` in turn, mismatched end tags and
  unclosed `option` likewise.
* **formatting**: unclosed `b`, `font` and so on with differing attributes are made anew in every
  block that follows (about 250 ns each): 1,000 pairs of `li` and `b`, 14 KB, take 190 ms. `a` is
  none of them here, since a second one closes the first.
* **attributes**: each is compared with the others of its element: 4,000 take 16 ms.

A page with few tags is acquitted by counting them: at the worst it takes some 40 ms, once, since
what pages of a rule take is learned (`schedule.placement`). Of the others a few samples are looked
at: what is slow is a pattern that repeats, and there start tags lack their end tags. What is
conspicuous is walked tag by tag, and suspected when the work foreseen is above some 6 ms. This is
no tokenizer: tags in comments, scripts and quoted values count as tags. So an innocent page may be
suspected, and a page written against this very file can cost more than foreseen, bounded by its
size: that is why only small pages are parsed on the loop, whatever is said here.
"""

from __future__ import annotations

import re

_FEW_TAGS = 1000  # start and end tags together; below, nothing takes more than some 40 ms
_MANY_TAGS = 4000  # from here mere depth counts
_MOST_DEPTH = 1000
_MOST_WORK_NS = 6_000_000
_STEP_NS = 3
_COPY_NS = 250
_COMPARE_NS = 6  # with each formatting element that is open
_MOST_ATTRIBUTES = 2500
_WINDOW_BYTES = 2048
_SAMPLE_BYTES = 1024
_SAMPLES = 5
_FEW_IN_SAMPLE = 12
_FEW_FORMATTING = 12  # in all samples: a page that takes 40 ms has twice as many

_FORMATTING = frozenset(b"b big code em font i nobr s small strike strong tt u".split())
_LEAVES = frozenset(  # never on top of each other: void, closed by their like, or of SVG
    b"area base br col embed hr img input link meta param source track wbr a p li dd dt tr td th "
    b"tbody thead tfoot path circle rect line polyline polygon ellipse use stop image".split()
)
_PAGES = frozenset((b"html", b"body"))  # after the first their attributes are merged
_TAG = re.compile(rb"<(/?[a-z][^\s/>]*+)")
_FORMATTING_TAG = re.compile(
    rb"<(?:[biusBIUS]|[bB][iI][gG]|[cC][oO][dD][eE]|[eE][mM]|[fF][oO][nN][tT]|[nN][oO][bB][rR]"
    rb"|[sS][mM][aA][lL][lL]|[sS][tT][rR](?:[iI][kK][eE]|[oO][nN][gG])|[tT][tT])[\s/>]"
)
_SEPARATORS = bytes.maketrans(b"/\"'", b"   ")


def suspicious(body: bytes) -> bool:
    """Whether parsing may take far longer than the size says: not to be done on the loop."""
    ends = body.count(b">")  # each tag has one
    if _has_long_tags(body):
        return True
    if ends <= _FEW_TAGS:
        return False
    tags = ends if ends <= _MOST_ATTRIBUTES else body.count(b"<")  # at most as many as ends
    if ends - tags > _MOST_ATTRIBUTES:  # in values of attributes, as it seems
        return True
    step = len(body) // _SAMPLES
    samples = [body[at : at + _SAMPLE_BYTES] for at in range(0, len(body), step)]
    if tags <= _MANY_TAGS and _has_little_formatting(samples):
        return False
    if any(map(_is_mismatched, samples)) or (tags > _MANY_TAGS and _peak(body) > _MOST_DEPTH):
        return _is_tangled(body)
    return False


def _has_little_formatting(samples: list[bytes]) -> bool:
    """Whether what costs most, formatting elements, is seldom: mere depth is cheap so far."""
    return len(_FORMATTING_TAG.findall(b" ".join(samples))) <= _FEW_FORMATTING


def _peak(body: bytes) -> int:
    """The greatest surplus of start tags over end tags, seen every few kilobytes."""
    open_tags = peak = 0
    for at in range(0, len(body), _WINDOW_BYTES):
        end = at + _WINDOW_BYTES
        open_tags += body.count(b"<", at, end) - 2 * body.count(b"</", at, end + 1)
        peak = max(peak, open_tags)
    return peak


def _is_mismatched(sample: bytes) -> bool:
    """Whether most tags of a sample have no counterpart in it."""
    names: dict[bytes, int] = {}
    for name in _TAG.findall(sample.lower()):
        names[name] = names.get(name, 0) + 1
    total = unpaired = 0
    for name, count in names.items():
        if name[0] != 47 and name not in _LEAVES:  # 47 is "/"
            total += count
            unpaired += abs(count - names.get(b"/" + name, 0))
    return total > _FEW_IN_SAMPLE and unpaired * 2 > total


def _is_tangled(body: bytes) -> bool:
    """Whether the work of what stays open, tag by tag, adds up to too much."""
    work_ns = formatting = pages = 0
    stack: list[bytes] = []
    count_open: dict[bytes, int] = {}
    for tag in _TAG.findall(body.lower()):
        is_end = tag[0] == 47
        name = tag[1:] if is_end else tag
        if name in _FORMATTING:
            formatting = max(0, formatting + (-1 if is_end else 1))
            work_ns += _COMPARE_NS * formatting
            continue
        work_ns += _STEP_NS * (len(stack) + pages) + _COPY_NS * formatting
        if name in _LEAVES:
            continue
        if is_end:
            _close(name, stack, count_open)
        elif name in _PAGES:
            pages += 1
        else:
            stack.append(name)
            count_open[name] = count_open.get(name, 0) + 1
        if work_ns > _MOST_WORK_NS:
            return True
    return work_ns > _MOST_WORK_NS


def _close(name: bytes, stack: list[bytes], count_open: dict[bytes, int]) -> None:
    """End the innermost element of that name and all within it; nothing if there is none."""
    if not count_open.get(name):
        return
    popped = b""
    while popped != name:
        popped = stack.pop()
        count_open[popped] -= 1


def _has_long_tags(body: bytes) -> bool:
    """Whether a long stretch without ">" holds many words."""
    at, last = 0, len(body) - _WINDOW_BYTES
    while at <= last:
        if body.find(b">", at, at + _WINDOW_BYTES) >= 0:
            at += _WINDOW_BYTES
            continue
        start = body.rfind(b">", 0, at) + 1
        end = body.find(b">", at)
        stretch = body[start:] if end < 0 else body[start:end]
        if len(stretch.translate(_SEPARATORS).split()) > _MOST_ATTRIBUTES:
            return True
        at = start + len(stretch) + 1
    return False
