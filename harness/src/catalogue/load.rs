//! Reading the catalogue's files, with diagnostics that point into them.

use std::collections::HashSet;
use std::ops::Range;

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::{self, Deviation, Edit};
use passrig_authenticator::wire::cose::Algorithm;
use toml::Spanned;

use super::document::{Case, Family, File};
use super::index::{Files, Index};
use super::{Action, Catalogue, Check, Need, Scenario, rehearsal};
use crate::near::{did_you_mean, did_you_mean_or_all};
use crate::outcome::{Expectation, Setting, SettingValue, visible};
use crate::target_rp::Flow;
use crate::toml_file::{TomlFile, TomlMistake};

/// The files that come with the program.
const BUILTIN: [(&str, &str); 34] = [
    ("client-data", include_str!("../../catalogue/client-data.toml")),
    ("authenticator-data", include_str!("../../catalogue/authenticator-data.toml")),
    ("credential", include_str!("../../catalogue/credential.toml")),
    ("attestation", include_str!("../../catalogue/attestation.toml")),
    ("attestation-packed", include_str!("../../catalogue/attestation-packed.toml")),
    ("attestation-tpm", include_str!("../../catalogue/attestation-tpm.toml")),
    ("attestation-android-key", include_str!("../../catalogue/attestation-android-key.toml")),
    ("attestation-fido-u2f", include_str!("../../catalogue/attestation-fido-u2f.toml")),
    ("attestation-apple", include_str!("../../catalogue/attestation-apple.toml")),
    (
        "attestation-android-safetynet",
        include_str!("../../catalogue/attestation-android-safetynet.toml"),
    ),
    ("attestation-compound", include_str!("../../catalogue/attestation-compound.toml")),
    ("attestation-trust", include_str!("../../catalogue/attestation-trust.toml")),
    ("metadata", include_str!("../../catalogue/metadata.toml")),
    ("assertion", include_str!("../../catalogue/assertion.toml")),
    ("encoding-cbor", include_str!("../../catalogue/encoding-cbor.toml")),
    ("encoding-cose", include_str!("../../catalogue/encoding-cose.toml")),
    ("encoding-signature", include_str!("../../catalogue/encoding-signature.toml")),
    ("response", include_str!("../../catalogue/response.toml")),
    ("response-shape", include_str!("../../catalogue/response-shape.toml")),
    ("encoding-json", include_str!("../../catalogue/encoding-json.toml")),
    ("encoding-base64", include_str!("../../catalogue/encoding-base64.toml")),
    ("encoding-size", include_str!("../../catalogue/encoding-size.toml")),
    ("extensions", include_str!("../../catalogue/extensions.toml")),
    ("extensions-signed", include_str!("../../catalogue/extensions-signed.toml")),
    ("state", include_str!("../../catalogue/state.toml")),
    ("tolerance", include_str!("../../catalogue/tolerance.toml")),
    ("options", include_str!("../../catalogue/options.toml")),
    ("lists", include_str!("../../catalogue/lists.toml")),
    ("removal", include_str!("../../catalogue/removal.toml")),
    ("session", include_str!("../../catalogue/session.toml")),
    ("framing", include_str!("../../catalogue/framing.toml")),
    ("conditional", include_str!("../../catalogue/conditional.toml")),
    ("related-origins", include_str!("../../catalogue/related-origins.toml")),
    ("page", include_str!("../../catalogue/page.toml")),
];

impl Catalogue {
    /// The checks that come with the program. A test has rehearsed them.
    pub fn builtin() -> Result<Self, Box<TomlMistake>> {
        Self::read_builtin(Rehearsal::Before)
    }

    fn read_builtin(rehearsal: Rehearsal) -> Result<Self, Box<TomlMistake>> {
        let mut catalogue = Self { index: Index::builtin()?, ..Self::default() };
        for (chapter, text) in BUILTIN {
            catalogue.read(chapter, &format!("{chapter}.toml"), text, rehearsal)?;
        }
        Files::BUILTIN.prove(&catalogue)?;
        Ok(catalogue)
    }

    /// Adds a file's checks. Every deviation is rehearsed on an honest
    /// ceremony, so that a path that leads nowhere is found here.
    pub fn add(&mut self, chapter: &str, file: &str, text: &str) -> Result<(), Box<TomlMistake>> {
        self.read(chapter, file, text, Rehearsal::Now)
    }

