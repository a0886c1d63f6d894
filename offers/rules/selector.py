"""Which certificate to recommend, and why: five answers in, one product shape with its reasons out.

The questions are the high-assurance ones: what data is collected, now or later, and who must trust the site. More
sensitive answers never recommend less: of level and tier each answer asks for a least one, and the highest counts.
"Later" asks for the same as "yes", which spares a change of certificate in between; what would do until then stands
among the alternatives. EV holds no wildcard: who needs EV lists the names.

Worked: payments now, one name, the public -> OV, Pro (weekly vulnerability assessment), listed.
Nothing collected, one name, only our machines -> DV, basic, listed.
Personal data, many names, partners who check -> EV, site, listed, with the caution that EV holds no wildcard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum, StrEnum

from certificates.rules import Level


class Timing(StrEnum):
    """Whether data of a kind is collected."""

    YES = "yes"
    LATER = "later"
    NO = "no"


class Names(StrEnum):
    """How many host names; many are many below one domain, which a wildcard holds."""

    ONE = "one"
    FEW = "few"
    MANY = "many"


class Servers(StrEnum):
    ONE = "one"
    SEVERAL = "several"


class Trust(StrEnum):
    """Who must trust whoever answers: our own people and machines, the public, or those who check who we are."""

    US = "us"
    PUBLIC = "public"
    PARTNERS = "partners"


class Tier(IntEnum):
    """What comes beside encryption: nothing more, the seal, or monitoring too."""

    BASIC = 0
    SITE = 1
    PRO = 2


class Question(StrEnum):
    PERSONAL = "personal"
    PAYMENT = "payment"
    NAMES = "names"
    SERVERS = "servers"
    TRUST = "trust"


class Reason(StrEnum):
    """What an answer asks for."""

    PERSONAL_NOW = "personal_now"
    PERSONAL_LATER = "personal_later"
    PERSONAL_NONE = "personal_none"
    PAYMENT_NOW = "payment_now"
    PAYMENT_LATER = "payment_later"
    PAYMENT_NONE = "payment_none"
    ONE_NAME = "one_name"
    FEW_NAMES = "few_names"
    MANY_NAMES = "many_names"
    MANY_NAMES_LISTED = "many_names_listed"
    ONE_SERVER = "one_server"
    SEVERAL_SERVERS = "several_servers"
    TRUST_US = "trust_us"
    TRUST_US_NAMED = "trust_us_named"  # what is collected asks for a name all the same
    TRUST_PUBLIC = "trust_public"
    TRUST_PARTNERS = "trust_partners"


class Caution(StrEnum):
    EV_HOLDS_NO_WILDCARD = "ev_holds_no_wildcard"
    WILDCARD_ON_SEVERAL_SERVERS = "wildcard_on_several_servers"


class Why(StrEnum):
    """What an alternative gains or gives up."""

    HOLDS_WILDCARD = "holds_wildcard"
    UNTIL_LATER = "until_later"
    WITHOUT_ORGANIZATION = "without_organization"
    WITHOUT_EXTENDED = "without_extended"
    WITHOUT_SEAL = "without_seal"
    WITH_ORGANIZATION = "with_organization"
    WITH_SEAL = "with_seal"
    WITH_MONITORING = "with_monitoring"
    WITH_EXTENDED = "with_extended"
    MORE_NAMES = "more_names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was answered so far; None was not, and counts as the least sensitive answer."""

    personal: Timing | None = None
    payment: Timing | None = None
    names: Names | None = None
    servers: Servers | None = None
    trust: Trust | None = None

    @property
    def given(self) -> int:
        return sum(getattr(self, one.name) is not None for one in fields(self))

    @property
    def are_complete(self) -> bool:
        return self.given == len(fields(self))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a certificate must be: its level, what it brings, and whether one name stands for many."""

    level: Level
    tier: Tier
    wildcard: bool = False
    several_names: bool = False

    @property
    def benefits(self) -> frozenset[str]:
        """Codes of the catalogue's benefits that a product of the shape has at least."""
        return _OF_TIER[self.tier]


