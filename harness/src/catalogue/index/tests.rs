use std::collections::BTreeSet;

use super::*;
use crate::catalogue::coverage::{Coverage, CoverageState};

fn builtin() -> Catalogue {
    Catalogue::builtin().map_err(|error| miette::Report::from(*error)).unwrap()
}

/// Every row of a kind with its key, in the order of the file.
fn every<T: Row>(groups: &[Group<T>]) -> Vec<String> {
    keys(groups).collect()
}

#[test]
fn every_id_is_unique() {
    let Index { requirements, fido, flaws, .. } = Index::builtin().unwrap();
    for keys in [every(&requirements), every(&fido), every(&flaws)] {
        let unique: HashSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len());
    }
    for group in &requirements {
        let prefix = format!("{}-", group.id);
        assert!(group.rows.iter().all(|row| row.id.starts_with(&prefix)), "{}", group.id);
    }
}

#[test]
fn every_requirement_of_a_check_exists() {
    let Catalogue { checks, index, .. } = builtin();
    for check in &checks {
        let Some(id) = &check.requirement else { continue };
        assert!(index.requirement(id).is_some(), "{} names {id}", check.id);
    }
}

/// The checks whose level is more severe than the one of their requirement, and the reason.
const STRONGER: [(&str, &str); 14] = [
    ("*.attestation-trust.*", "an RP that trusts some issuers validates a path (RFC 5280 §6)"),
    ("*.signed-extension.*", "the RP must not break, whatever it does with the output"),
    ("*.extension-output.*", "the RP must not break, whatever it does with the output"),
    ("*.embedding.foreign", "the adapter says who frames the RP"),
    ("*.metadata-blob.*", "the user says that the RP judges models by metadata"),
    ("*.metadata-status.*", "the user says that the RP judges models by metadata"),
    ("*.options-challenge.*", "challenges must be random (§13.4.3)"),
    ("registration.user-handle.opaque", "a user handle must not identify its user (§14.6.1)"),
    ("authentication.member-type.id-*", "no account has the credential (§7.2 step 6)"),
    ("registration.unsigned-copy.empty-id", "the ID is in the authenticator data (§7.1 step 13)"),
    ("registration.takeover.*", "the attacker must not become the victim (§7.2 step 21)"),
    ("registration.lock-out.*", "the victim must still sign in (§7.2 step 6)"),
    ("registration.tolerance.*-credential-id", "no step objects to 1023 bytes"),
    ("authentication.tolerance.*count*", "no step objects to a counter that grows, or to none"),
];

