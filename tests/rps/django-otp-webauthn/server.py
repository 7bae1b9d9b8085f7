"""
The product django-otp-webauthn in a Django project of one file: its own URLs and views below /webauthn/, as its quick start
has it, and Django's own views for signing in with a password. Everything that answers a ceremony is the product's; ours is
the configuration, a page to sign up, what a page of one's passkeys needs, and the listening.
"""

import os
import sys
import threading
from base64 import urlsafe_b64encode
from pathlib import Path

import django
import django_otp_webauthn
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from django.conf import settings
from django.contrib.auth import login
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import include, path
from django.views.decorators.http import require_POST

# Beside the certificate, in a folder that whoever started this removes. Nothing of an earlier start is left.
DATABASE = Path(os.environ["TLS_CERT"]).with_name("django-otp-webauthn.sqlite3")
DATABASE.unlink(missing_ok=True)

# The members of a form are quick to send and slow to draw, and no browser looks at these.
FORM = "<form method=post>{% csrf_token %}</form>{{ form.errors }}"
PAGES = {
    "registration/login.html": FORM,
    "sign-up.html": FORM,
    # For browsers: the product's own scripts, with the elements that they look for.
    "passkeys/register.html": """{% load otp_webauthn %}
        <span id="passkey-registration-placeholder"></span>
        <template id="passkey-registration-available-template">
            <button id="passkey-register-button">Register</button><p id="passkey-register-status-message"></p>
        </template>
        {% render_otp_webauthn_register_scripts %}""",
    "passkeys/sign-in.html": """{% load otp_webauthn %}
        <span id="passkey-verification-placeholder"></span>
        <template id="passkey-verification-available-template">
            <button id="passkey-verification-button">Sign in</button><p id="passkey-verification-status-message"></p>
        </template>
        {% render_otp_webauthn_auth_scripts %}""",
}

settings.configure(
    SECRET_KEY="a fixed secret for tests, which protects nothing",
    ALLOWED_HOSTS=["login.passrig.test"],
    ROOT_URLCONF=__name__,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "CONN_MAX_AGE": None,
            # Several threads write and nothing has to last.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;",
            },
        },
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django_otp_webauthn",
        "django_otp",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django_otp.middleware.OTPMiddleware",
    ],
    AUTHENTICATION_BACKENDS=[
        "django.contrib.auth.backends.ModelBackend",
        "django_otp_webauthn.backends.WebAuthnBackend",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [("django.template.loaders.cached.Loader", [
                    ("django.template.loaders.locmem.Loader", PAGES),
                    "django.template.loaders.app_directories.Loader",
                ])],
                "context_processors": ["django.template.context_processors.request"],
            },
        },
    ],
    STATIC_URL="/static/",
    # In memory, as one process may have them: half of what is written are sessions.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
        },
    },
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
    LOGIN_REDIRECT_URL="/account/",
    LOGOUT_REDIRECT_URL="/accounts/login/",
    # A slow hash is half of a test's time, and no passkey is in it. Ours, by the product's own option.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    OTP_WEBAUTHN_RP_NAME="passrig test",
    OTP_WEBAUTHN_RP_ID="passrig.test",
    OTP_WEBAUTHN_ALLOWED_ORIGINS=["https://login.passrig.test"],
    # Every refusal would be logged with its traceback.
    OTP_WEBAUTHN_EXCEPTION_LOGGER_NAME="",
)
django.setup()

from django.contrib.auth.forms import UserCreationForm  # noqa: E402, it needs what is set up by now
from django.views.generic import FormView, TemplateView  # noqa: E402
from django.views.static import serve  # noqa: E402
from django_otp.decorators import otp_required  # noqa: E402
from django_otp_webauthn.models import WebAuthnCredential  # noqa: E402


# Django has the form and no view for it. Whoever signs up is signed in.
class SignUp(FormView):
    form_class = UserCreationForm
    template_name = "sign-up.html"
    success_url = "/account/"

    def form_valid(self, form):
        login(self.request, form.save(), backend="django.contrib.auth.backends.ModelBackend")
        return super().form_valid(form)


# As django-otp documents it: who has a passkey must have used it, and a password alone is not enough.
signed_in = otp_required(if_configured=True)


@signed_in
def account(request):
    return JsonResponse({"username": request.user.get_username()})


@signed_in
def passkeys(request):
    mine = WebAuthnCredential.objects.filter(user=request.user)
    return JsonResponse([{"pk": one.pk, "id": base64url(one.credential_id)} for one in mine], safe=False)


@require_POST
@signed_in
def remove(request, pk):
    count, _ = WebAuthnCredential.objects.filter(user=request.user, pk=pk).delete()
    return JsonResponse({"removed": bool(count)}, status=200 if count else 404)


def base64url(octets):
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


urlpatterns = [
    path("webauthn/", include("django_otp_webauthn.urls", namespace="otp_webauthn")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("accounts/sign-up/", SignUp.as_view()),
    path("account/", account),
    path("account/passkeys/", passkeys),
    path("account/passkeys/<int:pk>/remove/", remove),
    path("account/passkeys/register/", TemplateView.as_view(template_name="passkeys/register.html")),
    path("accounts/passkey/", TemplateView.as_view(template_name="passkeys/sign-in.html")),
    path("static/<path:path>", serve, {"document_root": Path(django_otp_webauthn.__file__).with_name("static")}),
]

# HTTPS on the loopback, the port announced on stdout, gone when whoever started it is gone.
if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    server = Server(("127.0.0.1", int(os.environ.get("PORT", 0))), get_wsgi_application())
    server.ssl_adapter = BuiltinSSLAdapter(os.environ["TLS_CERT"], os.environ["TLS_KEY"])
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    print(f"listening {server.bind_addr[1]}", flush=True)
    sys.stdin.read()
    server.stop()
