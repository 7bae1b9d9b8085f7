use passrig::catalogue::Need;
use passrig::outcome::SettingValue;

use super::*;

fn builtin() -> Catalogue {
    Catalogue::builtin().unwrap()
}

/// A run in which every check passes but these.
fn run(catalogue: &Catalogue, others: &[(&str, &str)]) -> BTreeMap<String, Found> {
    let found = |words: &str| Found { words: words.to_owned(), reason: None };
    let passed = catalogue.checks.iter().map(|check| (check.id.clone(), found("pass accepted ok")));
    let others = others.iter().map(|(id, words)| ((*id).to_owned(), found(words)));
    passed.chain(others).collect()
}

fn differences(golden: &str, found: &BTreeMap<String, Found>) -> String {
    let differences = Golden::parse(golden).unwrap().differences(found, &builtin());
    differences.iter().map(|one| format!("{one}\n")).collect()
}

fn mistakes(golden: &str) -> String {
    let mistakes = Golden::parse(golden).unwrap().mistakes(golden, &builtin());
    mistakes.iter().map(|one| format!("{one}\n")).collect()
}

#[test]
fn golden_files_have_no_mistakes() {
    let catalogue = builtin();
    for (name, _) in crate::ALL {
        let text = std::fs::read_to_string(path(name)).unwrap();
        let mistakes = Golden::read(name).mistakes(&text, &catalogue);
        let mistakes: String = mistakes.iter().map(|one| format!("\n  {one}")).collect();
        assert!(mistakes.is_empty(), "{name}:{mistakes}");
    }
}