    fn read(
        &mut self,
        name: &str,
        file: &str,
        text: &str,
        rehearsal: Rehearsal,
    ) -> Result<(), Box<TomlMistake>> {
        let file = TomlFile { name: file, text };
        let chapter = Chapter { name, file, rehearsal };
        let parsed: File = file.parse()?;
        let all = self.checks.iter().chain(&self.page);
        let mut known: HashSet<String> = all.map(|check| check.id.clone()).collect();
        let mut implied = Vec::new();
        for family in &parsed.family {
            for case in &family.case {
                for ids in [&family.implied_by, &case.implied_by] {
                    implied.extend(ids.values());
                }
                for check in chapter.checks(family, case)? {
                    chapter.can_be_read(&check, case.id.span())?;
                    if let Some(unknown) = self.unknown_requirement(&check) {
                        let message = format!("there is no requirement `{unknown}`");
                        let help = "the requirements are listed in index/requirements.toml";
                        let here = file.quoted(unknown).or_else(|| Some(case.id.span()));
                        return Err(file.mistake(message, here, Some(help.to_owned())));
                    }
                    if !known.insert(check.id.clone()) {
                        let message = format!("the id `{}` is taken", check.id);
                        let help = "ids are stable and never used twice".to_owned();
                        return Err(file.mistake(message, Some(case.id.span()), Some(help)));
                    }
                    match check.action {
                        Action::Page => self.page.push(check),
                        _ => self.checks.push(check),
                    }
                }
            }
        }
        for id in implied {
            let Some(plainer) = self.checks.iter().find(|check| check.id == *id.get_ref()) else {
                let message = format!("expected the ID of a check, found `{}`", id.get_ref());
                let ids = self.checks.iter().map(|check| check.id.as_str());
                let help = did_you_mean(id.get_ref(), ids);
                return Err(file.mistake(message, Some(id.span()), help));
            };
            // In a circle each finding would hide the other.
            if plainer.implied_by.is_some() {
                let message =
                    format!("expected a check without `implied_by`, found `{}`", plainer.id);
                return Err(file.mistake(message, Some(id.span()), None));
            }
        }
        Ok(())
    }

    fn unknown_requirement<'a>(&self, check: &'a Check) -> Option<&'a str> {
        let id = check.requirement.as_deref()?;
        self.index.requirement(id).is_none().then_some(id)
    }
}

/// The time at which deviations are rehearsed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rehearsal {
    /// They are read for the first time.
    Now,
    /// A test rehearsed them; they are part of the program.
    Before,
}

/// A file of the catalogue.
struct Chapter<'a> {
    name: &'a str,
    file: TomlFile<'a>,
    rehearsal: Rehearsal,
}

