"""Forms check shape; what is true, a service checks."""

from __future__ import annotations

from flask_wtf import FlaskForm
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

NEEDED = InputRequired("请填写")


class Form(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        csrf = False  # the blueprint checks the token of every form before the view
        locales = ("zh",)


class SignInForm(Form):
    login = StringField("账号", [NEEDED, Length(max=64, message="太长")])
    password = PasswordField("密码", [NEEDED, Length(max=128, message="太长")])


class PasswordForm(Form):
    old = PasswordField("原密码", [NEEDED])
    new = PasswordField("新密码", [NEEDED])
    again = PasswordField("再输一次新密码", [NEEDED])
