"""
A password validator besides Django's own.
"""

from django.core.exceptions import ValidationError

from accounts.models import User

MESSAGE = "The password must not be your user name or your email address."


class OwnNameValidator:
    """
    Refuse a password that is the user's name, mail address, or the part of it before the @; case does not matter.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        if user is None:
            return
        names = (user.username, user.email, user.email.partition("@")[0])
        if password.casefold() in {name.casefold() for name in names}:
            raise ValidationError(MESSAGE, code="password_is_own_name")

    def get_help_text(self) -> str:
        return MESSAGE
