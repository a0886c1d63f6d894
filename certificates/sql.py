"""The set-based statements of an import: staged lines become customers, orders and certificates in a few questions.

`import_stage` holds the lines as they were read and is never changed; narrow tables beside it hold what was found out.
In a merge `s` is the staged line, `t` what its links resolved to, and `o` the order as it stands. A value of NULL in
the stage says that the source is silent, so what is known stays. Both databases speak these statements; `Dialect` has
the few words in which they differ. Parameters: partner, authority, now, first, last, run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from certificates.models import Certificate, Contact, Customer, Domain, ImportLine, Order, Organization
from certificates.remarks import IMPORTED

# What is staged, with the kind of each column; stage rows are tuples in this order.
STAGED: Mapping[str, str] = {
    "line": "line",
    "number": "text",
    "common_name": "text",
    "names": "json",
    "names_said": "bool",
    "status": "text",
    "authority_status": "text",
    "placed_at": "time",
    "placed_guess": "time",
    "term_years": "int",
    "starts_at": "time",
    "start_guess": "time",
    "ends_at": "time",
    "ends_on": "date",
    "end_source": "int",
    "certificate_starts_at": "time",
    "certificate_ends_at": "time",
    "certificate_ends_on": "date",
    "certificate_number": "text",
    "serial_number": "text",
    "thumbprint": "text",
    "organization_number": "text",
    "organization_name": "text",
    "name_key": "text",
    "address": "text",
    "city": "text",
    "state": "text",
    "country": "text",
    "domain": "text",
    "contact_email": "text",
    "contact_name": "text",
    "contact_title": "text",
    "contact_phone": "text",
    "product_id": "int",
    "product_name": "text",
    "customer_reference": "text",
    "is_renewed": "bool",
    "successor_number": "text",
    "notices_enabled": "bool",
    "auto_renew": "bool",
    "additional_emails": "json",
    "csr": "text",
    "server_platform": "text",
    "dcv_method": "text",
    "division": "text",
    "remarks": "json",
    "words": "text",
    "reason": "json",
}
DOMAINS: Mapping[str, str] = {"line": "int", "name": "text"}
CUSTOMER_WORDS: Mapping[str, str] = {"customer_id": "line", "words": "text"}
TEXTS: Mapping[str, str] = {"id": "line", "text": "text"}

_FOUND_OUT: Mapping[str, Mapping[str, str]] = {
    "import_stage": STAGED,
    "import_domain": DOMAINS,
    "import_customer_words": CUSTOMER_WORDS,
    "import_refused": {"line": "line", "problem": "text"},
    "import_named": {"name": "key", "number": "text"},
    # The lines that count, each with its organisation where one is known
    "import_kept": {"line": "line", "organization_number": "text"},
    "import_organization": {
        "number": "key",
        "line": "int",
        "name": "text",
        "address": "text",
        "city": "text",
        "state": "text",
        "country": "text",
        "customer_key": "text",
    },
    "import_owner": {"name": "key", "customer_key": "text"},
    "import_link": {"line": "line", "organization_number": "text", "customer_key": "text"},
    "import_contact": {"customer_key": "text", "email": "text", "line": "int", "contact_id": "int"},
    # Lines whose customer, organisation, contact or domain changes with them
    "import_touched": {"line": "int"},
    "import_chain": {"successor_id": "line", "predecessor_id": "int"},
    # New words for the search, by what they belong to
    "import_text": TEXTS,
    "import_target": {
        "line": "line",
        "order_id": "int",
        "customer_id": "int",
        "organization_id": "int",
        "contact_id": "int",
        "certificate_id": "int",
        "has_certificates": "bool",
        "outcome": "text",
        "problem": "text",
    },
}
_INDEXES = (
    ("import_stage", "number, line"),
    ("import_domain", "name, line"),
    ("import_domain", "line"),
    ("import_kept", "organization_number"),
    ("import_link", "customer_key"),
    ("import_contact", "customer_key, email"),
    ("import_touched", "line"),
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which the two databases differ."""

    types: Mapping[str, str]
    differs: str
    empty_list: str
    # What the order o remarks beside what an import may find, and what it finds now
    remarks_together: str


_POSTGRESQL = Dialect(
    {
        "line": "integer PRIMARY KEY",
        "key": "text PRIMARY KEY",
        "int": "bigint",
        "text": "text",
        "json": "jsonb",
        "bool": "boolean",
        "time": "timestamptz",
        "date": "date",
    },
    differs="IS DISTINCT FROM",
    empty_list="'[]'::jsonb",
    remarks_together="(o.remarks - ARRAY[{imported_remarks}]) || s.remarks",
)
_SQLITE = Dialect(
    {
        "line": "integer PRIMARY KEY",
        "key": "text PRIMARY KEY",
        "int": "integer",
        "text": "text",
        "json": "text",
        "bool": "integer",
        "time": "text",
        "date": "text",
    },
    differs="IS NOT",
    empty_list="'[]'",
    # Written with the space that Django's own JSON has after a comma
    remarks_together="""(SELECT replace(json_group_array(value), '","', '", "') FROM (
      SELECT value FROM json_each(o.remarks) WHERE value NOT IN ({imported_remarks})
      UNION ALL SELECT value FROM json_each(s.remarks)))""",
)


def dialect_of(connection: BaseDatabaseWrapper) -> Dialect:
    return _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE


