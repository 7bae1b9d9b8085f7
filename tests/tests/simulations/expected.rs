//! What the simulations find, and why it is true.

/// The libraries that py_webauthn and go-webauthn are, and django-otp-webauthn's package, look at the client data's origin
/// and challenge, and at neither `crossOrigin` nor `topOrigin`.
const FRAMES: &str = "the library does not read crossOrigin (py_webauthn's verify_*_response.py); no header of the server \
                      forbids frames instead";

/// A counter that went back sets a flag for the application.
const CLONE_WARNING: &str = "webauthn/authenticator.go: UpdateCounter sets CloneWarning and keeps the old counter, as \
                             documented; ValidateLogin returns no error, and the example looks at no flag";

/// The server asks for what its page was told to ask for.
const PREFERRED: &str =
    "the story has the server ask with \"preferred\", and the library then leaves the flag alone";

/// No step before a passkey is added or removed asks for anything but the session.
const SESSION_ALONE: &str = "its views for passkeys ask who is signed in, and for nothing else";

/// Relying party, simulation, finding, and what was read in its source.
pub(super) const FINDINGS: [(&str, &str, &str, &str); 24] = [
    (
        "go-webauthn",
        "lost-device",
        "simulation.lost-device.open-session",
        "the server's sessions know nothing of passkeys",
    ),
    ("go-webauthn", "lost-device", "simulation.lost-device.possession-alone", PREFERRED),
    ("go-webauthn", "cloned-authenticator", "authentication.sign-count.lower", CLONE_WARNING),
    ("go-webauthn", "cloned-authenticator", "authentication.sign-count.lower", CLONE_WARNING),
    ("go-webauthn", "cloned-authenticator", "authentication.sign-count.between", CLONE_WARNING),
    ("go-webauthn", "restored-backup", "authentication.sign-count.lower", CLONE_WARNING),
    ("go-webauthn", "stolen-session", "simulation.stolen-session.adds-a-passkey", SESSION_ALONE),
    ("go-webauthn", "stolen-session", "simulation.stolen-session.removes-a-passkey", SESSION_ALONE),
    ("django-otp-webauthn", "cross-domain", "authentication.framing.framed", FRAMES),
    (
        "django-otp-webauthn",
        "stolen-session",
        "simulation.stolen-session.adds-a-passkey",
        SESSION_ALONE,
    ),
    (
        "django-otp-webauthn",
        "stolen-session",
        "simulation.stolen-session.removes-a-passkey",
        SESSION_ALONE,
    ),
    ("django-otp-webauthn", "enrolment-csrf", "registration.framing.framed", FRAMES),
    ("django-otp-webauthn", "user-gesture", "registration.framing.framed", FRAMES),
    (
        "django-otp-webauthn",
        "platform-limits",
        "simulation.platform-limits.made-and-useless",
        "helpers.py asks with \"preferred\" at registration; views.py demands user verification of whoever gave no password \
         (`require_user_verification = not bool(user)`). After a password the same key would do",
    ),
    ("py-webauthn", "lost-device", "simulation.lost-device.possession-alone", PREFERRED),
    ("py-webauthn", "cross-domain", "authentication.framing.framed", FRAMES),
    (
        "py-webauthn",
        "stolen-session",
        "authentication.session-cookie.secure",
        "see tests/rps/py-webauthn/adjudication.toml",
    ),
    (
        "py-webauthn",
        "stolen-session",
        "authentication.session.from-before-sign-in",
        "see tests/rps/py-webauthn/adjudication.toml",
    ),
    (
        "py-webauthn",
        "stolen-session",
        "simulation.stolen-session.adds-a-passkey",
        "webauthn.io lets anybody add a passkey to any name",
    ),
    (
        "py-webauthn",
        "login-csrf",
        "authentication.session.from-before-sign-in",
        "see tests/rps/py-webauthn/adjudication.toml",
    ),
    ("py-webauthn", "enrolment-csrf", "registration.framing.framed", FRAMES),
    (
        "py-webauthn",
        "user-gesture",
        "registration.options.timeout",
        "py_webauthn's default is a minute",
    ),
    ("py-webauthn", "user-gesture", "registration.framing.framed", FRAMES),
    (
        "py-webauthn",
        "platform-limits",
        "authentication.options.timeout",
        "py_webauthn's default is a minute",
    ),
];