impl Chapter<'_> {
    fn checks(&self, family: &Family, case: &Case) -> Result<Vec<Check>, Box<TomlMistake>> {
        let mut checks = Vec::new();
        for ceremony in case.ceremony.as_ref().unwrap_or(&family.ceremony) {
            if self.rehearsal == Rehearsal::Now {
                self.rehearse(*ceremony, family, case)?;
            }
            let check = self.check(family, case, *ceremony)?;
            if case.lying_header {
                checks.push(with_false_header(&check));
            }
            checks.push(check);
        }
        // The honest header first: it is the plainer case.
        checks.sort_by_key(|check| check.id.ends_with(".header"));
        Ok(checks)
    }

    fn check(
        &self,
        family: &Family,
        case: &Case,
        ceremony: Ceremony,
    ) -> Result<Check, Box<TomlMistake>> {
        let here = || Some(case.id.span());
        let violates = case.violates.get(&ceremony).or_else(|| family.violates.get(&ceremony));
        let violates = violates.cloned().unwrap_or_default();
        let exercises = case.exercises.get(&ceremony).or_else(|| family.exercises.get(&ceremony));
        let exercises = exercises.cloned().unwrap_or_default();
        // A scenario may test a rule that no single response violates.
        let is_scenario = case.scenario.is_some() && violates.is_empty();
        let (stated, other, word) = match family.expects {
            Expectation::Refused if !is_scenario => (&violates, &exercises, "violates"),
            // One of them is enough: the verdict of the reference RP decides.
            Expectation::Survives if !violates.is_empty() => (&violates, &exercises, "violates"),
            _ => (&exercises, &violates, "exercises"),
        };
        let is_torn = !other.is_empty() && family.expects != Expectation::Survives;
        if stated.is_empty() || is_torn {
            let message =
                "what must be refused violates a step; what must be accepted exercises one";
            let help = format!("write {word} = {{ {ceremony} = [\"7.1/9\"] }}");
            return Err(self.file.mistake(message.to_owned(), here(), Some(help)));
        }
        let first = stated.first().and_then(|step| clause(step));
        let stated = case.clause.get(&ceremony).or_else(|| family.clause.get(&ceremony));
        let clause = stated.cloned().or(first);
        let clause = clause.ok_or_else(|| {
            let help = format!("write clause = {{ {ceremony} = \"§7.1 step 9\" }}");
            self.file.mistake("the check has no clause".to_owned(), here(), Some(help))
        })?;
        let action = match (&case.scenario, case.deviation.as_slice()) {
            (Some(name), []) => match Scenario::named(name.get_ref()) {
                Some(scenario) => Action::Scenario(scenario),
                None => return Err(self.no_scenario(name)),
            },
            (None, [_, ..]) => {
                let edits = case.deviation.iter().map(|edit| edit.get_ref().clone());
                Action::Deviation(Deviation::new(edits.collect()))
            }
            (None, []) if case.page => Action::Page,
            _ => {
                let message = "a case has either a deviation or a scenario".to_owned();
                return Err(self.file.mistake(message, here(), None));
            }
        };
        let needs = family.needs.iter().chain(&case.needs).map(|need| self.need(need));
        Ok(Check {
            id: format!("{ceremony}.{}.{}", family.id, case.id.get_ref()),
            chapter: self.name.to_owned(),
            family: family.id.clone(),
            ceremony,
            sends: case.sends.clone(),
            expects: family.expects,
            violates,
            exercises,
            clause,
            requirement: case
                .requirement
                .get(&ceremony)
                .or_else(|| family.requirement.get(&ceremony))
                .cloned(),
            level: case.level.unwrap_or(family.level),
            importance: case.importance.unwrap_or(family.importance),
            importance_for_owner: case.importance_for_owner,
            implied_by: case
                .implied_by
                .get(&ceremony)
                .or_else(|| family.implied_by.get(&ceremony))
                .map(|id| id.get_ref().clone()),
            why: case.why.as_ref().unwrap_or(&family.why).clone(),
            fix: case.fix.as_ref().unwrap_or(&family.fix).clone(),
            needs: needs.collect::<Result<_, _>>()?,
            authenticator: case.authenticator,
            algorithm: self.algorithm(family, case)?,
            exclusive: case.exclusive,
            spoils: case.spoils,
            waits: case.waits,
            times: case.times,
            action,
        })
    }

    /// Refuses a check with a character in its texts that cannot be seen.
    fn can_be_read(&self, check: &Check, span: Range<usize>) -> Result<(), Box<TomlMistake>> {
        let Check { id, sends, clause, requirement, why, fix, .. } = check;
        let texts = [id, sends, clause, why, fix].into_iter().chain(requirement);
        let hidden = texts.flat_map(|text| text.chars()).find(|c| visible::is_hidden(*c));
        let Some(hidden) = hidden else { return Ok(()) };
        let message = format!("invalid text: U+{:04X} cannot be seen", u32::from(hidden));
        let help = "write `id`, `sends`, `clause`, `why` and `fix` on one line each, without \
                    control characters and characters that hide others";
        Err(self.file.mistake(message, Some(span), Some(help.to_owned())))
    }

    fn rehearse(
        &self,
        ceremony: Ceremony,
        family: &Family,
        case: &Case,
    ) -> Result<(), Box<TomlMistake>> {
        let algorithm = self.algorithm(family, case)?;
        for (index, edit) in case.deviation.iter().enumerate() {
            // The plan decides which artifacts exist.
            let before = case.deviation.iter().take(index).map(Spanned::get_ref);
            let plan = before.filter(|edit| edit.at.stage() == "plan");
            let alone = Deviation::new(plan.chain([edit.get_ref()]).cloned().collect());
            if let Err(error) = rehearsal::rehearse(ceremony, case.authenticator, algorithm, &alone)
            {
                return Err(self.edit_error(edit, &error));
            }
        }
        Ok(())
    }

    /// Points at the path inside the edit, the place of most mistakes.
    fn edit_error(&self, edit: &Spanned<Edit>, error: &deviation::Error) -> Box<TomlMistake> {
        let span = edit.span();
        let path = format!("\"{}\"", edit.get_ref().at);
        let inside = self.file.text.get(span.clone()).and_then(|text| text.find(&path));
        let span = inside.map_or(span.clone(), |at| span.start + at..span.start + at + path.len());
        self.file.mistake(error.to_string(), Some(span), error.help())
    }

    /// The algorithm of a case or else of its family.
    fn algorithm(
        &self,
        family: &Family,
        case: &Case,
    ) -> Result<Option<Algorithm>, Box<TomlMistake>> {
        let Some(written) = case.algorithm.as_ref().or(family.algorithm.as_ref()) else {
            return Ok(None);
        };
        Algorithm::named(written.get_ref()).map(Some).ok_or_else(|| {
            let message = format!("unknown algorithm `{}`", written.get_ref());
            let names: Vec<_> = Algorithm::NAMES.iter().map(|(name, _)| *name).collect();
            let help = did_you_mean_or_all(written.get_ref(), &names);
            self.file.mistake(message, Some(written.span()), Some(help))
        })
    }

    fn no_scenario(&self, name: &Spanned<String>) -> Box<TomlMistake> {
        let message = format!("there is no scenario `{}`", name.get_ref());
        let known = Scenario::ALL.into_iter().map(Scenario::name);
        let help = did_you_mean(name.get_ref(), known);
        self.file.mistake(message, Some(name.span()), help)
    }

    fn need(&self, need: &Spanned<String>) -> Result<Need, Box<TomlMistake>> {
        let setting = |setting: Setting, value: &str, values: &[&str]| {
            if let (true, Some(value)) = (values.contains(&value), SettingValue::named(value)) {
                return Ok(Need::Setting(setting, value));
            }
            let message = format!("`{}` is never `{value}`", setting.name());
            let help = format!("it is one of: {}", values.join(", "));
            Err(self.file.mistake(message, Some(need.span()), Some(help)))
        };
        match need.get_ref().split_once('=').unwrap_or((need.get_ref(), "")) {
            ("registrable-domain", "") => Ok(Need::RegistrableDomain),
            ("domain", "") => Ok(Need::Domain),
            ("two-accounts", "") => Ok(Need::TwoAccounts),
            ("metadata", "") => Ok(Need::Metadata),
            ("user-verification", value) => {
                setting(Setting::UserVerification, value, &["required", "preferred", "discouraged"])
            }
            ("attestation", value) => setting(Setting::Attestation, value, &["none", "direct"]),
            ("mediation", value) => {
                setting(Setting::Mediation, value, &["optional", "conditional"])
            }
            ("framing", value) => setting(Setting::Framing, value, &["none", "expected"]),
            ("login", value) => setting(Setting::Login, value, &["username", "discoverable"]),
            ("probe", "whoami") => Ok(Need::Flow(Flow::Whoami)),
            ("probe", "list") => Ok(Need::Flow(Flow::List)),
            ("flow", "remove") => Ok(Need::Flow(Flow::Remove)),
            ("flow", "logout") => Ok(Need::Flow(Flow::Logout)),
            ("extension", name) if !name.is_empty() => Ok(Need::Extension(name.to_owned())),
            ("no-extension", name) if !name.is_empty() => Ok(Need::NoExtension(name.to_owned())),
            ("flow", "close") => Ok(Need::Flow(Flow::Close)),
            ("not-offered", value) => value.parse().map(Need::NotOffered).map_err(|_| {
                let message = "`not-offered` names a COSE algorithm by its number".to_owned();
                self.file.mistake(
                    message,
                    Some(need.span()),
                    Some("such as not-offered=-8".to_owned()),
                )
            }),
            _ => {
                let message = format!("there is no need called `{}`", need.get_ref());
                let help = "there are: registrable-domain, domain, two-accounts, metadata, \
                            user-verification=…, attestation=…, login=…, mediation=…, \
                            framing=…, not-offered=…, extension=…, no-extension=…, \
                            probe=whoami, probe=list, flow=remove, flow=logout, flow=close";
                Err(self.file.mistake(message, Some(need.span()), Some(help.to_owned())))
            }
        }
    }
}