# The stage


def create_stage(cursor: Any, dialect: Dialect) -> None:
    """Empty temporary tables of this connection; what an interrupted import left is dropped."""
    drop_stage(cursor)
    for table, columns in _FOUND_OUT.items():
        typed = ", ".join(f"{name} {dialect.types[kind]}" for name, kind in columns.items())
        cursor.execute(f"CREATE TEMP TABLE {table} ({typed})")


def index_stage(cursor: Any, *, analyse: bool) -> None:
    """Once it is filled; PostgreSQL plans for temporary tables only what somebody analyses."""
    for place, (table, columns) in enumerate(_INDEXES):
        cursor.execute(f"CREATE INDEX {table}_{place} ON {table} ({columns})")
    if analyse:
        cursor.execute("ANALYZE import_stage (line, number, organization_number, domain, contact_email)")
        cursor.execute("ANALYZE import_domain")


def drop_stage(cursor: Any) -> None:
    for table in _FOUND_OUT:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")


# What each line is about

_LATEST_FIRST = "s.placed_at IS NULL, s.placed_at DESC, s.line DESC"

# New orders of which too little is known bring nothing along.
REFUSE = """
    INSERT INTO import_refused (line, problem)
    SELECT s.line, {new_problem} FROM import_stage s
    WHERE {new_problem} IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM {order} o
      WHERE o.partner_id = %(partner)s AND o.authority = %(authority)s AND o.number = s.number)
    """

RESOLVE = (
    # Of several lines with one order number the last counts, even where that one is refused.
    """
    INSERT INTO import_kept (line, organization_number)
    SELECT s.line, CASE WHEN s.organization_number = '' AND s.organization_name <> '' THEN NULL
                        ELSE s.organization_number END
    FROM import_stage s
    WHERE NOT EXISTS (SELECT 1 FROM import_refused r WHERE r.line = s.line)
      AND NOT EXISTS (SELECT 1 FROM import_stage later WHERE later.number = s.number AND later.line > s.line)
    """,
    # A name alone means the one organisation that is called so, here or in the file.
    """
    INSERT INTO import_named (name, number)
    SELECT n.name, CASE WHEN count(*) = 1 THEN min(n.number) END
    FROM (
      SELECT g.name, g.number FROM {organization} g
      WHERE g.partner_id = %(partner)s AND g.authority = %(authority)s AND g.name IN (
        SELECT s.organization_name FROM import_stage s WHERE s.organization_number = '' AND s.organization_name <> '')
      UNION
      SELECT s.organization_name, k.organization_number FROM import_kept k JOIN import_stage s ON s.line = k.line
      WHERE k.organization_number <> '' AND s.organization_name <> '') n
    GROUP BY n.name
    """,
    """
    UPDATE import_kept SET organization_number = n.number
    FROM import_stage s JOIN import_named n ON n.name = s.organization_name
    WHERE s.line = import_kept.line AND s.organization_number = ''
    """,
    # An organisation is described by its latest order, and belongs to the customer it belonged to before.
    f"""
    INSERT INTO import_organization (number, line, name, address, city, state, country, customer_key)
    SELECT w.number, s.line, COALESCE(NULLIF(s.organization_name, ''), w.number), s.address, s.city, s.state, s.country,
      COALESCE(
        (SELECT c.key FROM {{organization}} g JOIN {{customer}} c ON c.id = g.customer_id
         WHERE g.partner_id = %(partner)s AND g.authority = %(authority)s AND g.number = w.number),
        (SELECT c.key FROM {{customer}} c WHERE c.partner_id = %(partner)s AND c.key = 'org:' || w.number),
        (SELECT c.key FROM {{customer}} c WHERE c.partner_id = %(partner)s AND c.key = s.name_key),
        'org:' || w.number)
    FROM (
      SELECT k.organization_number AS number, s.line,
        row_number() OVER (PARTITION BY k.organization_number ORDER BY {_LATEST_FIRST}) AS place
      FROM import_kept k JOIN import_stage s ON s.line = k.line
      WHERE k.organization_number <> '') w
    JOIN import_stage s ON s.line = w.line
    WHERE w.place = 1
    """,
    # A domain belongs to whom it belonged before, else to the organisation whose order names it first.
    """
    INSERT INTO import_owner (name, customer_key)
    SELECT d.name,
      (SELECT c.key FROM {domain} x JOIN {customer} c ON c.id = x.customer_id
       WHERE x.partner_id = %(partner)s AND x.authority IN ({authorities}) AND x.name = d.name
       ORDER BY x.authority <> %(authority)s, x.id LIMIT 1)
    FROM (SELECT DISTINCT name FROM import_domain) d
    """,
    """
    UPDATE import_owner SET customer_key = (
      SELECT g.customer_key FROM import_domain d
      JOIN import_kept k ON k.line = d.line
      JOIN import_organization g ON g.number = k.organization_number
      WHERE d.name = import_owner.name ORDER BY d.line LIMIT 1)
    WHERE customer_key IS NULL
    """,
    # An order stays with its customer as long as its organisation stays the same.
    """
    INSERT INTO import_link (line, organization_number, customer_key)
    SELECT k.line, k.organization_number,
      CASE
        WHEN o.id IS NOT NULL AND COALESCE(k.organization_number, '') IN ('', og.number) THEN oc.key
        WHEN k.organization_number <> '' THEN g.customer_key
        WHEN s.name_key IS NOT NULL THEN s.name_key
        ELSE COALESCE(w.customer_key, 'domain:' || substr(COALESCE(NULLIF(s.domain, ''), s.common_name), 1, 190))
      END
    FROM import_kept k
    JOIN import_stage s ON s.line = k.line
    LEFT JOIN {order} o
      ON o.partner_id = %(partner)s AND o.authority = %(authority)s AND o.number = s.number
    LEFT JOIN {organization} og ON og.id = o.organization_id
    LEFT JOIN {customer} oc ON oc.id = o.customer_id
    LEFT JOIN import_organization g ON g.number = k.organization_number
    LEFT JOIN import_owner w ON w.name = s.domain
    """,
    f"""
    INSERT INTO import_contact (customer_key, email, line)
    SELECT w.customer_key, w.email, w.line
    FROM (
      SELECT l.customer_key, s.contact_email AS email, s.line,
        row_number() OVER (PARTITION BY l.customer_key, s.contact_email ORDER BY {_LATEST_FIRST}) AS place
      FROM import_link l JOIN import_stage s ON s.line = l.line
      WHERE s.contact_email IS NOT NULL) w
    WHERE w.place = 1
    """,
)
ANALYSE_FOUND = tuple(
    f"ANALYZE {table}"
    for table in ("import_kept", "import_organization", "import_owner", "import_link", "import_contact")
)

