"""No address and no house sends or gets more letters in a day than it should: counted in rows, exactly, by all workers.

A letter is counted in the transaction that claims it, under the lock of its day's rows. One over a cap waits until the
same time tomorrow and says why.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import F

from portal.mail import guard
from portal.mail.days import day_of, same_time_tomorrow
from portal.models import OutgoingMail, Partner, SendingCount
from portal.models.mail import MASS_PURPOSES, UNCAPPED_PURPOSES, MailState, OutgoingMailQuerySet, Waiting

KEPT_DAYS = 2

Key = tuple[int, date, str]


@dataclass(slots=True)
class Admission:
    """Claimed letters, parted: what may leave now, what waits for tomorrow, and whose mass has become too large."""

    admitted: list[OutgoingMail] = field(default_factory=list)
    over: dict[tuple[int, Waiting], list[OutgoingMail]] = field(default_factory=dict)
    asked: dict[int, list[OutgoingMail]] = field(default_factory=dict)


def admit(letters: Sequence[OutgoingMail], now: datetime) -> Admission:
    """Count what may leave and put the rest back; the letters are claimed, in the caller's transaction."""
    partners = {letter.partner.pk: letter.partner for letter in letters if letter.partner}
    days = {pk: day_of(partner, now) for pk, partner in partners.items()}
    counts = _locked(_keys(letters, days)) if partners else {}
    admission = _judge(letters, days, counts, guard.limits_of(_with_mass(letters), now))
    _note(admission, days, counts)
    _put_back(admission, partners, now)
    return admission


def clear(now: datetime) -> int:
    """Forget whom the house wrote to on days gone by; how much it sent in all is kept."""
    old = SendingCount.objects.filter(day__lt=now.date() - timedelta(days=KEPT_DAYS)).exclude(address="")
    return old.delete()[0]


def _with_mass(letters: Sequence[OutgoingMail]) -> list[Partner]:
    return list({one.partner_id: one.partner for one in letters if one.partner and _is_judged(one)}.values())


def _is_judged(letter: OutgoingMail) -> bool:
    return letter.purpose in MASS_PURPOSES and not letter.is_released


def _keys(letters: Sequence[OutgoingMail], days: dict[int, date]) -> list[Key]:
    """The rows that count these letters, in an order that all workers share."""
    return sorted({key for letter in letters for key in _of(letter, days)})


def _of(letter: OutgoingMail, days: dict[int, date]) -> Iterator[Key]:
    if letter.partner_id is not None:
        day = days[letter.partner_id]
        yield letter.partner_id, day, ""
        yield letter.partner_id, day, letter.to_email.lower()


def _locked(keys: list[Key]) -> dict[Key, SendingCount]:
    rows = [SendingCount(partner_id=pk, day=day, address=address) for pk, day, address in keys]
    SendingCount.objects.bulk_create(rows, ignore_conflicts=True)
    wanted = set(keys)
    found = SendingCount.objects.select_for_update().order_by("partner_id", "day", "address")
    found = found.filter(
        partner__in={pk for pk, _, _ in keys},
        day__in={day for _, day, _ in keys},
        address__in={address for _, _, address in keys},
    )
    known = {(row.partner_id, row.day, row.address): row for row in found}
    return {key: row for key, row in known.items() if key in wanted}


def _judge(
    letters: Sequence[OutgoingMail], days: dict[int, date], counts: dict[Key, SendingCount], limits: dict[int, int]
) -> Admission:
    admission = Admission()
    for letter in letters:
        if letter.partner_id is None or letter.counted_on == days[letter.partner_id]:
            admission.admitted.append(letter)
            continue
        house, reader = (counts[key] for key in _of(letter, days))
        if _is_judged(letter) and house.mass - house.released >= limits[letter.partner_id]:
            admission.asked.setdefault(letter.partner_id, []).append(letter)
        elif waits := _over(letter, house, reader):
            admission.over.setdefault((letter.partner_id, waits), []).append(letter)
        else:
            _count(letter, house, reader)
            letter.counted_on = days[letter.partner_id]
            admission.admitted.append(letter)
    return admission


def _over(letter: OutgoingMail, house: SendingCount, reader: SendingCount) -> Waiting | None:
    if letter.purpose in UNCAPPED_PURPOSES:
        return None
    if reader.letters >= settings.MAIL_PER_ADDRESS_A_DAY:
        return Waiting.ADDRESS_CAP
    return Waiting.PARTNER_CAP if house.letters >= settings.MAIL_PER_PARTNER_A_DAY else None


def _count(letter: OutgoingMail, house: SendingCount, reader: SendingCount) -> None:
    for row in (house, reader):
        row.letters += 1
        row.mass += letter.purpose in MASS_PURPOSES
        row.released += letter.purpose in MASS_PURPOSES and letter.is_released


def _note(admission: Admission, days: dict[int, date], counts: dict[Key, SendingCount]) -> None:
    _write(counts.values())
    for day in set(days.values()):
        counted = [one.pk for one in admission.admitted if one.partner_id and one.counted_on == day]
        OutgoingMail.objects.filter(pk__in=counted).exclude(counted_on=day).update(counted_on=day, waits="")


def _write(counts: Iterable[SendingCount]) -> None:
    """Keep the figures, with one statement for all rows of the same: most readers get one letter."""
    alike: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for row in counts:
        alike[row.letters, row.mass, row.released].append(row.pk)
    for (letters, mass, released), rows in alike.items():
        SendingCount.objects.filter(pk__in=rows).update(letters=letters, mass=mass, released=released)


def _put_back(admission: Admission, partners: dict[int, Partner], now: datetime) -> None:
    for (pk, waits), letters in admission.over.items():
        over = OutgoingMail.objects.filter(pk__in=[letter.pk for letter in letters])
        if waits == Waiting.PARTNER_CAP:
            # all that is due waits with them: one statement, instead of one batch after the other
            due = OutgoingMail.objects.filter(partner=pk, state=MailState.QUEUED, due_at__lte=now)
            # but for what another worker is taking: it waits for the counts that are locked here
            free = due.exclude(purpose__in=UNCAPPED_PURPOSES).select_for_update(skip_locked=True)
            due.filter(pk__in=free.values("pk")).update(waits=waits, due_at=same_time_tomorrow(partners[pk], now))
        give_back(over, waits=waits, due_at=same_time_tomorrow(partners[pk], now))
    for pk, letters in admission.asked.items():
        give_back(OutgoingMail.objects.filter(pk__in=[letter.pk for letter in letters]))
        waiting = OutgoingMail.objects.due(now).mass().filter(partner=pk, is_released=False).count()
        house = SendingCount.objects.get(partner=pk, day=day_of(partners[pk], now), address="")
        guard.ask(partners[pk], wants=waiting + house.mass - house.released, now=now)


def give_back(letters: OutgoingMailQuerySet, **fields: object) -> int:
    """Let claimed letters wait again, as if they had not been taken."""
    return letters.update(
        state=MailState.QUEUED, claim="", claimed_until=None, is_handing=False, attempts=F("attempts") - 1, **fields
    )
