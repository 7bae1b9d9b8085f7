//! The whole catalogue against real relying parties: the outcomes are the default but for those of the golden files, run
//! after run, and every divergence is explained by a line of the relying party's code.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what serves a test may fail it"
)]

mod adjudication;
mod golden;
mod run;

use std::io::{self, Write};
use std::ops::RangeInclusive;

use golden::Golden;
use passrig::catalogue::Catalogue;
use passrig_tests::rps;

/// Every relying party, with the adapter that speaks to it. Where one server is several, the golden file and the
/// adjudications lie in folders below its own.
const ALL: [(&str, &str); 14] = [
    ("simplewebauthn", "simplewebauthn-example"),
    ("better-auth", "better-auth"),
    ("py-webauthn", "webauthn-io"),
    ("python-fido2", "python-fido2-example"),
    ("webauthn-rs", "webauthn-rs-tutorial"),
    ("go-webauthn", "go-webauthn-example"),
    ("django-otp-webauthn", "django-otp-webauthn"),
    ("yubico-webauthn-server", "yubico-demo"),
    ("webauthn4j", "webauthn4j"),
    ("spring-security", "spring-security"),
    ("keycloak/passkeys", "keycloak-passkeys"),
    ("keycloak/second-factor", "keycloak-second-factor"),
    ("keycloak/passwordless", "keycloak-passwordless"),
    ("fido-conformance", "fido-conformance"),
];

/// The seed and the run ID of a run on one server: a second run meets the memory of the first.
fn run_of(number: usize) -> (String, String) {
    (format!("seed {number}"), format!("run {number}"))
}

/// These thin servers run with many seeds, so that an outcome that depends on drawn bytes is seen.
const MANY_SEEDS: [&str; 2] = ["go-webauthn", "fido-conformance"];

/// How much of what applies must be decided.
const DECIDED: f64 = 0.8;

#[tokio::test(flavor = "multi_thread")]
async fn simplewebauthn() {
    is_as_golden(ALL[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn better_auth() {
    is_as_golden(ALL[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn py_webauthn() {
    is_as_golden(ALL[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_fido2() {
    is_as_golden(ALL[3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webauthn_rs() {
    is_as_golden(ALL[4]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_webauthn() {
    is_as_golden(ALL[5]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_otp_webauthn() {
    is_as_golden(ALL[6]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn yubico_webauthn_server() {
    is_as_golden(ALL[7]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webauthn4j() {
    is_as_golden(ALL[8]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spring_security() {
    is_as_golden(ALL[9]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_passkeys() {
    is_as_golden(ALL[10]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_second_factor() {
    is_as_golden(ALL[11]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_passwordless() {
    is_as_golden(ALL[12]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fido_conformance() {
    is_as_golden(ALL[13]).await;
}

/// These begin every run without memory; the others meet in later runs what earlier ones left. The one account of
/// python-fido2's example is of no use after a run: the library accepts an empty credential id and then lists it in a form
/// that no browser reads. better-auth's adapter for memory looks through all of it at every request. Nor
/// does the one account of SimpleWebAuthn's example survive a run: the library accepts transports that are no list, and then
/// lists the credential with them. django-otp-webauthn takes no credential id twice, and the long ones are the same in every
/// run; Yubico's library and Spring Security neither, such as the empty one, or those of the checks of length, that the run
/// before left.
const WITHOUT_MEMORY: [&str; 6] = [
    "python-fido2",
    "better-auth",
    "simplewebauthn",
    "django-otp-webauthn",
    "yubico-webauthn-server",
    "spring-security",
];

/// The numbers of the runs. An RP with many seeds has three runs, an RP that remembers earlier runs two, any other RP one.
/// Each realm of Keycloak, where a run takes minutes, has one run with a number of its own. With `PASSRIG_EVERY_RUN=1` an RP
/// with many seeds has 20 runs, any other RP three.
fn runs(name: &str) -> RangeInclusive<usize> {
    let many = MANY_SEEDS.contains(&name);
    if std::env::var_os("PASSRIG_EVERY_RUN").is_some() {
        return 1..=if many { 20 } else { 3 };
    }
    let realms = ["keycloak/passkeys", "keycloak/second-factor", "keycloak/passwordless"];
    match realms.iter().position(|realm| *realm == name) {
        Some(index) => index + 1..=index + 1,
        None if many => 1..=3,
        None if WITHOUT_MEMORY.contains(&name) => 1..=1,
        None => 1..=2,
    }
}

/// The folder of the server.
fn server(name: &str) -> &str {
    name.split('/').next().unwrap_or(name)
}

async fn is_as_golden((name, adapter): (&str, &str)) {
    let catalogue = Catalogue::builtin().unwrap();
    let mut rp = rps::start(server(name));
    for (index, number) in runs(name).enumerate() {
        let (seed, run_id) = run_of(number);
        if index > 0 && WITHOUT_MEMORY.contains(&name) {
            rp = rps::start(server(name));
        }
        let Some(rp) = &rp else {
            say(format_args!("not yet run: {} checks against {name}", catalogue.checks.len()));
            return;
        };
        if index == 0 {
            let here = ALL.iter().filter(|(other, _)| server(other) == server(name));
            let adapters: Vec<_> = here.map(|(_, adapter)| *adapter).collect();
            assert_eq!(run::detected(rp).await, adapters, "{name} is taken for something else");
        }
        let report = run::catalogue(rp, adapter, &seed, &run_id).await;
        say(format_args!("{name}, {run_id}:{}", golden::counts(&report, &catalogue)));
        let summary = report.summary;
        let applicable = report.checks.len() - summary.skipped;
        let decided = summary.pass + summary.fail + summary.warn + summary.note;
        let share = decided as f64 / applicable as f64;
        assert!(share >= DECIDED, "{name}, {run_id}: {decided} of {applicable} decided");

        let found = golden::found(&report);
        if golden::blessing() && index == 0 {
            let known = Golden::read_or_default(name);
            Golden::of(&found, &known, &catalogue).write(name);
        }
        let differences = Golden::read(name).differences(&found, &catalogue);
        let differences: String = differences.iter().map(|one| format!("\n  {one}")).collect();
        assert!(
            differences.is_empty(),
            "{name}, {run_id}: the outcomes are not those of the golden file:{differences}\n\
             If the new outcomes are right, write the file with PASSRIG_BLESS=1 and correct its \
             adjudications.",
        );
    }
}

/// Says a line that is seen of a test that passes, too.
fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{line}");
}
