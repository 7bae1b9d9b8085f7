use super::*;

#[test]
fn checks_that_can_stop_a_server_are_taxing() {
    let catalogue = Catalogue::builtin().unwrap();
    let is_taxing = |id: &str| catalogue.find(id).unwrap().is_taxing();
    for id in [
        "registration.size.request-16-mib",
        "registration.client-data.nested",
        "registration.attestation-object-encoding.nested-deeply",
        "registration.attestation-object-malformed.list-without-end",
        "registration.extension-data-encoding.octets-without-end",
        "registration.credential-id.65535-octets",
        "authentication.size-within-limits.client-data-64-kib",
    ] {
        assert!(is_taxing(id), "{id}");
    }
    for id in ["registration.origin.port", "authentication.challenge.replayed"] {
        assert!(!is_taxing(id), "{id}");
    }
    let count = catalogue.checks.iter().filter(|check| check.is_taxing()).count();
    assert!(count * 5 < catalogue.checks.len(), "{count} taxing checks");
}

#[test]
fn the_builtin_catalogue_loads_and_is_rehearsed() {
    let catalogue = Catalogue::read_builtin(Rehearsal::Now);
    let catalogue = catalogue.map_err(|error| miette::Report::from(*error)).unwrap();
    let mut written = 0;
    for (file, text) in BUILTIN {
        let parsed: File = TomlFile { name: file, text }.parse().unwrap();
        for family in &parsed.family {
            for case in &family.case {
                let ceremonies = case.ceremony.as_ref().unwrap_or(&family.ceremony);
                written += ceremonies.len() * if case.lying_header { 2 } else { 1 };
            }
        }
    }
    assert_eq!(catalogue.checks.len() + catalogue.page.len(), written);
}

fn broken(text: &str) -> String {
    let error = Catalogue::default().add("test", "test.toml", text).unwrap_err();
    let mut out = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none())
        .with_width(90)
        .render_report(&mut out, &*error)
        .unwrap();
    out
}

fn family(case: &str) -> String {
    format!(
        r#"[[family]]
id = "origin"
ceremony = ["registration"]
violates = {{ registration = ["7.1/9"] }}
level = "must"
importance = "high"
expects = "refused"
why = ""
fix = ""
[[family.case]]
{case}
"#
    )
}

#[test]
fn a_wrong_path_is_shown_with_what_is_there() {
    insta::assert_snapshot!(broken(&family(
        r#"id = "x"
sends = "x"
deviation = [{ at = "client_data.orign.host", prepend = "sub." }]"#
    )));
    insta::assert_snapshot!(broken(&family(
        r#"id = "x"
sends = "x"
deviation = [{ at = "clientdata.origin", prepend = "sub." }]"#
    )));
}

#[test]
fn other_mistakes_are_shown_too() {
    insta::assert_snapshot!(broken(&family(
        r#"id = "x"
sends = "x"
deviation = [{ at = "client_data.origin", preprend = "sub." }]"#
    )));
    insta::assert_snapshot!(broken(&family(
        r#"id = "x"
sends = "x"
scenario = "replayed-asertion""#
    )));
    insta::assert_snapshot!(broken(&family(
        r#"id = "x"
sends = "x"
needs = ["user-verification=sometimes"]
deviation = [{ at = "client_data.origin", set = "x" }]"#
    )));
}

#[test]
fn no_finding_is_implied_by_one_that_is_implied_itself() {
    let case = r#"id = "x"
sends = "x"
implied_by = { registration = "registration.origin.x" }
deviation = [{ at = "client_data.origin", set = "x" }]"#;
    let error = Catalogue::default().add("test", "test.toml", &family(case)).unwrap_err();
    let expected = "expected a check without `implied_by`, found `registration.origin.x`";
    assert_eq!(error.to_string(), expected);
}