# Whose statistics matter while the import itself is what fills a table
ANALYSE_GROWN: Mapping[str, str] = {
    "customer": "ANALYZE {customer} (partner_id, key)",
    "organization": "ANALYZE {organization} (partner_id, authority, number)",
    "domain": "ANALYZE {domain} (partner_id, authority, name)",
    "contact": "ANALYZE {contact} (customer_id, email, source_email)",
    "order": "ANALYZE {order} (partner_id, authority, number)",
    "certificate": "ANALYZE {certificate} (order_id, serial_number)",
}

# A person is known by the address imports knew first, else by the present one.
_CONTACT_OF = """
    SELECT min(p.id) FROM {contact} p JOIN {customer} c ON c.id = p.customer_id
    WHERE c.partner_id = %(partner)s AND c.key = import_contact.customer_key"""
FIND_CONTACTS = f"""
    UPDATE import_contact SET contact_id = COALESCE(
      ({_CONTACT_OF} AND p.source_email = import_contact.email),
      ({_CONTACT_OF} AND lower(p.email) = import_contact.email))
    """

# Customers, organisations, domains, contacts

_ORGANIZATION_MERGE = {
    "name": "w.name",
    "address": "COALESCE(w.address, e.address, '')",
    "city": "COALESCE(w.city, e.city, '')",
    "state": "COALESCE(w.state, e.state, '')",
    "country": "COALESCE(w.country, e.country, '')",
}
_EXISTING_ORGANIZATION = (
    "{organization} e ON e.partner_id = %(partner)s AND e.authority = %(authority)s AND e.number = w.number"
)
_BLANKS = (
    "p.name = '' AND s.contact_name <> '' OR p.job_title = '' AND s.contact_title <> ''"
    " OR p.phone = '' AND s.contact_phone <> ''"
)

TOUCH = (
    f"""
    INSERT INTO import_touched (line)
    SELECT w.line FROM import_organization w JOIN {_EXISTING_ORGANIZATION}
    WHERE {{organization_differs}}
    """,
    """
    INSERT INTO import_touched (line)
    SELECT min(d.line) FROM import_domain d JOIN import_kept k ON k.line = d.line
    WHERE NOT EXISTS (SELECT 1 FROM {domain} x WHERE x.partner_id = %(partner)s AND x.authority = %(authority)s
                      AND x.name = d.name)
    GROUP BY d.name
    """,
    f"""
    INSERT INTO import_touched (line)
    SELECT i.line FROM import_contact i JOIN import_stage s ON s.line = i.line
    LEFT JOIN {{contact}} p ON p.id = i.contact_id
    WHERE p.id IS NULL OR {_BLANKS}
    """,
)

NEW_CUSTOMERS = f"""
    INSERT INTO {{customer}} (partner_id, key, name, address, city, country{{customer_columns}})
    SELECT %(partner)s, w.customer_key,
      substr(COALESCE(NULLIF(s.organization_name, ''), NULLIF(s.domain, ''), s.common_name), 1, 200),
      COALESCE(s.address, ''), COALESCE(s.city, ''), COALESCE(s.country, ''){{customer_values}}
    FROM (
      SELECT l.customer_key, s.line,
        row_number() OVER (PARTITION BY l.customer_key ORDER BY {_LATEST_FIRST}) AS place
      FROM import_link l JOIN import_stage s ON s.line = l.line
      WHERE NOT EXISTS (SELECT 1 FROM {{customer}} c WHERE c.partner_id = %(partner)s AND c.key = l.customer_key)) w
    JOIN import_stage s ON s.line = w.line
    WHERE w.place = 1
    ON CONFLICT (partner_id, key) DO NOTHING
    """

# A customer that nobody renamed here follows its organisation's new name.
RENAMED_CUSTOMERS = f"""
    UPDATE {{customer}} SET name = w.name
    FROM import_organization w JOIN {_EXISTING_ORGANIZATION}
    WHERE {{customer}}.id = e.customer_id AND {{customer}}.name = e.name AND w.name <> e.name
    """