@dataclass(frozen=True, slots=True)
class Because:
    question: Question
    reason: Reason


@dataclass(frozen=True, slots=True)
class Alternative:
    shape: Shape
    why: Why

    @property
    def is_more(self) -> bool:
        """Whether it brings more than the recommended shape."""
        return self.why in _BRINGS_MORE


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The shape, one reason for each answer given, what to mind, and what else would do: less first, then more."""

    shape: Shape
    reasons: tuple[Because, ...]
    cautions: tuple[Caution, ...] = ()
    alternatives: tuple[Alternative, ...] = ()


_SEAL = frozenset({"site_seal", "priority_validation"})
_OF_TIER = {
    Tier.BASIC: frozenset[str](),
    Tier.SITE: _SEAL,
    Tier.PRO: _SEAL | {"vulnerability_assessment", "ct_monitoring"},
}
_RANK = {Level.DV: 0, Level.OV: 1, Level.EV: 2}
_TIMING_REASONS = {
    (Question.PERSONAL, Timing.YES): Reason.PERSONAL_NOW,
    (Question.PERSONAL, Timing.LATER): Reason.PERSONAL_LATER,
    (Question.PERSONAL, Timing.NO): Reason.PERSONAL_NONE,
    (Question.PAYMENT, Timing.YES): Reason.PAYMENT_NOW,
    (Question.PAYMENT, Timing.LATER): Reason.PAYMENT_LATER,
    (Question.PAYMENT, Timing.NO): Reason.PAYMENT_NONE,
}
_TRUST_REASONS = {
    Trust.US: Reason.TRUST_US,
    Trust.PUBLIC: Reason.TRUST_PUBLIC,
    Trust.PARTNERS: Reason.TRUST_PARTNERS,
}
_BRINGS_MORE = {Why.WITH_ORGANIZATION, Why.WITH_SEAL, Why.WITH_MONITORING, Why.WITH_EXTENDED, Why.MORE_NAMES}
_SOONER_OR_LATER = (Timing.YES, Timing.LATER)
_VISITED = (Trust.PUBLIC, Trust.PARTNERS)


def recommend(answers: Answers) -> Recommendation:
    """What to choose after these answers; every answer given is one of its reasons."""
    shape = shape_of(answers)
    return Recommendation(shape, tuple(_reasons(answers, shape)), _cautions(answers), _alternatives(answers, shape))


def shape_of(answers: Answers) -> Shape:
    """The least certificate that meets every answer."""
    level = _level(answers)
    wildcard = answers.names == Names.MANY and level != Level.EV
    several = answers.names in (Names.FEW, Names.MANY) and not wildcard
    return Shape(level, _tier(answers), wildcard, several)


def rank(level: Level) -> int:
    """0, 1, 2 for DV, OV, EV: how deeply is verified who stands behind the site."""
    return _RANK[level]


def _level(answers: Answers) -> Level:
    if answers.trust == Trust.PARTNERS:
        return Level.EV
    needs_a_name = (
        answers.trust == Trust.PUBLIC or answers.personal in _SOONER_OR_LATER or answers.payment in _SOONER_OR_LATER
    )
    return Level.OV if needs_a_name else Level.DV


def _tier(answers: Answers) -> Tier:
    if answers.payment in _SOONER_OR_LATER:
        return Tier.PRO
    is_seen = answers.trust == Trust.PARTNERS or (answers.trust in _VISITED and answers.personal in _SOONER_OR_LATER)
    return Tier.SITE if is_seen else Tier.BASIC


def _reasons(answers: Answers, shape: Shape) -> Iterator[Because]:
    for question, timing in ((Question.PERSONAL, answers.personal), (Question.PAYMENT, answers.payment)):
        if timing is not None:
            yield Because(question, _TIMING_REASONS[question, timing])
    if answers.trust is not None:
        yield Because(Question.TRUST, _trust_reason(answers.trust, shape))
    if answers.names is not None:
        yield Because(Question.NAMES, _names_reason(answers.names, shape))
    if answers.servers is not None:
        several = answers.servers == Servers.SEVERAL
        yield Because(Question.SERVERS, Reason.SEVERAL_SERVERS if several else Reason.ONE_SERVER)


def _trust_reason(trust: Trust, shape: Shape) -> Reason:
    is_named_anyway = trust == Trust.US and shape.level != Level.DV
    return Reason.TRUST_US_NAMED if is_named_anyway else _TRUST_REASONS[trust]


def _names_reason(names: Names, shape: Shape) -> Reason:
    if names == Names.MANY:
        return Reason.MANY_NAMES if shape.wildcard else Reason.MANY_NAMES_LISTED
    return Reason.FEW_NAMES if names == Names.FEW else Reason.ONE_NAME


def _cautions(answers: Answers) -> tuple[Caution, ...]:
    if answers.names != Names.MANY:
        return ()
    if answers.trust == Trust.PARTNERS:
        return (Caution.EV_HOLDS_NO_WILDCARD,)
    return (Caution.WILDCARD_ON_SEVERAL_SERVERS,) if answers.servers == Servers.SEVERAL else ()


def _alternatives(answers: Answers, shape: Shape) -> tuple[Alternative, ...]:
    """Each other shape once; what is less never falls below what is collected today."""
    found = {one.shape: one for one in (*_more(answers, shape), *_less(answers, shape)) if one.shape != shape}
    return tuple(sorted(found.values(), key=lambda one: (one.is_more, rank(one.shape.level), one.shape.tier)))


def _less(answers: Answers, shape: Shape) -> Iterator[Alternative]:
    if shape.level == Level.EV:
        many = answers.names == Names.MANY
        held = Shape(Level.OV, shape.tier, wildcard=many, several_names=shape.several_names and not many)
        yield Alternative(held, Why.HOLDS_WILDCARD if many else Why.WITHOUT_EXTENDED)
    elif shape.level == Level.OV and not _collects(answers):
        yield Alternative(replace(shape, level=Level.DV, tier=Tier.BASIC), Why.WITHOUT_ORGANIZATION)
    if shape.tier == Tier.SITE:
        yield Alternative(replace(shape, tier=Tier.BASIC), Why.WITHOUT_SEAL)
    if Timing.LATER in (answers.personal, answers.payment):
        yield Alternative(shape_of(_today(answers)), Why.UNTIL_LATER)


def _more(answers: Answers, shape: Shape) -> Iterator[Alternative]:
    if shape.level == Level.DV:
        yield Alternative(replace(shape, level=Level.OV), Why.WITH_ORGANIZATION)
    elif shape.tier == Tier.BASIC:
        yield Alternative(replace(shape, tier=Tier.SITE), Why.WITH_SEAL)
    elif shape.tier == Tier.SITE:
        yield Alternative(replace(shape, tier=Tier.PRO), Why.WITH_MONITORING)
    if shape.level == Level.OV and not shape.wildcard:
        yield Alternative(replace(shape, level=Level.EV), Why.WITH_EXTENDED)
    if answers.names == Names.FEW and shape.level != Level.EV:
        yield Alternative(replace(shape, wildcard=True, several_names=False), Why.MORE_NAMES)


def _collects(answers: Answers) -> bool:
    return answers.personal in _SOONER_OR_LATER or answers.payment in _SOONER_OR_LATER


def _today(answers: Answers) -> Answers:
    """The answers without what comes later."""
    return replace(
        answers,
        personal=Timing.NO if answers.personal == Timing.LATER else answers.personal,
        payment=Timing.NO if answers.payment == Timing.LATER else answers.payment,
    )