#[test]
fn a_file_is_written_and_read() {
    let catalogue = builtin();
    let found = run(
        &catalogue,
        &[
            ("registration.origin.port", "fail accepted ok happened"),
            ("authentication.sign-count.race", "note accepted ok"),
            ("registration.challenge.expired", "skipped opt-in"),
            ("registration.related-origin.listed", "skipped feature"),
        ],
    );
    let golden = Golden::of(&found, &Golden::default(), &catalogue);
    let text = golden.text();
    insta::assert_snapshot!(text, @r#"
    # Checks whose outcome differs from the default: pass, or skipped for a reason in [skipped].
    # Written by PASSRIG_BLESS=1; tests/rps/README.md explains the format.

    [skipped]
    opt-in = ["registration waits"]

    [library]
    "registration.origin.port" = "fail accepted ok happened"

    [application]
    "authentication.sign-count.race" = "note accepted ok"
    "registration.related-origin.listed" = "skipped feature"
    "#);
    assert_eq!(Golden::parse(&text).unwrap(), golden);
    assert_eq!(mistakes(&text), "");
    assert_eq!(differences(&text, &found), "");
}

#[test]
fn a_declared_skip_stays_when_a_file_is_written_anew() {
    let catalogue = builtin();
    let known = Golden::parse(
        "[skipped]
feature = [\"*.related-origin.*\"]
flow = [\"flow=close\"]
",
    )
    .unwrap();
    let found = run(&catalogue, &[("registration.related-origin.listed", "skipped feature")]);
    let golden = Golden::of(&found, &known, &catalogue);
    insta::assert_snapshot!(golden.text(), @r#"
    # Checks whose outcome differs from the default: pass, or skipped for a reason in [skipped].
    # Written by PASSRIG_BLESS=1; tests/rps/README.md explains the format.

    [skipped]
    feature = ["*.related-origin.*"]

    [library]

    [application]
    "#);
}

/// A check that is added edits no golden file, unless an RP fails the check.
#[test]
fn a_check_that_is_added_passes_or_is_skipped_by_default() {
    let mut catalogue = builtin();
    let golden = "[skipped]\nsetting = [\"attestation=direct\"]\n";
    let golden = Golden::parse(golden).unwrap();
    let is_direct = |check: &&Check| {
        let is_direct = |need: &Need| matches!(need, Need::Setting(_, SettingValue::Direct));
        check.needs.iter().any(is_direct)
    };
    let direct = catalogue.checks.iter().find(is_direct).unwrap().clone();
    let mut found = run(&catalogue, &[(&direct.id, "skipped setting")]);
    let new = [("registration.new.passes", false), ("registration.new.skipped", true)];
    for (id, is_skipped) in new {
        let needs = if is_skipped { direct.needs.clone() } else { Vec::new() };
        catalogue.checks.push(Check { id: id.to_owned(), needs, ..direct.clone() });
        let words = if is_skipped { "skipped setting" } else { "pass refused client-error" };
        found.insert(id.to_owned(), Found { words: words.to_owned(), reason: None });
    }
    let differences = golden.differences(&found, &catalogue);
    assert!(differences.is_empty(), "{differences:?}");

    found.remove("registration.new.passes");
    let undeclared = Found { words: "skipped flow".to_owned(), reason: None };
    found.insert("registration.new.skipped".to_owned(), undeclared);
    let differences = golden.differences(&found, &catalogue);
    let differences: Vec<_> = differences.iter().map(ToString::to_string).collect();
    assert_eq!(
        differences,
        [
            "registration.new.passes: not yet run",
            "registration.new.skipped: expected pass or a declared skip, found skipped flow",
        ]
    );
}

#[test]
fn mistakes_name_the_line() {
    insta::assert_snapshot!(
        mistakes(
            r#"[skipped]
flow = ["flow=close", "flow=clsoe"]
settings = ["*.origin.*"]

[library]
"registration.origin.prot" = "fail accepted ok"
"registration.origin.port" = "pass refused client-error"
"registration.origin.http" = "failed accepted ok"
"authentication.closed-account.name-taken-anew" = "skipped flow"
"registration.origin.foreign" = "fail accepted ok"

[application]
"registration.origin.scheme" = "fail accepted ok"
"#
        ),
        @"
        superfluous line `authentication.closed-account.name-taken-anew`: `skipped flow` is the default; remove the line
        invalid line `registration.origin.http`: expected an outcome, found `failed accepted ok`
        superfluous line `registration.origin.port`: `pass refused client-error` is the default; remove the line
        unknown check `registration.origin.prot`; did you mean `registration.origin.port`?
        invalid line `registration.origin.scheme`: the check is the duty of the library; move the line to [library]
        invalid entry `flow=clsoe` of [skipped] flow: the entry covers no check of the catalogue; remove it
        invalid entry `*.origin.*` of [skipped] settings: the entry covers no check of the catalogue; remove it
        "
    );
    let form = "[application]\n[library]\n[skipped]\n";
    insta::assert_snapshot!(mistakes(form), @"expected the file as PASSRIG_BLESS=1 writes it, found another order or form");
    let syntax = Golden::parse("[library.counts]\npass = 2\n").unwrap_err();
    insta::assert_snapshot!(syntax, @"
    invalid golden file: TOML parse error at line 1, column 1
      |
    1 | [library.counts]
      | ^^^^^^^^^^^^^^^^
    invalid type: map, expected a string
    ");
}

#[test]
fn differences_name_the_check() {
    let golden = r#"[skipped]
flow = ["flow=close"]

[library]
"registration.origin.foreign" = "fail accepted ok"
"registration.origin.port" = "fail accepted ok"
"registration.origin.http" = "fail accepted ok"
"#;
    let mut found = run(
        &builtin(),
        &[
            ("registration.origin.foreign", "fail accepted ok"),
            ("registration.origin.http", "warn refused server-error"),
            ("registration.origin.scheme", "fail accepted ok"),
            ("registration.origin.app", "skipped setting"),
        ],
    );
    found.get_mut("registration.origin.scheme").unwrap().reason = Some("accepted".to_owned());
    insta::assert_snapshot!(differences(golden, &found), @"
    registration.origin.scheme: expected pass or a declared skip, found fail accepted ok (accepted)
    registration.origin.http: expected fail accepted ok, found warn refused server-error
    stale line `registration.origin.port`: expected fail accepted ok, found pass accepted ok, the default; remove the line
    registration.origin.app: expected pass or a declared skip, found skipped setting
    stale entry `flow=close` of [skipped] flow: no check is skipped for it; remove it
    ");
}

#[test]
fn a_race_may_end_in_the_databases_error() {
    let race = "authentication.sign-count.race";
    let golden = format!("[library]\n\"{race}\" = \"warn refused server-error\"\n");
    for golden in [golden.as_str(), ""] {
        for words in ["note accepted redirect", "pass refused client-error"] {
            assert_eq!(differences(golden, &run(&builtin(), &[(race, words)])), "");
        }
        let error = run(&builtin(), &[(race, "error server-error")]);
        assert!(differences(golden, &error).contains("found error server-error"));
    }
}

#[test]
fn divergences_are_what_an_adjudication_explains() {
    let golden = Golden::parse(
        r#"[library]
"authentication.sign-count.race" = "note refused client-error"
"registration.origin.port" = "fail accepted ok"
"registration.origin.http" = "error server-error"
"#,
    );
    let expected = [("registration.origin.port", "fail accepted ok")];
    assert_eq!(golden.unwrap().divergences(&builtin()), expected);
}
