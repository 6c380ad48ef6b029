"""How accounts work here, as settings of the accounts library, from our own settings.

With mail: sign in by a code sent there, no password needed; addresses are proven. Without mail:
password and passkeys, and the pages say what is not available.
"""

from __future__ import annotations

from typing import Any

from gongdao.front.settings import Settings
from gongdao.front.worker.messengers.mail import read_mail_server

_CODE_LIVES_S = 600
_MAIL_TIMEOUT_S = 15
_VALIDATION = "django.contrib.auth.password_validation"


def account_settings(settings: Settings) -> dict[str, Any]:
    """Names and values to add to the Django settings."""
    return {**_always(settings), **(_with_mail(settings) if settings.mail_url else _without_mail())}


def _always(settings: Settings) -> dict[str, Any]:
    return {
        "LOGOUT_REDIRECT_URL": "/",
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
            {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
            {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
        ],
        "ACCOUNT_ADAPTER": "gongdao.front.web.account_adapter.Accounts",
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SESSION_REMEMBER": True,
        "ACCOUNT_PREVENT_ENUMERATION": True,
        "ACCOUNT_CHANGE_EMAIL": True,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if settings.https else "http",
        "ACCOUNT_REAUTHENTICATION_REQUIRED": True,
        "MFA_ADAPTER": "gongdao.front.web.account_adapter.SecondFactors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_TOTP_ISSUER": "Gongdao",
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_FORMS": {
            "add_webauthn": "gongdao.front.web.account_forms.AddPasskey",
            "signup_webauthn": "gongdao.front.web.account_forms.FirstPasskey",
            "edit_webauthn": "gongdao.front.web.account_forms.NamePasskey",
        },
    }


def _with_mail(settings: Settings) -> dict[str, Any]:
    server = read_mail_server(settings.mail_url, sender=settings.mail_from)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": server.host,
        "EMAIL_PORT": server.port,
        "EMAIL_HOST_USER": server.user,
        "EMAIL_HOST_PASSWORD": server.password,
        "EMAIL_USE_TLS": server.scheme == "smtp+starttls",
        "EMAIL_USE_SSL": server.scheme == "smtps",
        "EMAIL_TIMEOUT": _MAIL_TIMEOUT_S,
        "DEFAULT_FROM_EMAIL": settings.mail_from,
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1"],
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": True,
        "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT": _CODE_LIVES_S,
        "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND": True,
        "ACCOUNT_LOGIN_BY_CODE_ENABLED": True,
        "ACCOUNT_LOGIN_BY_CODE_TIMEOUT": _CODE_LIVES_S,
        "ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": True,
        "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT": _CODE_LIVES_S,
        "ACCOUNT_EMAIL_NOTIFICATIONS": True,
        "MFA_PASSKEY_SIGNUP_ENABLED": True,
    }


def _without_mail() -> dict[str, Any]:
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "MFA_PASSKEY_SIGNUP_ENABLED": False,
        "MFA_ALLOW_UNVERIFIED_EMAIL": True,
    }
