use std::sync::Arc;

use super::*;
use crate::outcome::{Outcome, Paint};
use crate::relying_party::{Mutant, in_process, in_process_with_second_factor, mutant};

struct Silent;

impl Observer for Silent {}

impl SimulationObserver for Silent {}

/// The report of a run on the built-in RP, or on a mutant of it.
async fn report_of(simulation: &Simulation, mutant: Option<Mutant>) -> SimulationReport {
    let target = match simulation.has_second_factor {
        true => in_process_with_second_factor(mutant),
        false => in_process(mutant),
    };
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        seed: "passrig".to_owned(),
        run_id: "built-in".to_owned(),
        variables: Vec::new(),
        throttle_wait: crate::runner::THROTTLE_WAIT,
    };
    run(simulation, &options, Arc::new(target.unwrap()), &Silent).await.unwrap()
}

/// The findings about a strict RP: the specification leaves these choices open.
const CHOICES: [&str; 3] = [
    "simulation.stolen-session.adds-a-passkey",
    "simulation.stolen-session.removes-a-passkey",
    "simulation.lost-device.possession-alone",
];

#[tokio::test]
async fn every_simulation_on_the_strict_rp() {
    for simulation in ALL {
        let report = report_of(simulation, None).await;
        let name = simulation.name;
        insta::assert_snapshot!(name, SimulationText::whole(Paint::PLAIN, &report));
        for finding in &report.findings {
            assert!(CHOICES.contains(&finding.id.as_str()), "{name}: {finding:#?}");
            assert_eq!(finding.outcome, Outcome::Note, "{name}: {finding:#?}");
        }
        assert_eq!(report.exit_code(crate::outcome::FailOn::default()), 0, "{name}");
        let json = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<SimulationReport>(&json).unwrap(), report);
    }
}

/// The flaw, the simulation that meets it, and the finding.
#[rustfmt::skip]
const FLAWS: [(&str, &str, &str); 26] = [
    ("removal.effect.hidden", "lost-device", "authentication.removed-credential.begun-before"),
    ("removal.effect.pretended", "lost-device", "registration.own-removal.listed"),
    ("removal.sessions.survive", "lost-device", "simulation.lost-device.open-session"),
    ("removal.last.silent", "lost-device", "simulation.lost-device.last-passkey"),
    ("recovery.code.twice", "lost-device", "simulation.lost-device.recovery-twice"),
    (
        "authentication.user-verified.left-out",
        "lost-device",
        "authentication.user-verified.clear-when-required",
    ),
    ("authentication.origin.left-out", "cross-domain", "authentication.origin.subdomain"),
    ("authentication.origin.left-out", "cross-domain", "authentication.origin.homograph"),
    ("related-origins.open.guarded", "cross-domain", "authentication.related-origins.open"),
    (
        "authentication.sign-count.left-out",
        "cloned-authenticator",
        "authentication.sign-count.lower",
    ),
    ("authentication.sign-count.left-out", "restored-backup", "authentication.sign-count.lower"),
    ("removal.effect.hidden", "restored-backup", "authentication.removed-credential.discoverable"),
    ("session.logout.cookie-only", "stolen-session", "authentication.session.after-sign-out"),
    ("session.http-only.absent", "stolen-session", "authentication.session-cookie.http-only"),
    ("session.rotation.kept", "stolen-session", "authentication.session.from-before-sign-in"),
    ("session.forgery.unguarded", "login-csrf", "authentication.forgery.sign-in"),
    ("session.forgery.unguarded", "enrolment-csrf", "registration.forgery.registration"),
    ("authentication.challenge.any-session", "login-csrf", "authentication.challenge.other-session"),
    ("registration.challenge.any-session", "enrolment-csrf", "registration.challenge.other-session"),
    ("registration.credential-id-taken.key-replaced", "enrolment-csrf", "registration.takeover.by-credential-id"),
    ("registration.flow.user-from-body", "enrolment-csrf", "registration.takeover.by-user-id-in-body"),
    ("second-factor.passkey.skipped", "second-factor", "simulation.second-factor.skipped"),
    (
        "second-factor.challenge.any-log-in",
        "second-factor",
        "simulation.second-factor.challenge-of-another-sign-in",
    ),
    (
        "second-factor.account.anyones",
        "second-factor",
        "simulation.second-factor.passkey-of-another",
    ),
    ("registration.user-present.left-out", "user-gesture", "registration.user-present.clear"),
    ("options.resident-key.contradicts", "platform-limits", "registration.options.resident-key"),
];

#[tokio::test]
async fn every_flaw_is_found() {
    for (flaw, name, id) in FLAWS {
        let mutants = mutant::all().into_iter().chain(mutant::of_stories());
        let flawed = mutants.into_iter().find(|mutant| mutant.id == flaw);
        let flawed = flawed.unwrap_or_else(|| panic!("no mutant is called {flaw}"));
        let report = report_of(find(name).unwrap(), Some(flawed)).await;
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert!(found.contains(&id), "{flaw}: {name} found {found:?}");
    }
}

#[tokio::test]
async fn a_seed_decides_the_report() {
    let simulation = &lost_device::SIMULATION;
    assert_eq!(report_of(simulation, None).await, report_of(simulation, None).await);
}

#[tokio::test]
async fn the_text_comes_piece_by_piece() {
    #[derive(Default)]
    struct Listener(std::sync::Mutex<String>, std::sync::Mutex<Option<SimulationText>>);
    impl Listener {
        fn append(&self, piece: impl FnOnce(&mut SimulationText) -> String) {
            let mut text = self.1.lock().unwrap();
            let text = text.get_or_insert_with(|| SimulationText::new(Paint::PLAIN));
            *self.0.lock().unwrap() += &piece(text);
        }
    }
    impl Observer for Listener {}
    impl SimulationObserver for Listener {
        fn simulation_started(&self, report: &SimulationReport) {
            self.append(|text| text.header(report));
        }
        fn act_started(&self, act: &Act) {
            self.append(|text| text.act(act));
        }
        fn step_taken(&self, step: &SimulationStep) {
            self.append(|text| text.step(step));
        }
    }
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        seed: "s".to_owned(),
        run_id: "r".to_owned(),
        variables: Vec::new(),
        throttle_wait: crate::runner::THROTTLE_WAIT,
    };
    let listener = Listener::default();
    let target = Arc::new(in_process(None).unwrap());
    let report = run(&login_csrf::SIMULATION, &options, target, &listener).await.unwrap();
    let seen = listener.0.into_inner().unwrap();
    assert!(SimulationText::whole(Paint::PLAIN, &report).starts_with(&seen));
}

#[test]
fn rules_have_names_of_their_own() {
    let catalogue = Catalogue::builtin().unwrap();
    for rule in rules::ALL {
        let check = rule.check();
        assert!(catalogue.find(&check.id).is_none(), "{}", check.id);
    }
}

#[tokio::test]
async fn lines_fit_into_80_columns() {
    for simulation in ALL {
        let text = SimulationText::whole(Paint::PLAIN, &report_of(simulation, None).await);
        let long = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{}", simulation.name);
    }
}
