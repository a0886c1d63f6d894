"""Write down what the authority did: the new order, its certificate, and what becomes of the old one; each once."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.db import transaction

from certificates.authorities.base import AuthorityStatus, IssuedCertificate, OrderState
from certificates.models import AuthorityConnection, Certificate, Order, Request
from certificates.querysets import OrderQuerySet, RequestQuerySet
from certificates.rules import Term, last_day
from certificates.search.text import order_text
from certificates.services.installations import expect_installation
from certificates.states import OrderStatus, RenewalMark, RequestKind, RequestState
from certificates.x509 import read_certificate
from portal import activities

END_DIFFERS = "end_differs"
# How the authority's last word ends a request.
_FALLEN = {
    AuthorityStatus.REJECTED: RequestState.REJECTED,
    AuthorityStatus.CANCELED: RequestState.CANCELED,
    AuthorityStatus.REVOKED: RequestState.CANCELED,
}
_INHERITED = (
    "contact",
    "notices_enabled",
    "auto_renew",
    "auto_renew_by",
    "additional_emails",
    "server_platform",
    "dcv_method",
    "division",
)


def record_placed(request: Request, claim: RequestQuerySet, answer: OrderState, *, now: datetime) -> bool:
    """The authority has taken it: write its number, and the new order; False where the claim was lost."""
    with transaction.atomic():
        placed = claim.update(
            state=RequestState.PLACED,
            claimed_until=None,
            authority_number=answer.order_number,
            steps=_steps(answer),
            last_error="",
            due_at=now,
        )
        if not placed:
            return False
        request.result = _result(request, answer, now)
        Request.objects.filter(pk=request.pk).update(result=request.result)
    return True


def record_answer(request: Request, answer: OrderState, *, now: datetime) -> None:
    """What the authority says of a placed request: issued, fallen, or still waiting."""
    if answer.status is AuthorityStatus.ISSUED and answer.certificate:
        if _is_new(request, answer.certificate):
            _record_issued(request, answer, answer.certificate, now)
        else:
            record_end(request, _placed(request), RequestState.CANCELED, now=now)
    elif fallen := _FALLEN.get(answer.status):
        record_end(request, _placed(request), fallen, error=answer.hold_reason, status=answer.status, now=now)
    else:
        _record_waiting(request, answer)


def record_end(
    request: Request,
    rows: RequestQuerySet,
    state: RequestState,
    *,
    now: datetime,
    error: str = "",
    status: AuthorityStatus = AuthorityStatus.CANCELED,
    **changes: Any,
) -> bool:
    """Let the request leave the road, if it is still in `rows`; its old order stands in the lists again."""
    with transaction.atomic():
        if not rows.update(state=state, claimed_until=None, finished_at=now, last_error=error, **changes):
            return False
        _give_up_result(request, status)
        if request.kind == RequestKind.RENEWAL:
            _row(request.order).filter(renewal_mark=RenewalMark.IN_HAND).update(renewal_mark=RenewalMark.NONE)
        _note(request, f"request.{state}", now, error=error)
    return True


def _placed(request: Request) -> RequestQuerySet:
    rows: RequestQuerySet = Request.objects.filter(pk=request.pk, state=RequestState.PLACED)
    return rows


def _row(order: Order | None) -> OrderQuerySet:
    rows: OrderQuerySet = Order.objects.filter(pk=order.pk) if order else Order.objects.none()
    return rows


def _steps(answer: OrderState) -> list[dict[str, Any]]:
    return [asdict(step) for step in answer.steps]


def _is_new(request: Request, certificate: IssuedCertificate) -> bool:
    """Of a reissue: whether this is not the certificate it was to replace (then the reissue was dropped)."""
    return request.kind != RequestKind.REISSUE or certificate.serial_number != request.promise.get("replaces")


# The order


def _result(request: Request, answer: OrderState, now: datetime) -> Order:
    if request.order is None or request.kind != RequestKind.REISSUE:
        return _new_order(request, answer, now)
    _row(request.order).update(status=_order_status(answer), authority_status=answer.raw_status)
    return request.order


def _new_order(request: Request, answer: OrderState, now: datetime) -> Order:
    """The order as placed; one that an import has brought in meanwhile is taken as it is."""
    order, is_new = Order.objects.get_or_create(
        partner=request.partner,
        authority=request.authority,
        number=answer.order_number,
        defaults=_as_placed(request, answer, now),
    )
    if not is_new:
        Order.objects.filter(pk=order.pk, predecessor=None).update(predecessor=_free_predecessor(request.order))
    return order


def _free_predecessor(old: Order | None) -> Order | None:
    """The old order, unless another one follows it already."""
    return old if old and not Order.objects.filter(predecessor=old).exists() else None


def _as_placed(request: Request, answer: OrderState, now: datetime) -> dict[str, Any]:
    old = request.order
    inherited = {name: getattr(old, name) for name in _INHERITED} if old else {}
    return inherited | {
        "customer": request.customer,
        "organization": request.organization,
        "product": request.product,
        "product_name": request.product.name,
        "customer_reference": request.purchase_order,
        "price": request.price,
        "currency": request.currency,
        # Issued only once its dates and its certificate are written too.
        "status": OrderStatus.PENDING if answer.status is AuthorityStatus.ISSUED else _order_status(answer),
        "authority_status": answer.raw_status,
        "common_name": request.common_name,
        "names": request.names,
        "term_years": request.term_years,
        "placed_at": now,
        "predecessor": _free_predecessor(old),
        "csr": request.csr,
        "search_text": order_text(
            number=answer.order_number,
            names=request.names,
            customer=request.customer.name,
            references=(request.purchase_order,),
        ),
    }


def _give_up_result(request: Request, status: AuthorityStatus) -> None:
    """A reissue leaves its order as it was; a new order keeps the authority's last word and follows nothing."""
    result = _row(request.result)
    if request.kind == RequestKind.REISSUE:
        result.filter(status=OrderStatus.REISSUE_PENDING).update(status=OrderStatus.ISSUED)
    else:
        result.update(status=OrderStatus(status.value), predecessor=None)