ORGANIZATIONS = f"""
    INSERT INTO {{organization}}
      (partner_id, customer_id, authority, number, name, address, city, state, country{{organization_columns}})
    SELECT %(partner)s, c.id, %(authority)s, w.number, {", ".join(_ORGANIZATION_MERGE.values())}{{organization_values}}
    FROM import_organization w
    JOIN {{customer}} c ON c.partner_id = %(partner)s AND c.key = w.customer_key
    LEFT JOIN {_EXISTING_ORGANIZATION}
    WHERE e.id IS NULL OR {{organization_differs}}
    ON CONFLICT (partner_id, authority, number) DO UPDATE SET name = excluded.name, address = excluded.address,
      city = excluded.city, state = excluded.state, country = excluded.country
    """

NEW_DOMAINS = """
    INSERT INTO {domain} (partner_id, customer_id, organization_id, authority, name, method{domain_columns})
    SELECT %(partner)s, c.id, CASE WHEN g.customer_id = c.id THEN g.id END, %(authority)s, w.name,
      COALESCE(s.dcv_method, ''){domain_values}
    FROM (
      SELECT d.name, d.line, COALESCE(o.customer_key, l.customer_key) AS customer_key, l.organization_number,
        row_number() OVER (PARTITION BY d.name
                           ORDER BY COALESCE(l.customer_key <> o.customer_key, FALSE), d.line) AS place
      FROM import_domain d
      JOIN import_link l ON l.line = d.line
      LEFT JOIN import_owner o ON o.name = d.name
      WHERE NOT EXISTS (SELECT 1 FROM {domain} x WHERE x.partner_id = %(partner)s AND x.authority = %(authority)s
                        AND x.name = d.name)) w
    JOIN import_stage s ON s.line = w.line
    JOIN {customer} c ON c.partner_id = %(partner)s AND c.key = w.customer_key
    LEFT JOIN {organization} g
      ON g.partner_id = %(partner)s AND g.authority = %(authority)s AND g.number = w.organization_number
    WHERE w.place = 1
    ON CONFLICT (partner_id, authority, name) DO NOTHING
    """

NEW_CONTACTS = """
    INSERT INTO {contact}
      (partner_id, customer_id, name, job_title, email, source_email, phone{contact_columns})
    SELECT %(partner)s, c.id, COALESCE(NULLIF(s.contact_name, ''), i.email), s.contact_title, i.email, i.email,
      s.contact_phone{contact_values}
    FROM import_contact i
    JOIN import_stage s ON s.line = i.line
    JOIN {customer} c ON c.partner_id = %(partner)s AND c.key = i.customer_key
    WHERE i.contact_id IS NULL
    ON CONFLICT DO NOTHING
    """

# What somebody corrected here stays; only what is missing is added.
FILL_CONTACTS = f"""
    UPDATE {{contact}} AS p SET
      name = CASE WHEN p.name = '' THEN s.contact_name ELSE p.name END,
      job_title = CASE WHEN p.job_title = '' THEN s.contact_title ELSE p.job_title END,
      phone = CASE WHEN p.phone = '' THEN s.contact_phone ELSE p.phone END,
      search_text = ''
    FROM import_contact i JOIN import_stage s ON s.line = i.line
    WHERE p.id = i.contact_id AND ({_BLANKS})
    """

# Whose words for the search are out of date
CUSTOMERS_TOUCHED = """
    SELECT c.id FROM {customer} c
    WHERE c.partner_id = %(partner)s AND c.key IN (SELECT l.customer_key FROM import_link l)
      AND (c.search_text = '' OR c.key IN (
        SELECT l.customer_key FROM import_link l JOIN import_touched u ON u.line = l.line))
    ORDER BY c.id
    """
CUSTOMERS_WITHOUT_WORDS = """
    SELECT c.id, c.name FROM {customer} c
    WHERE c.id IN (SELECT t.customer_id FROM import_target t WHERE t.outcome = 'created')
      AND NOT EXISTS (SELECT 1 FROM import_customer_words w WHERE w.customer_id = c.id)
    """
WRITE_TEXTS = "UPDATE {table} AS o SET search_text = t.text FROM import_text t WHERE o.id = t.id"
EMPTY_TEXTS = "DELETE FROM import_text"

# One import of a partner at a time writes; SQLite has one writer anyway.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('certificates.import'), %(partner)s::integer)"

# Orders

_LIVE = "('issued', 'reissue_pending')"


@dataclass(frozen=True, slots=True)
class Merge:
    """How a column of an order comes about: for a new order, and for one that is known."""

    new: str
    known: str


def _said(column: str, default: str) -> Merge:
    return Merge(f"COALESCE(s.{column}, {default})", f"COALESCE(s.{column}, o.{column})")


def _remembered(column: str, default: str) -> dict[str, Merge]:
    """A choice that can be made here too: the source changes it only by changing its own mind."""
    mind = f"source_{column}"
    return {
        column: Merge(
            f"COALESCE(s.{column}, {default})",
            f"CASE WHEN s.{column} IS NULL OR o.{mind} IS NULL OR s.{column} = o.{mind}"
            f" THEN o.{column} ELSE s.{column} END",
        ),
        mind: Merge(f"s.{column}", f"COALESCE(s.{column}, o.{mind})"),
    }


