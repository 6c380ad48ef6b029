"""Forms for passkeys: every key that is added can sign in by itself, so nothing is asked but its
name."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm, SignupWebAuthnForm
from django import forms

from gongdao.core.language import gettext as _

_LONGEST_NAME = 60


def _name_field(form: forms.Form) -> None:
    field = form.fields["name"]
    field.label = _("给它起个名字")
    field.help_text = _("比如“我的手机”，以后好分辨。")
    field.widget.attrs["maxlength"] = _LONGEST_NAME


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]  # the library ships no types
    """A further passkey of somebody signed in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_field(self)
        self.fields["passwordless"].widget = forms.HiddenInput()
        self.fields["passwordless"].initial = True


class FirstPasskey(SignupWebAuthnForm):  # type: ignore[misc]  # the library ships no types
    """The passkey with which an account is made."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_field(self)


class NamePasskey(EditWebAuthnForm):  # type: ignore[misc]  # the library ships no types
    """Another name for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_field(self)
