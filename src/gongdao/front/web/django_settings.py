"""The Django project, made from ``front.settings``. Nothing here reads the environment itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from gongdao.front.log_moves import LIFE_CYCLES
from gongdao.front.scratch import OwnScratch
from gongdao.front.settings import Settings
from gongdao.front.web.account_settings import account_settings
from gongdao.front.web.secrets import derive_django_key

GONGDAO = Settings.read(os.environ)
"""The settings that everything in front reads."""

SECRET_KEY = derive_django_key(GONGDAO)
DEBUG = False
ROOT_URLCONF = "gongdao.front.web.urls"
WSGI_APPLICATION = "gongdao.front.web.wsgi.application"
ALLOWED_HOSTS = [
    *dict.fromkeys(
        [
            *GONGDAO.allowed_hosts,
            GONGDAO.public_url.partition("://")[2].partition(":")[0],
            "127.0.0.1",
            "localhost",
            "[::1]",
        ]
    )
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sitemaps",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
    "gongdao.core.apps.CoreConfig",
    "gongdao.ledger.apps.LedgerConfig",
    "gongdao.log.apps.LogConfig",
    "gongdao.evidence.kept.apps.EvidenceConfig",
    "gongdao.vault.apps.VaultConfig",
    "gongdao.payments.apps.PaymentsConfig",
    "gongdao.market.apps.MarketConfig",
    "gongdao.disputes.apps.DisputesConfig",
    "gongdao.casework.online.apps.CaseworkConfig",
    "gongdao.front.web.apps.WebConfig",
]

MIDDLEWARE = [
    "gongdao.front.web.middleware.proxy.believe_proxy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "gongdao.front.web.middleware.private.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "gongdao.front.web.middleware.language.choose_language",
    "gongdao.front.web.middleware.theme.choose_theme",
    "gongdao.front.web.middleware.bodies.bound_bodies",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "gongdao.front.web.middleware.errors.say_errors",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gongdao.front.web.context.page_context",
            ],
            "builtins": ["gongdao.front.web.templatetags.say"],
        },
    }
]


def _database(url: str) -> dict[str, Any]:
    given = conninfo_to_dict(url) if url else {}
    options = {
        key: value
        for key, value in given.items()
        if key not in ("dbname", "user", "password", "host", "port")
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": given.get("dbname", "gongdao"),
        "USER": given.get("user", ""),
        "PASSWORD": given.get("password", ""),
        "HOST": given.get("host", "127.0.0.1"),
        "PORT": str(given.get("port", "")),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "connect_timeout": 10,
            "application_name": "gongdao",
            "pool": {"min_size": 1, "max_size": GONGDAO.database_connections, "timeout": 20},
            **options,
        },
    }


DATABASES = {"default": _database(GONGDAO.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

STATIC_URL = "/static/"
STATIC_ROOT = GONGDAO.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "gongdao.front.web.static_files.HashedByContent"},
}
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = OwnScratch()
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
DATA_UPLOAD_MAX_NUMBER_FILES = 50

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

SESSION_ENGINE = "gongdao.front.web.sealed_sessions"
SESSION_COOKIE_NAME = "__Host-session" if GONGDAO.https else "session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = GONGDAO.https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf" if GONGDAO.https else "csrf"
CSRF_COOKIE_SECURE = GONGDAO.https
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "gongdao.front.web.pages.lost_session.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if GONGDAO.https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [GONGDAO.public_url]
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/me/"
globals().update(account_settings(GONGDAO))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "core_cache",
        # limits of sign-in are counted here: the library's 300 would let a flood wash them out
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

LOG_LIFE_CYCLES = LIFE_CYCLES
"""What may be appended to the public log after what; nothing else gets in."""

PROCRASTINATE_IMPORT_PATHS = [
    "gongdao.front.worker.tasks",
    "gongdao.front.worker.follow_tasks",
    "gongdao.front.worker.retention_tasks",
    "gongdao.front.worker.anchor_tasks",
    "gongdao.front.worker.market_tasks",
    "gongdao.front.worker.dispute_tasks",
    "gongdao.front.worker.dispute_reading",
    "gongdao.front.worker.desk_tasks",
    "gongdao.front.worker.issuer_tasks",
    "gongdao.front.worker.merchant_tasks",
    "gongdao.front.worker.money_tasks",
    "gongdao.front.worker.sandbox_tasks",
]
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "no_such_module"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "gongdao.front.web.log_lines.PlainLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "gongdao": {"level": "INFO"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody could fill the log
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