# A stated end replaces any; an inferred one never a stated one, and from a certificate alone only an earlier one.
_END_WINS = (
    "s.ends_at IS NOT NULL AND (o.ends_at IS NULL OR s.end_source = 2"
    " OR o.end_is_inferred AND (s.end_source = 1 OR s.ends_at > o.ends_at))"
)
# An older file does not bring back a certificate that has been replaced.
_CERTIFICATE_WINS = (
    "s.certificate_ends_at IS NOT NULL AND (o.certificate_ends_at IS NULL OR CASE"
    " WHEN s.certificate_starts_at IS NULL OR o.certificate_starts_at IS NULL"
    " THEN s.certificate_ends_at >= o.certificate_ends_at"
    " ELSE s.certificate_starts_at >= o.certificate_starts_at END)"
)


def _where(wins: str, *columns: str) -> dict[str, Merge]:
    return {column: Merge(f"s.{column}", f"CASE WHEN {wins} THEN s.{column} ELSE o.{column} END") for column in columns}


ORDER_MERGE: Mapping[str, Merge] = {
    "customer_id": Merge("t.customer_id", "t.customer_id"),
    "organization_id": Merge("t.organization_id", "t.organization_id"),
    "contact_id": Merge("t.contact_id", "t.contact_id"),
    "product_id": Merge("s.product_id", "CASE WHEN s.product_name IS NULL THEN o.product_id ELSE s.product_id END"),
    # The name under which the product was sold, as long as it is the same product.
    "product_name": Merge(
        "COALESCE(s.product_name, '')",
        "CASE WHEN s.product_name IS NULL OR s.product_id = o.product_id THEN o.product_name ELSE s.product_name END",
    ),
    "customer_reference": _said("customer_reference", "''"),
    "status": Merge(
        "COALESCE(s.status, CASE WHEN s.ends_at IS NULL THEN 'pending' ELSE 'issued' END)",
        "COALESCE(s.status, o.status)",
    ),
    "authority_status": _said("authority_status", "''"),
    "common_name": Merge("s.common_name", "s.common_name"),
    "names": Merge("s.names", "CASE WHEN s.names_said THEN s.names ELSE o.names END"),
    "term_years": _said("term_years", "1"),
    "placed_at": Merge("COALESCE(s.placed_at, s.placed_guess)", "COALESCE(s.placed_at, o.placed_at)"),
    "starts_at": Merge(
        "COALESCE(s.starts_at, s.start_guess)",
        "COALESCE(s.starts_at, o.starts_at, s.start_guess)",
    ),
    **_where(_END_WINS, "ends_at", "ends_on"),
    "end_is_inferred": Merge(
        "COALESCE(s.end_source < 2, FALSE)",
        f"CASE WHEN {_END_WINS} THEN s.end_source < 2 ELSE o.end_is_inferred END",
    ),
    **_where(_CERTIFICATE_WINS, "certificate_ends_at", "certificate_ends_on"),
    "certificate_starts_at": Merge(
        "s.certificate_starts_at",
        f"CASE WHEN {_CERTIFICATE_WINS} THEN COALESCE(s.certificate_starts_at,"
        " CASE WHEN s.certificate_ends_at = o.certificate_ends_at THEN o.certificate_starts_at END)"
        " ELSE o.certificate_starts_at END",
    ),
    # Marks made here stand; a renewal is never taken back by a file.
    "renewal_mark": Merge(
        "CASE WHEN s.is_renewed THEN 'renewed' ELSE 'none' END",
        "CASE WHEN s.is_renewed AND o.renewal_mark = 'none' THEN 'renewed' ELSE o.renewal_mark END",
    ),
    "successor_number": Merge(
        "COALESCE(s.successor_number, '')",
        "CASE WHEN o.successor_number = '' THEN COALESCE(s.successor_number, '') ELSE o.successor_number END",
    ),
    **_remembered("notices_enabled", "TRUE"),
    **_remembered("auto_renew", "FALSE"),
    "additional_emails": _said("additional_emails", "{empty_list}"),
    "csr": Merge("COALESCE(s.csr, '')", "COALESCE(NULLIF(s.csr, ''), o.csr)"),
    "server_platform": _said("server_platform", "''"),
    "dcv_method": _said("dcv_method", "''"),
    "division": _said("division", "''"),
    # Remarks of other origin stay.
    "remarks": Merge(
        "COALESCE(s.remarks, {empty_list})",
        "CASE WHEN s.remarks IS NULL THEN o.remarks ELSE {remarks_together} END",
    ),
}


def _problem(kind: str) -> str:
    """What would break a promise of the database, as the code of a rejection; NULL where all is well."""
    merged = {column: getattr(merge, kind) for column, merge in ORDER_MERGE.items()}
    return (
        f"CASE WHEN {merged['placed_at']} IS NULL THEN 'no_date'"
        f" WHEN {merged['status']} IN {_LIVE} AND {merged['ends_at']} IS NULL THEN 'no_end'"
        f" WHEN {merged['ends_at']} <= {merged['starts_at']} THEN 'ends_before_start' END"
    )


def _order_differs(differs: str) -> str:
    return " OR ".join(f"o.{column} {differs} ({merge.known})" for column, merge in ORDER_MERGE.items())