#[test]
fn no_check_is_stronger_than_its_requirement() {
    let Catalogue { checks, index, .. } = builtin();
    let mut needed = BTreeSet::new();
    let mut wrong = Vec::new();
    for check in &checks {
        let level =
            check.requirement.as_ref().and_then(|id| index.requirement(id)).map(|r| r.level);
        if level.is_none_or(|level| check.level.rank() >= level.rank()) {
            continue;
        }
        match STRONGER.iter().find(|(glob, _)| glob::matches(glob, &check.id)) {
            Some((glob, _)) => drop(needed.insert(*glob)),
            None => wrong.push(format!("{}: {}, not {level:?}", check.id, check.level)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let idle: Vec<_> = STRONGER.iter().filter(|(glob, _)| !needed.contains(glob)).collect();
    assert!(idle.is_empty(), "{idle:?}");
}

/// Both ceremonies are there step by step, and both lists of FIDO's tool.
#[test]
fn the_tables_are_whole() {
    let index = Index::builtin().unwrap();
    for (group, rows) in [("REG", 28), ("AUT", 28)] {
        let found = index.requirements.iter().find(|found| found.id == group).unwrap();
        assert_eq!(found.rows.len(), rows, "{group}");
    }
    let tests = || index.fido.iter().flat_map(|suite| &suite.rows);
    let count = |generation| tests().filter(|test| test.generation == generation).count();
    let counts = [Generation::Both, Generation::Of1_9, Generation::Of2021].map(count);
    assert_eq!(counts, [162, 6, 11]);
}

#[test]
fn every_row_is_covered_or_excused() {
    let catalogue = builtin();
    let coverage = Coverage::of(&catalogue);
    assert!(coverage.is_complete());
    let requirements = coverage.requirements.iter().flat_map(|group| &group.rows);
    let mut rows: Vec<_> = requirements.map(|row| (&row.key, row.state)).collect();
    rows.extend(coverage.fido.iter().flat_map(|g| &g.rows).map(|row| (&row.key, row.state)));
    rows.extend(coverage.flaws.iter().flat_map(|g| &g.rows).map(|row| (&row.key, row.state)));
    let open: Vec<_> = rows.iter().filter(|(_, state)| *state == CoverageState::Open).collect();
    assert!(open.is_empty(), "neither check nor reason: {open:?}");

    // The author of a check removes its row from the list of those without.
    let named = |key: &String| {
        catalogue.index.uncovered.iter().any(|uncovered| {
            [&uncovered.requirements, &uncovered.fido, &uncovered.flaws]
                .iter()
                .any(|patterns| patterns.contains(key))
        })
    };
    let stale: Vec<_> =
        rows.iter().filter(|(key, state)| *state == CoverageState::Covered && named(key)).collect();
    assert!(stale.is_empty(), "these have checks; delete them from uncovered.toml: {stale:?}");
}

/// The list of reasons is closed, and each of them is used.
#[test]
fn every_reason_is_given() {
    let catalogue = builtin();
    let coverage = Coverage::of(&catalogue);
    let mut given: HashSet<_> = HashSet::new();
    given.extend(coverage.requirements.iter().flat_map(|g| &g.rows).filter_map(|row| row.gap));
    given.extend(coverage.fido.iter().flat_map(|g| &g.rows).filter_map(|row| row.gap));
    given.extend(coverage.flaws.iter().flat_map(|g| &g.rows).filter_map(|row| row.gap));
    let given: HashSet<_> = given.into_iter().map(|gap| gap.reason).collect();
    for reason in GapReason::ALL {
        assert!(given.contains(&reason), "{reason}");
        let parsed: GapReason = serde_json::from_str(&format!("\"{reason}\"")).unwrap();
        assert_eq!(parsed, reason);
    }
    assert!(serde_json::from_str::<GapReason>("\"no-time\"").is_err());
}

#[test]
fn a_check_knows_its_aliases() {
    let Catalogue { checks, index, .. } = builtin();
    let find = |id: &str| checks.iter().find(|check| check.id == id).unwrap();
    let foreign = find("registration.origin.foreign");
    assert_eq!(index.owner(foreign), Some(Owner::Library));
    let suite = "Server-ServerAuthenticatorAttestationResponse-Resp-2";
    assert!(index.fido_of(foreign).eq([format!("{suite}/F-14")]));
    assert!(index.flaws_of(foreign).map(|flaw| flaw.id.as_str()).eq(["origin.foreign"]));
    let replayed = find("authentication.challenge.replayed");
    assert_eq!(index.owner(replayed), Some(Owner::Application));
}

const REQUIREMENTS: &str = r#"[[group]]
id = "REG"
title = "Registration"
rows = [
    { id = "REG-06", clause = "§7.1 step 9", level = "must", owner = "library", title = "origin" },
]
"#;

const FLAWS: &str = r#"[[group]]
id = "challenge"
title = "Challenges"
rows = [
    { id = "challenge.reuse", owner = "application", title = "reuse", source = "x" },
]
"#;

fn files() -> Files<'static> {
    let fido = "group = []";
    Files {
        requirements: TomlFile { name: "requirements.toml", text: REQUIREMENTS },
        fido: TomlFile { name: "fido.toml", text: fido },
        flaws: TomlFile { name: "flaws.toml", text: FLAWS },
        uncovered: TomlFile { name: "uncovered.toml", text: "uncovered = []" },
    }
}

fn shown(error: &TomlMistake) -> String {
    let mut out = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none())
        .with_width(90)
        .render_report(&mut out, error)
        .unwrap();
    out
}

fn broken(files: &Files) -> String {
    let mistake = files.read().and_then(|index| {
        let catalogue = Catalogue { index, ..Catalogue::default() };
        files.prove(&catalogue)
    });
    shown(&mistake.unwrap_err())
}

#[test]
fn an_id_that_is_there_twice() {
    let row = REQUIREMENTS.lines().nth(4).unwrap();
    let text = REQUIREMENTS.replace(row, &format!("{row}\n{row}"));
    let requirements = TomlFile { text: &text, ..files().requirements };
    insta::assert_snapshot!(broken(&Files { requirements, ..files() }), @r#"
     x the id `REG-06` is taken
      ,-[requirements.toml:6:12]
    5 |     { id = "REG-06", clause = "§7.1 step 9", level = "must", owner = "library", title = "origin" },
    6 |     { id = "REG-06", clause = "§7.1 step 9", level = "must", owner = "library", title = "origin" },
      :            ^^^^|^^^
      :                `-- here
    7 | ]
      `----
     help: ids are stable and never used twice
    "#);
}

#[test]
fn an_owner_that_does_not_exist() {
    let text = REQUIREMENTS.replace("\"library\"", "\"vendor\"");
    let requirements = TomlFile { text: &text, ..files().requirements };
    insta::assert_snapshot!(broken(&Files { requirements, ..files() }), @r#"
     x expected `library` or `application`, found `vendor`
      ,-[requirements.toml:5:71]
    4 | rows = [
    5 |     { id = "REG-06", clause = "§7.1 step 9", level = "must", owner = "vendor", title = "origin" },
      :                                                                      ^^^^|^^^
      :                                                                          `-- here
    6 | ]
      `----
    "#);
}

#[test]
fn a_glob_that_fits_no_check() {
    let text = FLAWS.replace("\"x\" }", "\"x\", checks = [\"*.chalenge.*\"] }");
    let flaws = TomlFile { text: &text, ..files().flaws };
    insta::assert_snapshot!(broken(&Files { flaws, ..files() }), @r#"
     x no check is called `*.chalenge.*`
      ,-[flaws.toml:5:95]
    4 | rows = [
    5 |     { id = "challenge.reuse", owner = "application", title = "reuse", source = "x", checks = ["*.chalenge.*"] },
      :                                                                                               ^^^^^^^|^^^^^^
      :                                                                                                      `-- here
    6 | ]
      `----
     help: it is the id of a check, or a glob with `*`
    "#);
}

#[test]
fn a_reason_for_a_row_that_does_not_exist() {
    let text = "[[uncovered]]\nreason = \"outdated\"\nwhy = \"x\"\nrequirements = [\"REG-6\"]\n";
    let uncovered = TomlFile { text, ..files().uncovered };
    insta::assert_snapshot!(broken(&Files { uncovered, ..files() }), @r#"
     x no row is called `REG-6`
      ,-[uncovered.toml:4:17]
    3 | why = "x"
    4 | requirements = ["REG-6"]
      :                 ^^^|^^^
      :                    `-- here
      `----
     help: it is the id of a row, or a glob with `*`; for FIDO, SUITE/ID
    "#);
}

#[test]
fn a_check_of_a_requirement_that_does_not_exist() {
    let mut catalogue = Catalogue { index: files().read().unwrap(), ..Catalogue::default() };
    let text = r#"[[family]]
id = "origin"
ceremony = ["registration"]
requirement = { registration = "REG-66" }
violates = { registration = ["7.1/9"] }
level = "must"
importance = "high"
expects = "refused"
why = ""
fix = ""
[[family.case]]
id = "x"
sends = "x"
deviation = [{ at = "client_data.origin", set = "x" }]
"#;
    let error = catalogue.add("test", "test.toml", text).unwrap_err();
    insta::assert_snapshot!(shown(&error), @r#"
     x there is no requirement `REG-66`
      ,-[test.toml:4:32]
    3 | ceremony = ["registration"]
    4 | requirement = { registration = "REG-66" }
      :                                ^^^^|^^^
      :                                    `-- here
    5 | violates = { registration = ["7.1/9"] }
      `----
     help: the requirements are listed in index/requirements.toml
    "#);
}