/// The check with an HTTP Origin header that repeats the false origin.
fn with_false_header(check: &Check) -> Check {
    let mut false_header = check.clone();
    false_header.id.push_str(".header");
    false_header.sends.push_str(", and an Origin header that says the same");
    if let Action::Deviation(deviation) = &mut false_header.action {
        let echo = deviation.edits().iter().filter_map(|edit| {
            let at = edit.at.to_string();
            let rest = at.strip_prefix("client_data.origin")?;
            let at = format!("request.header.origin{rest}").parse().ok()?;
            Some(Edit { at, operation: edit.operation.clone() })
        });
        *deviation = Deviation::new(deviation.edits().iter().cloned().chain(echo).collect());
    }
    false_header
}

/// `§7.1 step 9` for `7.1/9`; the letter of a case is left out. Rules around
/// the ceremonies, such as `session/logout`, have no number.
fn clause(step: &str) -> Option<String> {
    let (section, step) = step.split_once('/')?;
    if !section.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    Some(match step.trim_end_matches(char::is_alphabetic) {
        number if number.starts_with(|first: char| first.is_ascii_digit()) => {
            format!("§{section} step {number}")
        }
        // Not all procedures have numbered steps.
        _ => format!("§{section}"),
    })
}

#[cfg(test)]
mod tests;