# The certificate of a line, where it is known: facts read from the certificate itself are better than the list's.
_CERTIFICATE_MERGE = {
    "number": "CASE WHEN x.number = '' THEN s.certificate_number ELSE x.number END",
    "serial_number": "CASE WHEN x.serial_number = '' THEN s.serial_number ELSE x.serial_number END",
    "thumbprint": "CASE WHEN x.thumbprint = '' THEN s.thumbprint ELSE x.thumbprint END",
    "status": "CASE WHEN s.status = 'revoked' THEN 'revoked' ELSE x.status END",
    "starts_at": "CASE WHEN x.sha256 = '' THEN COALESCE(s.certificate_starts_at, x.starts_at) ELSE x.starts_at END",
    "ends_at": "CASE WHEN x.sha256 = '' THEN s.certificate_ends_at ELSE x.ends_at END",
    "ends_on": "CASE WHEN x.sha256 = '' THEN s.certificate_ends_on ELSE x.ends_on END",
}
_SAME_CERTIFICATE = (
    "CASE WHEN s.serial_number <> '' AND x.serial_number <> '' THEN x.serial_number = s.serial_number"
    " ELSE x.ends_at = s.certificate_ends_at END"
)
_NEEDS_CERTIFICATE = (
    "t.certificate_id IS NULL AND s.certificate_starts_at IS NOT NULL AND s.certificate_ends_at IS NOT NULL"
)


def _certificate_differs(differs: str) -> str:
    return " OR ".join(f"x.{column} {differs} ({merged})" for column, merged in _CERTIFICATE_MERGE.items())


# Ids of -1 stand for rows that the import would add: they exist by the time it is applied.
CLASSIFY = f"""
    INSERT INTO import_target
      (line, order_id, customer_id, organization_id, contact_id, certificate_id, has_certificates, outcome, problem)
    SELECT t.line, t.order_id, t.customer_id, t.organization_id, t.contact_id, t.certificate_id,
      COALESCE(t.has_certificates, FALSE),
      CASE
        WHEN o.id IS NULL THEN 'created'
        WHEN {{order_differs}} OR {_NEEDS_CERTIFICATE} OR x.id IS NOT NULL AND ({{certificate_differs}})
          OR EXISTS (SELECT 1 FROM import_touched u WHERE u.line = t.line) THEN 'updated'
        ELSE 'unchanged'
      END,
      CASE WHEN o.id IS NOT NULL THEN {{known_problem}} END
    FROM (
      SELECT l.line, o.id AS order_id, COALESCE(c.id, -1) AS customer_id,
        CASE
          WHEN l.organization_number <> '' THEN COALESCE(g.id, -1)
          WHEN l.organization_number = '' THEN NULL
          ELSE o.organization_id
        END AS organization_id,
        CASE
          WHEN s.contact_email IS NOT NULL THEN COALESCE(i.contact_id, -1)
          WHEN o.customer_id = c.id THEN o.contact_id
        END AS contact_id,
        CASE WHEN o.id IS NOT NULL AND s.certificate_ends_at IS NOT NULL THEN
          (SELECT min(x.id) FROM {{certificate}} x WHERE x.order_id = o.id AND {_SAME_CERTIFICATE})
        END AS certificate_id,
        CASE WHEN o.id IS NOT NULL THEN
          EXISTS (SELECT 1 FROM {{certificate}} x WHERE x.order_id = o.id)
        END AS has_certificates
      FROM import_link l
      JOIN import_stage s ON s.line = l.line
      LEFT JOIN {{order}} o
        ON o.partner_id = %(partner)s AND o.authority = %(authority)s AND o.number = s.number
      LEFT JOIN {{customer}} c ON c.partner_id = %(partner)s AND c.key = l.customer_key
      LEFT JOIN {{organization}} g
        ON g.partner_id = %(partner)s AND g.authority = %(authority)s AND g.number = l.organization_number
      LEFT JOIN import_contact i ON i.customer_key = l.customer_key AND i.email = s.contact_email
      WHERE l.line BETWEEN %(first)s AND %(last)s) t
    JOIN import_stage s ON s.line = t.line
    LEFT JOIN {{order}} o ON o.id = t.order_id
    LEFT JOIN {{certificate}} x ON x.id = t.certificate_id
    """

REJECT_PROBLEMS = "UPDATE import_target SET outcome = 'rejected' WHERE problem IS NOT NULL"

NEW_ORDERS = """
    INSERT INTO {order} (partner_id, authority, number, {order_merged}, search_text{order_columns})
    SELECT %(partner)s, %(authority)s, s.number, {order_new}, s.words || COALESCE(w.words, ''){order_values}
    FROM import_target t
    JOIN import_stage s ON s.line = t.line
    LEFT JOIN import_customer_words w ON w.customer_id = t.customer_id
    WHERE t.outcome = 'created'
    ON CONFLICT (partner_id, authority, number) DO NOTHING
    """

KNOWN_ORDERS = """
    UPDATE {order} AS o SET {order_known}, updated_at = %(now)s
    FROM import_target t JOIN import_stage s ON s.line = t.line
    WHERE o.id = t.order_id AND t.outcome = 'updated' AND ({order_differs})
    """

