//! Whose mistake every divergence is, and the line that makes it.

use std::fs;

use passrig::catalogue::Catalogue;
use passrig::runner::Filter;
use passrig_tests::rps::{self, Running};
use serde::Deserialize;

use super::golden::Golden;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    adjudication: Vec<Adjudication>,
}

/// What was found out about some checks that diverge for the same reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjudication {
    /// Their ids; `*` stands for any text.
    checks: Vec<String>,
    /// The IDs of `checks` that are left out; `*` stands for any text.
    #[serde(default)]
    except: Vec<String>,
    /// Of these, only the ones that came to exactly this, in the words of the golden file.
    came_to: Option<String>,
    /// What the specification says.
    clause: String,
    /// `path:line`, from the relying party's folder or from where its toolchain keeps sources.
    source: String,
    /// A piece of that line.
    line: String,
    /// Who should have done it.
    duty: Duty,
    /// What the relying party does instead, and whose mistake that is.
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Duty {
    /// Whoever verifies responses.
    Library,
    /// Whoever keeps accounts and sessions, and calls the library.
    Application,
}

impl Adjudication {
    fn is_about(&self, id: &str, words: &str) -> bool {
        Filter { only: self.checks.clone(), skip: self.except.clone(), ..Filter::default() }
            .admits(id)
            && self.came_to.as_ref().is_none_or(|came_to| came_to == words)
    }

    /// Why the source does not say what is claimed.
    fn contradiction(&self, rp: &Running) -> Option<String> {
        let (path, number) = self.source.rsplit_once(':').expect("path:line");
        let number: usize = number.parse().expect("path:line");
        let own = rp.dir.join(path);
        let text = match fs::read_to_string(if own.is_file() { own } else { rp.sources.join(path) })
        {
            Ok(text) => text,
            Err(error) => return Some(format!("{}: {error}", self.source)),
        };
        let line = text.lines().nth(number - 1).unwrap_or_default().trim();
        (!line.contains(&self.line)).then(|| {
            let elsewhere: Vec<_> = text
                .lines()
                .zip(1..)
                .filter(|(line, _)| line.contains(&self.line))
                .map(|(_, number)| number)
                .collect();
            format!("{} says `{line}`; `{}` is in {elsewhere:?}", self.source, self.line)
        })
    }
}

#[test]
fn every_divergence_is_adjudicated_once() {
    for (name, _) in super::ALL {
        let golden = Golden::read(name);
        let divergences = golden.divergences(&Catalogue::builtin().unwrap());
        let adjudications = read(name);
        let mut flaws = Vec::new();
        for (id, words) in &divergences {
            let about = adjudications.iter().filter(|a| a.is_about(id, words));
            let sources: Vec<_> = about.map(|a| &a.source).collect();
            if sources.len() != 1 {
                flaws.push(format!("{id} is adjudicated in {sources:?}, not once"));
            }
        }
        for adjudication in &adjudications {
            for check in &adjudication.checks {
                let glob = Filter { only: vec![check.clone()], ..Filter::default() };
                let mut about = divergences.iter().filter(|(id, w)| adjudication.is_about(id, w));
                if !about.any(|(id, _)| glob.admits(id)) {
                    flaws
                        .push(format!("`{check}` ({}) matches no divergence", adjudication.source));
                }
            }
            if adjudication.checks.is_empty()
                || !adjudication.clause.starts_with('§')
                || adjudication.why.trim().is_empty()
            {
                flaws.push(format!("{} is incomplete", adjudication.source));
            }
        }
        assert!(flaws.is_empty(), "{name}: {flaws:#?}");
    }
}

#[test]
fn every_source_says_what_is_claimed() {
    for (name, _) in super::ALL {
        // Started, it is installed.
        let Some(rp) = rps::start(super::server(name)) else { continue };
        let flaws: Vec<_> =
            read(name).iter().filter_map(|adjudication| adjudication.contradiction(&rp)).collect();
        assert!(flaws.is_empty(), "{name}: {flaws:#?}");
    }
}

/// The thin server's own lines are the application, and a package that calls no library is none.
#[test]
fn the_application_answers_for_its_own_lines() {
    for name in [
        "simplewebauthn",
        "py-webauthn",
        "python-fido2",
        "webauthn-rs",
        "go-webauthn",
        "yubico-webauthn-server",
        "webauthn4j",
        "fido-conformance",
    ] {
        for adjudication in read(name) {
            let path = adjudication.source.rsplit_once(':').map(|(path, _)| path);
            let own = path.is_some_and(|path| rps::dir(name).join(path).is_file())
                && !adjudication.source.starts_with("node_modules/");
            assert_eq!(own, adjudication.duty == Duty::Application, "{}", adjudication.source);
        }
    }
    for (product, package) in [
        ("better-auth", "@better-auth/passkey/"),
        ("django-otp-webauthn", "django_otp_webauthn/"),
        ("spring-security", "org/springframework/"),
        ("keycloak/passkeys", "org/keycloak/"),
        ("keycloak/second-factor", "org/keycloak/"),
        ("keycloak/passwordless", "org/keycloak/"),
    ] {
        for adjudication in read(product) {
            let library = !adjudication.source.contains(package);
            assert_eq!(library, adjudication.duty == Duty::Library, "{}", adjudication.source);
        }
    }
}

fn read(name: &str) -> Vec<Adjudication> {
    let path = rps::dir(name).join("adjudication.toml");
    let text = fs::read_to_string(&path).unwrap();
    let file: File =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.adjudication
}