def _record_waiting(request: Request, answer: OrderState) -> None:
    _placed(request).update(steps=_steps(answer), last_error="")
    waiting = _row(request.result).exclude(authority_status=answer.raw_status)
    if answer.status is not AuthorityStatus.ISSUED:
        waiting.update(status=_order_status(answer), authority_status=answer.raw_status)


def _order_status(answer: OrderState) -> OrderStatus:
    return OrderStatus(answer.status.value)


# The certificate


def _record_issued(request: Request, answer: OrderState, issued: IssuedCertificate, now: datetime) -> None:
    done = {"state": RequestState.ISSUED, "finished_at": now, "steps": _steps(answer), "last_error": ""}
    with transaction.atomic():
        if not _placed(request).update(**done):
            return
        order = _row(request.result).select_for_update().get()
        certificate = _keep(order, issued, is_reissue=request.kind == RequestKind.REISSUE)
        _settle(order, request, answer, issued)
        if request.kind == RequestKind.RENEWAL:
            _row(request.order).update(renewal_mark=RenewalMark.RENEWED, successor_number=order.number)
        _note(request, "request.issued", now, order=order.number, serial_number=issued.serial_number)
        _compare_with_promise(request, order, now)
        expect_installation(certificate, now=now)
        # Whoever has issued a certificate need not be asked whether the connection works.
        connections = AuthorityConnection.objects.filter(partner=request.partner, kind=request.authority)
        connections.update(last_checked_at=now, last_error="")


def _keep(order: Order, issued: IssuedCertificate, *, is_reissue: bool) -> Certificate:
    """Make it the order's present certificate; those before it are kept."""
    facts = read_certificate(issued.pem)
    Certificate.objects.filter(order=order, is_current=True).update(is_current=False)
    certificate, _is_new = Certificate.objects.update_or_create(
        partner_id=order.partner_id,
        sha256=issued.sha256,
        defaults={
            "customer_id": order.customer_id,
            "order": order,
            "kind": Certificate.Kind.REISSUE if is_reissue else Certificate.Kind.ORIGINAL,
            "is_current": True,
            "number": issued.certificate_number,
            "serial_number": issued.serial_number,
            "thumbprint": issued.thumbprint,
            "common_name": issued.common_name,
            "names": list(issued.names),
            "issuer_name": facts.issuer,
            "key_type": f"{facts.key_type} {facts.key_size}",
            "starts_at": issued.valid_from,
            "ends_at": issued.ends_at,
            "ends_on": last_day(issued.ends_at),
            "pem": issued.pem,
            "chain": "".join(issued.chain),
        },
    )
    return certificate


def _settle(order: Order, request: Request, answer: OrderState, issued: IssuedCertificate) -> None:
    """Write the authority's own dates, which win over anything that was expected."""
    changes: dict[str, Any] = {
        "status": OrderStatus.ISSUED,
        "authority_status": answer.raw_status,
        "common_name": request.common_name,
        "names": request.names,
        "csr": request.csr,
        "certificate_starts_at": issued.valid_from,
        "certificate_ends_at": issued.ends_at,
        "certificate_ends_on": last_day(issued.ends_at),
        "starts_at": answer.starts_at or order.starts_at or issued.valid_from,
        "ends_at": answer.ends_at or order.ends_at or issued.ends_at,
        "end_is_inferred": order.end_is_inferred and answer.ends_at is None,
    }
    changes["ends_on"] = last_day(changes["ends_at"])
    for name, value in changes.items():
        setattr(order, name, value)
    order.save(update_fields=[*changes, "updated_at"])


def _compare_with_promise(request: Request, order: Order, now: datetime) -> None:
    """Where the order does not end on the day the person was told, leave a remark for somebody to look at."""
    told = _told_end(request, order)
    if told is None or told == order.ends_on:
        return
    Order.objects.filter(pk=order.pk).update(remarks=[*order.remarks, END_DIFFERS])
    activities.record(
        "order.end_differs",
        order,
        partner=request.partner,
        at=now,
        told=told.isoformat(),
        authority_says=order.ends_on.isoformat() if order.ends_on else "",
    )


def _told_end(request: Request, order: Order) -> date | None:
    """Days kept bind the end to a date; without any, the term counts from the day of issuance."""
    if "order_ends_on" not in request.promise or order.starts_at is None:
        return None
    if request.promise["carried_days"]:
        return date.fromisoformat(request.promise["order_ends_on"])
    return last_day(Term(years=request.term_years).end(order.starts_at))


def _note(request: Request, verb: str, now: datetime, **facts: Any) -> None:
    facts = {name: value for name, value in facts.items() if value}
    activities.record(verb, request, partner=request.partner, at=now, **facts)