# What an updated order is found by: its line may be silent on some of it.
ORDERS_UPDATED = """
    SELECT o.id, o.number, o.names, c.name, o.customer_reference, COALESCE(x.serial_number, '')
    FROM import_target t
    JOIN {order} o ON o.id = t.order_id
    JOIN {customer} c ON c.id = o.customer_id
    LEFT JOIN {certificate} x ON x.order_id = o.id AND x.is_current
    WHERE t.outcome = 'updated'
    """

FIND_NEW_ORDERS = """
    UPDATE import_target SET order_id = o.id
    FROM import_stage s
    JOIN {order} o ON o.partner_id = %(partner)s AND o.authority = %(authority)s AND o.number = s.number
    WHERE s.line = import_target.line AND import_target.outcome = 'created'
    """

# Certificates

# A certificate that came in a bundle before its order did.
ATTACH_CERTIFICATES = """
    UPDATE {certificate} SET order_id = t.order_id, customer_id = t.customer_id
    FROM import_target t JOIN import_stage s ON s.line = t.line
    WHERE {certificate}.order_id IS NULL AND {certificate}.partner_id = %(partner)s
      AND s.serial_number <> '' AND {certificate}.serial_number = s.serial_number
      AND {certificate}.ends_at = s.certificate_ends_at
      AND t.outcome IN ('created', 'updated') AND t.certificate_id IS NULL
    """

KNOWN_CERTIFICATES = """
    UPDATE {certificate} AS x SET {certificate_known}
    FROM import_target t JOIN import_stage s ON s.line = t.line
    WHERE x.id = t.certificate_id AND t.outcome = 'updated' AND ({certificate_differs})
    """

NEW_CERTIFICATES = f"""
    INSERT INTO {{certificate}} (partner_id, customer_id, order_id, kind, status, is_current, number, serial_number,
      thumbprint, common_name, names, starts_at, ends_at, ends_on{{certificate_columns}})
    SELECT %(partner)s, t.customer_id, t.order_id,
      CASE WHEN t.has_certificates THEN 'reissue' ELSE 'original' END,
      CASE WHEN s.status = 'revoked' THEN 'revoked' ELSE 'issued' END,
      NOT t.has_certificates, s.certificate_number, s.serial_number, s.thumbprint, s.common_name, s.names,
      s.certificate_starts_at, s.certificate_ends_at, s.certificate_ends_on{{certificate_values}}
    FROM import_target t JOIN import_stage s ON s.line = t.line
    WHERE t.outcome IN ('created', 'updated') AND t.order_id IS NOT NULL AND {_NEEDS_CERTIFICATE}{{unless_attached}}
    """
UNLESS_ATTACHED = """
      AND NOT EXISTS (SELECT 1 FROM {certificate} x WHERE x.order_id = t.order_id AND s.serial_number <> ''
                      AND x.serial_number = s.serial_number AND x.ends_at = s.certificate_ends_at)"""

_NEWER = """
    EXISTS (SELECT 1 FROM {certificate} n WHERE n.order_id = {certificate}.order_id AND n.kind <> 'duplicate'
            AND (n.starts_at > {certificate}.starts_at
                 OR n.starts_at = {certificate}.starts_at AND n.id > {certificate}.id))"""
_OF_GROWN_ORDERS = f"""
    {{certificate}}.order_id IN (SELECT t.order_id FROM import_target t JOIN import_stage s ON s.line = t.line
      WHERE t.outcome IN ('created', 'updated') AND {_NEEDS_CERTIFICATE}{{only_grown}})"""
# The newest certificate of an order is its present one.
RETIRE_CERTIFICATES = f"""
    UPDATE {{certificate}} SET is_current = FALSE
    WHERE is_current AND {_OF_GROWN_ORDERS} AND {_NEWER}
    """
PROMOTE_CERTIFICATES = f"""
    UPDATE {{certificate}} SET is_current = TRUE
    WHERE NOT is_current AND kind <> 'duplicate' AND {_OF_GROWN_ORDERS} AND NOT {_NEWER}
    """

# Chains

# Where both orders are known, the renewed one becomes the predecessor; time runs one way, so there is no ring.
# CROSS JOIN makes SQLite begin with the few that have a successor.
LINK_SUCCESSORS = (
    """
    INSERT INTO import_chain (successor_id, predecessor_id)
    SELECT n.id, min(p.id) FROM {order} p CROSS JOIN {order} n
    WHERE p.partner_id = %(partner)s AND p.authority = %(authority)s AND p.successor_number <> ''
      AND n.partner_id = p.partner_id AND n.authority = p.authority AND n.number = p.successor_number
      AND n.predecessor_id IS NULL AND n.placed_at > p.placed_at
    GROUP BY n.id
    """,
    """
    UPDATE {order} AS o SET predecessor_id = c.predecessor_id
    FROM import_chain c
    WHERE o.id = c.successor_id
      AND NOT EXISTS (SELECT 1 FROM {order} q WHERE q.predecessor_id = c.predecessor_id)
    """,
)

# The report

COUNT_OUTCOMES = "SELECT outcome, count(*) FROM import_target GROUP BY outcome"
SUPERSEDED = """
    SELECT s.line, s.number, s.common_name, (SELECT max(l.line) FROM import_stage l WHERE l.number = s.number)
    FROM import_stage s
    WHERE EXISTS (SELECT 1 FROM import_stage later WHERE later.number = s.number AND later.line > s.line)
    """
