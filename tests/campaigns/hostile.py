"""Templates that mean harm, and a child process of little memory that fills them one by one."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMORY = 1024 * 1024 * 1024
SECONDS = 60
_AGAIN = "{% assign x = x | append: x %}"
_GROW = "{% assign xs = xs | concat: xs %}"

# What must be refused, each for its reason.
REFUSED: dict[str, tuple[str, str]] = {
    "range in a loop": ("{% for i in (1..999999999) %}x{% endfor %}", "range"),
    "range in an output": ("{{ (1..999999999) | join: 'x' }}", "range"),
    "range in an assignment": ("{% assign r = (1..count) %}{{ r }}", "range"),
    "range behind a condition": ("{% if false %}{% for i in (1..9) %}x{% endfor %}{% endif %}", "range"),
    "range with variables": ("{% for i in (days..count) %}x{% endfor %}", "range"),
    "include": ("{% include 'a' %}", "tag"),
    "render": ("{% render 'a' %}", "tag"),
    "raw": ("{% raw %}{{ name }}{% endraw %}", "tag"),
    "liquid": ("{% liquid assign a = 1 %}", "tag"),
    "tablerow": ("{% tablerow i in orders %}x{% endtablerow %}", "tag"),
    "increment": ("{% increment a %}", "tag"),
    "unknown tag": ("{% import os %}", "tag"),
    "tag without a name": ("{%%}", "tag"),
    "tag in a comment": ("{% comment %}{% include 'a' %}{% endcomment %}", "tag"),
    "safe": ("{{ name | safe }}", "filter"),
    "replace": ("{{ name | replace: 'a', name }}", "filter"),
    "times": ("{{ count | times: count }}", "filter"),
    "date": ("{{ 'now' | date: '%999999999d' }}", "filter"),
    "base64": ("{{ name | base64_encode }}", "filter"),
    "newlines to breaks": ("{{ name | newline_to_br }}", "filter"),
    "class": ("{{ name.__class__ }}", "variable"),
    "class of a class": ("{{ name.__class__.__mro__ }}", "variable"),
    "by brackets": ('{{ name["__class__"]["__base__"] }}', "variable"),
    "method": ("{{ name.upper }}", "variable"),
    "settings": ("{{ settings.SECRET_KEY }}", "variable"),
    "request": ("{{ request.user.password }}", "variable"),
    "unknown": ("{{ nobody }}", "variable"),
    "unknown with a default": ("{{ nobody | default: 'x' }}", "variable"),
    "unknown in a condition": ("{% if nobody %}x{% endif %}", "variable"),
    "doubling a text": ("{% assign x = name %}" + _AGAIN * 60, "too_much"),
    "doubling a list": ("{% assign xs = orders %}" + _GROW * 60, "too_much"),
    "splitting to letters": ("{% assign x = name %}" + _AGAIN * 8 + "{{ x | split: '' | size }}", "too_much"),
    "huge truncation": ("{{ name | truncate: 99999999999999 }}", "too_much"),
    "huge sum": ("{{ count | plus: 9999999999999999999999999 }}", "too_much"),
    "endless number": ("{{ count | plus: " + "9" * 370 + " }}", "too_much"),
    "loops in loops": ("{% for a in orders %}" * 6 + "x" + "{% endfor %}" * 6, "too_much"),
    "deeply nested": ("{% if name %}" * 40 + "x" + "{% endif %}" * 40, "too_much"),
    "many tags": ("{{ name }}" * 600, "too_much"),
    "long output": (
        "{% for a in orders %}{% for b in orders %}" + "x" * 9_000 + "{% endfor %}{% endfor %}",
        "too_much",
    ),
    "unclosed output": ("{{ name", "not_closed"),
    "unclosed outputs": ("{{" * 20_000, "not_closed"),
    "closed before they open": ("}}" * 10_000 + "{{" * 10_000, "not_closed"),
    "unclosed tags": ("{% if " * 8_000, "not_closed"),
    "spaces in an output": ("{{" + " " * 40_000 + "}}", "not_closed"),
    "long path": ("{{ " + "orders[" * 200 + "0" + "]" * 200 + " }}", "not_closed"),
    "too long": ("x" * 50_001, "too_long"),
    "too long in bytes": ("é" * 25_001, "too_long"),
    "unended condition": ("{% if name %}x", "syntax"),
    "end without a beginning": ("{% endif %}", "syntax"),
    "break outside a loop": ("{% break %}", "syntax"),
    "no condition": ("{% if %}x{% endif %}", "syntax"),
    "nonsense": ("{{ | | }}", "syntax"),
    "quotes": ("{{ 'name }}", "syntax"),
}
# What may be filled: it is bounded, and comes out as words.
BOUNDED: dict[str, str] = {
    "braces as words": "{ { % } } %}",
    "script": "<script>alert(1)</script>{{ name }}",
    "work": "{% for a in orders %}" + "{{ name | upcase | downcase | size }}" * 400 + "{% endfor %}",
    "conditions": "{% for a in orders %}"
    + "{% if days == 1 or days == 2 or days == 3 %}x{% endif %}" * 200
    + "{% endfor %}",
    "sorting": "{% assign xs = orders %}" + "{{ xs | map: 'host' | sort | reverse | uniq | join: ',' | size }}" * 400,
    "spaces": " " * 49_000,
    "new lines": "\n" * 49_000,
    "opening brackets": "<" * 49_000,
    "paragraphs": "<p>" * 15_000,
    "marks of ours": "\ue000button\ue001 {{ name }}",
    "nulls": "\x00{{ name }}\x00",
    "other directions": "\u202e{{ name }}",
}


def run() -> None:
    """Fill every template and print, for each, how it ended and how long it took."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import django  # the child has no other way to begin

    django.setup()
    from campaigns import liquid

    facts: dict[str, liquid.Plain] = {
        "name": "Søren",
        "days": 7,
        "count": 40,
        "orders": [{"host": f"h{n}.example"} for n in range(40)],
    }
    told = {}
    for name, source in {**{name: one for name, (one, _why) in REFUSED.items()}, **BOUNDED}.items():
        began = time.monotonic()
        try:
            text = liquid.read(source, is_html=True).fill(facts)
            told[name] = ["", len(text), time.monotonic() - began]
        except liquid.LetterRefused as refused:
            told[name] = [refused.problem.value, refused.line, time.monotonic() - began]
    sys.stdout.write(json.dumps(told))


def in_a_child() -> dict[str, tuple[str, int, float]]:
    """By name: the problem or nothing, the line or the length, and the seconds it took."""
    done = subprocess.run(
        [sys.executable, "-c", "from tests.campaigns.hostile import run; run()"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"},
        capture_output=True,
        timeout=SECONDS,
        check=True,
        text=True,
    )
    return {name: (problem, number, seconds) for name, (problem, number, seconds) in json.loads(done.stdout).items()}
