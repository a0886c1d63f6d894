"""Every setting of the portal, read from the environment in one sitting; a wrong value stops the start."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.logs import without_tokens
from portal.secretfiles import secret

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
TESTING = "pytest" in sys.modules
if not TESTING:
    # Only what the environment does not say already.
    env.read_env(BASE_DIR / ".env")
DATA_DIR = Path(env.str("PORTAL_DATA_DIR", str(BASE_DIR / "var"))).resolve()

# Modes ----------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
# The demo lifts the second factor, shows the mailbox page and lists its sign-ins.
DEMO = env.bool("PORTAL_DEMO", False)
HTTPS = env.bool("PORTAL_HTTPS", False)
# Pins the clock for demonstrations and tests: an ISO date, empty for the real one.
PORTAL_TODAY = env.str("PORTAL_TODAY", "")
# The real date on which that was so; `runportal` tells all its processes the same one.
PORTAL_TODAY_SINCE = env.str("PORTAL_TODAY_SINCE", "")

SECRET_KEY = env.str("SECRET_KEY", "") or secret(DATA_DIR, "secret_key", size=48)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Fernet keys for secrets kept in the database, newest first; never stored beside the data they protect.
VAULT_KEYS = env.list("PORTAL_VAULT_KEYS", default=[]) or [secret(DATA_DIR, "vault_key")]
SIGNED_COOKIE_LEGACY_SALT_FALLBACK = False

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Where `manage.py runportal` listens.
HOST = env.str("HOST", "127.0.0.1")
PORT = env.int("PORT", 8000)
PUBLIC_URL = env.str("PORTAL_PUBLIC_URL", f"http://localhost:{PORT}")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL] if HTTPS else [])

# The house ------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "campaigns",
    "offers",
    "certificates",
    "portal",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_filters",
    "django_htmx",
    "django_tables2",
]

MIDDLEWARE = [
    "portal.middleware.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.PersonalLocale",
    "portal.middleware.PartnerScope",
    "portal.middleware.SecondFactor",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
            ],
            "builtins": ["portal.templatetags.dates"],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
DJANGO_TABLES2_TEMPLATE = "partials/table.html"

# Data -----------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # WAL with IMMEDIATE transactions gave no lock errors with six writers; Django's defaults failed one in eight.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, because threads and processes of a test share it; in memory each would meet locked tables.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# Opening a connection costs more than most questions asked over it, in a file too.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)

REDIS_URL = env.str("REDIS_URL", "")
# Shared by all processes, since limits of sign-in are counted here; large enough that nobody can push counters out.
_database_cache = {
    "BACKEND": "django.core.cache.backends.db.DatabaseCache",
    "LOCATION": "portal_cache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
CACHES = {
    "default": {"BACKEND": "portal.cache.SteadyCache", "LOCATION": REDIS_URL} if REDIS_URL else _database_cache,
    # stands in for Redis while that is out of reach
    "spare": _database_cache,
    # Sums over many rows, kept by each process for a minute: nobody's work hangs on their last digit.
    "minute": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "minute", "TIMEOUT": 60},
}

# Background work: rows are the truth, the broker carries only wake-ups ----------------------------------------------
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600} if REDIS_URL else {}
SWEEP_SECONDS = env.float("PORTAL_SWEEP_SECONDS", 5.0)
# How long a claimed row may stay silent before another worker takes it over.
CLAIM_LEASE = timedelta(seconds=env.int("PORTAL_CLAIM_LEASE_SECONDS", 60))
MAIL_LEASE = timedelta(seconds=env.int("PORTAL_MAIL_LEASE_SECONDS", 900))
# Drills only: the point of portal.crashpoints at which the process dies, or how likely it dies at each of them.
CRASH_AT = env.str("PORTAL_CRASH_AT", "")
CRASH_CHANCE = env.float("PORTAL_CRASH_CHANCE", 0)

# Mail: real SMTP; without a server of one's own, the worker runs a local one whose letters the mailbox page shows -----
EMAIL_CONFIG = env.email_url("EMAIL_URL", "smtp://127.0.0.1:8025")
vars().update(EMAIL_CONFIG)
# Ours also tells whether a letter may have arrived when the line went dead.
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"].replace("django.core.mail.backends.smtp.", "portal.mail.smtp.")
if TESTING:
    EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
EMAIL_TIMEOUT = env.float("PORTAL_MAIL_TIMEOUT_SECONDS", 20)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Renewal portal <portal@localhost>")
MAIL_SINK = env.bool("PORTAL_MAIL_SINK", not (env.str("EMAIL_URL", "") or env.str("PORTAL_MAIL_PROVIDER", "")))
MAIL_ID_DOMAIN = env.str("PORTAL_MAIL_ID_DOMAIN", "mail.portal.invalid")
# The envelope's sender of every letter, so that what comes back names it: bounces+{token}@portal.example
MAIL_RETURN_ADDRESS = env.str("PORTAL_MAIL_RETURN_ADDRESS", "")
# The mailbox of those addresses, read every few minutes: imaps://user:password@mail.example/INBOX
MAIL_RETURN_IMAP = env.str("PORTAL_MAIL_RETURN_IMAP", "")
# With the extra "anymail": the provider that sends, such as postmark, what it asks for as ANYMAIL_ and its words, and
# the secret "user:password" under which it posts bounces and complaints to /mail/events/postmark/tracking/.
MAIL_PROVIDER = env.str("PORTAL_MAIL_PROVIDER", "")
if MAIL_PROVIDER and not find_spec("anymail"):
    raise ImproperlyConfigured("PORTAL_MAIL_PROVIDER asks for the extra: pip install 'django-anymail>=15.2,<16'")
ANYMAIL: dict[str, Any] = {
    name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")
}
# not every provider takes a return address, and the webhook says what that would
ANYMAIL["IGNORE_UNSUPPORTED_FEATURES"] = True
ANYMAIL["REQUESTS_TIMEOUT"] = EMAIL_TIMEOUT
ANYMAIL["WEBHOOK_SECRET"] = env.list("PORTAL_MAIL_WEBHOOK_SECRET", default=[])
if MAIL_PROVIDER:
    INSTALLED_APPS.append("anymail")
    if not TESTING:
        EMAIL_BACKEND = f"anymail.backends.{MAIL_PROVIDER}.EmailBackend"
# Caps of one day in the partner's zone; what is over them leaves on the next.
MAIL_PER_ADDRESS_A_DAY = env.int("PORTAL_MAIL_PER_ADDRESS_A_DAY", 20)
MAIL_PER_PARTNER_A_DAY = env.int("PORTAL_MAIL_PER_PARTNER_A_DAY", 20_000)
# More notices and offers in a day than both of these, and an administrator is asked: so many letters, and so many
# times the usual day of the last four weeks.
MAIL_GUARD_LETTERS = env.int("PORTAL_MAIL_GUARD_LETTERS", 500)
MAIL_GUARD_FACTOR = env.int("PORTAL_MAIL_GUARD_FACTOR", 4)

# People ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_REQUIRED = False
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Whoever has opened the link of a letter and chosen a password need not type it again; a second factor is asked for.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
# A letter tells the person whenever a password or a second factor changes.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# "key" of a failed sign-in is the account as seen from one network or one known device (portal.accounts), so that
# strangers cannot lock a person out; "login_failed_anywhere" counts the account wherever the tries come from.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "login_failed_anywhere": "50/h/key",
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "reset_password_from_key": "20/m/ip",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_ADAPTER = "portal.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Renewal portal"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_REQUIRED = env.bool("PORTAL_MFA_REQUIRED", not DEMO)

# Language and time ----------------------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "var" / "static-src"]
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_HANDLERS = [
    "portal.uploads.CappedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
IMPORT_MAX_BYTES = env.int("PORTAL_IMPORT_MAX_BYTES", 256 * 1024 * 1024)

# Safety ---------------------------------------------------------------------------------------------------------
_host_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_host_prefix}session"
CSRF_COOKIE_NAME = f"{_host_prefix}csrf"
DEVICE_COOKIE_NAME = f"{_host_prefix}device"
# One cookie for each link of a letter that the browser has opened (portal.linked).
LINK_COOKIE_PREFIX = f"{_host_prefix}link-"
LINK_COOKIE_SECONDS = 4 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("PORTAL_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Limits of sign-in count the address that the one proxy saw.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Certificates ---------------------------------------------------------------------------------------------------
# Seconds until the embedded authority issues what it was asked for.
SANDBOX_ISSUE_SECONDS = env.int("SANDBOX_ISSUE_SECONDS", 3)
SANDBOX_PUBLIC_URL = env.str("SANDBOX_PUBLIC_URL", PUBLIC_URL)
AUTO_RENEW_DAYS = 30
# So long after its issue a certificate that is not known to be installed is spoken of once.
NOT_INSTALLED_AFTER = timedelta(days=env.int("PORTAL_NOT_INSTALLED_DAYS", 3))

# Words of the machine -------------------------------------------------------------------------------------------
LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False) if DEBUG or DEMO else structlog.processors.JSONRenderer(),
                without_tokens,
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
            ],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # the local mail server tells every line it hears, and Celery every sweep
    "loggers": {
        "mail.log": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # the development server's own lines, which name the address of every link
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}

if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

os.umask(0o077)