REFUSED = """
    SELECT s.line, s.number, s.common_name, r.problem, s.ends_on
    FROM import_refused r JOIN import_stage s ON s.line = r.line
    WHERE NOT EXISTS (SELECT 1 FROM import_stage later WHERE later.number = s.number AND later.line > s.line)
    """
PROBLEMS = """
    SELECT s.line, s.number, s.common_name, t.problem, s.ends_on
    FROM import_target t JOIN import_stage s ON s.line = t.line WHERE t.problem IS NOT NULL ORDER BY s.line
    """
LAST_OF_BATCH = """
    SELECT max(line) FROM (SELECT line FROM import_link WHERE line > %(first)s ORDER BY line LIMIT %(size)s) batch
    """
COUNT_LINKS = "SELECT count(*) FROM import_link WHERE line <= %(last)s"

NEW_LINES = """
    INSERT INTO {line} (run_id, line, number, common_name, outcome, reason)
    SELECT %(run)s, s.line, s.number, s.common_name, t.outcome, s.reason
    FROM import_target t JOIN import_stage s ON s.line = t.line WHERE t.outcome <> 'rejected'
    """
# What became of a line, where it is not what the preview said.
CHANGED_LINES = """
    UPDATE {line} SET outcome = t.outcome
    FROM import_target t
    WHERE {line}.run_id = %(run)s AND {line}.line = t.line AND {line}.outcome <> t.outcome
      AND t.outcome <> 'rejected'
    """
EMPTY_TARGET = "DELETE FROM import_target"


class Statements:
    """The statements for one database, with our own names of tables and columns put in."""

    def __init__(self, connection: BaseDatabaseWrapper, authorities: Iterable[str]) -> None:
        self.dialect = dialect_of(connection)
        differs = self.dialect.differs
        self._names = {
            **_tables(),
            "authorities": ", ".join(f"'{authority}'" for authority in authorities),
            "empty_list": self.dialect.empty_list,
            "remarks_together": self.dialect.remarks_together,
            "imported_remarks": ", ".join(f"'{code}'" for code in IMPORTED),
            "organization_differs": " OR ".join(
                f"e.{column} {differs} {merged}" for column, merged in _ORGANIZATION_MERGE.items()
            ),
            "order_merged": ", ".join(ORDER_MERGE),
            "order_new": ", ".join(merge.new for merge in ORDER_MERGE.values()),
            "order_known": ", ".join(f"{column} = {merge.known}" for column, merge in ORDER_MERGE.items()),
            "order_differs": _order_differs(differs),
            "certificate_known": ", ".join(f"{column} = {merged}" for column, merged in _CERTIFICATE_MERGE.items()),
            "certificate_differs": _certificate_differs(differs),
            "new_problem": _problem("new"),
            "known_problem": _problem("known"),
        }
        self.constants: dict[str, Any] = {}
        for name, (model, covered) in _COVERED.items():
            self._add_constants(connection, name, model, covered)

    def __call__(self, statement: str, **names: str) -> str:
        """The statement with every name put in; names may hold names themselves."""
        names = {**self._names, **names}
        while "{" in statement:
            statement = statement.format(**names)
        return statement

    def _add_constants(
        self, connection: BaseDatabaseWrapper, name: str, model: type[models.Model], covered: Iterable[str]
    ) -> None:
        """Columns of which an import knows nothing begin with their default, as the ORM would write it."""
        columns: dict[str, str] = {}
        for field in model._meta.concrete_fields:
            column = str(field.column)
            if field.primary_key or column in covered:
                continue
            if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
                columns[column] = "%(now)s"
            elif (value := field.get_default()) is not None:
                columns[column] = f"%({name}_{column})s"
                self.constants[f"{name}_{column}"] = field.get_db_prep_save(value, connection)
        self._names[f"{name}_columns"] = "".join(f", {column}" for column in columns)
        self._names[f"{name}_values"] = "".join(f", {value}" for value in columns.values())


def _tables() -> dict[str, str]:
    named: dict[str, type[models.Model]] = {
        "order": Order,
        "certificate": Certificate,
        "customer": Customer,
        "contact": Contact,
        "organization": Organization,
        "domain": Domain,
        "line": ImportLine,
    }
    return {name: f'"{model._meta.db_table}"' for name, model in named.items()}


_ORDER_COVERED = frozenset({"partner_id", "authority", "number", "search_text", *ORDER_MERGE})
_CERTIFICATE_COVERED = frozenset(
    {
        "partner_id",
        "customer_id",
        "order_id",
        "kind",
        "status",
        "is_current",
        "common_name",
        "names",
        *_CERTIFICATE_MERGE,
    }
)
_COVERED: Mapping[str, tuple[type[models.Model], frozenset[str]]] = {
    "order": (Order, _ORDER_COVERED),
    "certificate": (Certificate, _CERTIFICATE_COVERED),
    "customer": (Customer, frozenset({"partner_id", "key", "name", "address", "city", "country"})),
    "contact": (
        Contact,
        frozenset({"partner_id", "customer_id", "name", "job_title", "email", "source_email", "phone"}),
    ),
    "organization": (
        Organization,
        frozenset({"partner_id", "customer_id", "authority", "number", "name", "address", "city", "state", "country"}),
    ),
    "domain": (
        Domain,
        frozenset({"partner_id", "customer_id", "organization_id", "authority", "name", "method"}),
    ),
}
