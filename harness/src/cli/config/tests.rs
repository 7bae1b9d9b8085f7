use super::baseline::{Baseline, BaselineInput};
use super::*;
use crate::cli::reach::Rp;
use crate::outcome::{Level, Outcome, Paint, Report};
use crate::runner::expect::{self, Date};
use crate::samples;

const TODAY: Date = Date { year: 2026, month: 5, day: 17 };

fn parse(text: &str) -> Result<(FileConfig, Catalogue), Failure> {
    read(text, true)
}

fn read(text: &str, is_named: bool) -> Result<(FileConfig, Catalogue), Failure> {
    let mut catalogue = samples::catalogue();
    let file = "ci/passrig.toml".as_ref();
    let config = FileConfig::parse(file, text.to_owned(), is_named, &mut catalogue)?;
    Ok((config, catalogue))
}

/// The mistake in a file that was only found, under these flags.
fn found(text: &str, flags: &reach::Args) -> Option<String> {
    let (mut config, _) = read(text, false).unwrap();
    config.target(flags).err().map(|failure| failure.render(Paint::PLAIN))
}

fn mistake(text: &str) -> String {
    parse(text).err().unwrap().render(Paint::PLAIN)
}

const WHOLE: &str = r#"
fail_on = "should:low"

[target]
rp = "https://login.passrig.test"
adapter = "adapter.toml"
origin = "https://login.passrig.test"
connect_to = "127.0.0.1:8443"
ca = "ca.pem"
allow_hosts = ["staging.example.com"]
deadline = 20
expiry = 601
timing = 200

[target.vars]
username = "ann"
password = { env = "ANNS_PASSWORD" }

[policy]
counter = "must"

[[expect]]
check = "registration.origin.*"
outcome = "fail"
reason = "mended with the next release"
expires = 2026-12-31
"#;

#[test]
fn the_whole_file() {
    let (config, catalogue) = parse(WHOLE).unwrap();
    let fail_on = config.fail_on.unwrap();
    assert_eq!(fail_on.level, Level::Should);
    let target = &config.target;
    // Files are beside the file that names them.
    assert_eq!(target.adapter.as_deref(), Some("ci/adapter.toml"));
    assert_eq!(target.ca.as_deref(), Some(Path::new("ci/ca.pem")));
    assert_eq!((target.deadline, target.expiry), (Some(20), Some(601)));
    let vars: Vec<_> = target.var.iter().map(|var| (&*var.name, &*var.env)).collect();
    assert_eq!(vars, [("password", "ANNS_PASSWORD"), ("username", "username")]);
    assert_eq!(catalogue.find("authentication.counter.same").unwrap().level, Level::Must);
    assert_eq!(config.expectations[0].expires.unwrap().to_string(), "2026-12-31");
    assert!(parse("").unwrap().0.target.is_built_in());
}

#[test]
fn flags_win() {
    let (mut config, _) = parse(WHOLE).unwrap();
    let flags = reach::Args {
        rp: Some("http://localhost:3000".parse().unwrap()),
        insecure: true,
        expiry: Some(301),
        timing: Some(1000),
        metadata: true,
        var: vec!["username=bob".parse().unwrap()],
        ..reach::Args::default()
    };
    let both = config.target(&flags).unwrap();
    assert_eq!(both.rp.as_ref().unwrap().to_string(), "http://localhost:3000/");
    assert_eq!(both.adapter.as_deref(), Some("ci/adapter.toml"));
    assert!(both.insecure && both.ca.is_none());
    assert_eq!((both.deadline, both.expiry), (Some(20), Some(301)));
    assert!(both.arguments().contains(&["--expiry", "301"].map(str::to_owned).to_vec()));
    assert_eq!((config.target.timing, both.timing), (Some(200), Some(1000)));
    assert!(both.arguments().contains(&["--timing", "1000"].map(str::to_owned).to_vec()));
    assert!(both.arguments().contains(&vec!["--metadata".to_owned()]));
    let vars: Vec<_> = both.var.iter().map(|var| (&*var.name, var.value.as_deref())).collect();
    assert_eq!(vars, [("username", Some("bob")), ("password", None)]);
}

#[test]
fn a_command_is_repeated_as_it_is() {
    let (config, _) = parse("[target]\nrp = 'exec:./rp \"#x\" %41 \ty'\n").unwrap();
    let arguments = config.named_target().arguments();
    assert_eq!(arguments, [["--rp", "exec:./rp \"#x\" %41 \ty"].map(str::to_owned).to_vec()]);
}

#[test]
fn a_file_that_was_only_found() {
    let none = reach::Args::default();
    let shown = found("[target]\nrp = \"exec:./rp\"\n", &none).unwrap();
    insta::assert_snapshot!(shown, @r#"
     × expected --config to name a file that runs a program as the RP
      ╭─[ci/passrig.toml:2:6]
    1 │ [target]
    2 │ rp = "exec:./rp"
      ·      ─────┬─────
      ·           ╰── here
      ╰────
     help: give --rp exec:COMMAND,
           or --config passrig.toml if you trust this file
    "#);
    let flags = |flag: &str| match flag {
        "--rp" => reach::Args { rp: Some(Rp::Program("x".to_owned())), ..none.clone() },
        "--connect-to" => {
            reach::Args { connect_to: Some("127.0.0.1:1".to_owned()), ..none.clone() }
        }
        "--allow-run" => reach::Args { allow_run: true, ..none.clone() },
        "--restart" => reach::Args { restart: Some("x".to_owned()), ..none.clone() },
        "--allow-host" => reach::Args { allow_host: vec!["a.test:8".to_owned()], ..none.clone() },
        _ => reach::Args { var: vec!["x=1".parse().unwrap()], ..none.clone() },
    };
    for (line, flag) in [
        ("rp = \"exec:./rp\"", "--rp"),
        ("rp = \"http://a.test\"", "--rp"),
        ("rp = \"http://10.0.0.1\"", "--rp"),
        ("rp = \"http://a.test\"\nconnect_to = \"b.test:1:127.0.0.1:1\"", "--rp"),
        ("connect_to = \"10.0.0.1:1\"", "--connect-to"),
        ("allow_run = true", "--allow-run"),
        ("restart = \"./start\"", "--restart"),
        ("allow_hosts = [\"a.test:8\"]", "--allow-host"),
        ("vars.x = { env = \"HOME\" }", "--var"),
    ] {
        let text = format!("[target]\n{line}\n");
        let said = found(&text, &none).unwrap();
        assert!(said.contains(flag) && said.contains("--config passrig.toml"), "{said}");
        assert!(said.contains("[ci/passrig.toml:2:"), "{said}");
        // The flag is enough, and so is --config.
        assert_eq!(found(&text, &flags(flag)), None, "{line}");
        assert!(parse(&text).unwrap().0.target(&none).is_ok(), "{line}");
    }
    for line in [
        "rp = \"http://localhost:3000\"",
        "rp = \"https://127.1.2.3\"",
        "rp = \"http://[::1]:3000/api\"",
        "rp = \"https://login.passrig.test\"\nconnect_to = \"127.0.0.1:8443\"",
        "allow_run = false",
        "vars.x = \"plain\"\nname_checks = true\ninsecure = true\nrestart_wait = 3",
    ] {
        assert_eq!(found(&format!("[target]\n{line}\n"), &none), None, "{line}");
    }
}

#[test]
fn mistakes() {
    insta::assert_snapshot!(mistake("[target]\nrp = \"http://localhost\"\nadaptor = \"x\"\n"), @r#"
     × unknown key `adaptor`
      ╭─[ci/passrig.toml:3:1]
    2 │ rp = "http://localhost"
    3 │ adaptor = "x"
      · ───┬───
      ·    ╰── here
      ╰────
     help: did you mean adapter?
    "#);
    insta::assert_snapshot!(mistake("[target]\nrp = \"localhost:3000\"\n"), @r#"
     × expected a URL such as http://localhost:3000, or exec:COMMAND
      ╭─[ci/passrig.toml:2:6]
    1 │ [target]
    2 │ rp = "localhost:3000"
      ·      ────────┬───────
      ·              ╰── here
      ╰────
    "#);
    insta::assert_snapshot!(mistake("[target]\ndeadline = 0\n"), @r"
     × expected a number of seconds from 1 to 3600
      ╭─[ci/passrig.toml:2:12]
    1 │ [target]
    2 │ deadline = 0
      ·            ┬
      ·            ╰── here
      ╰────
    ");
    insta::assert_snapshot!(mistake("[target]\ntiming = 10\n"), @r"
     × expected a number of pairs from 50 to 2000
      ╭─[ci/passrig.toml:2:10]
    1 │ [target]
    2 │ timing = 10
      ·          ─┬
      ·           ╰── here
      ╰────
    ");
    insta::assert_snapshot!(mistake("[target]\nvars = { password = 1 }\n"), @r#"
     × expected a text, or where it comes from: { env = "NAME" }
      ╭─[ci/passrig.toml:2:21]
    1 │ [target]
    2 │ vars = { password = * }
      ·                     ┬
      ·                     ╰── here
      ╰────
    "#);
    insta::assert_snapshot!(mistake("fail_on = \"never\"\n"), @r#"
     × expected must, should, policy or hardening
      ╭─[ci/passrig.toml:1:11]
    1 │ fail_on = "never"
      ·           ───┬───
      ·              ╰── here
      ╰────
    "#);
    insta::assert_snapshot!(mistake("[policy]\ncuonter = \"must\"\n"), @r#"
     × `cuonter` is neither a requirement nor a family, and matches no check
      ╭─[ci/passrig.toml:2:1]
    1 │ [policy]
    2 │ cuonter = "must"
      · ───┬───
      ·    ╰── here
      ╰────
     help: did you mean counter?
    "#);
    insta::assert_snapshot!(mistake("[policy]\ncounter = \"always\"\n"), @r#"
     × expected must, should, policy or hardening, or { level = "must", expects =
     │ "accepted" }
      ╭─[ci/passrig.toml:2:11]
    1 │ [policy]
    2 │ counter = "always"
      ·           ────┬───
      ·               ╰── here
      ╰────
    "#);
    insta::assert_snapshot!(mistake("[policy]\nuv = \"note\"\norigin = \"policy\"\n"), @r#"
     × expected must, should, policy or hardening, or { level = "must", expects =
     │ "accepted" }
      ╭─[ci/passrig.toml:2:6]
    1 │ [policy]
    2 │ uv = "note"
      ·      ───┬──
      ·         ╰── here
    3 │ origin = "policy"
      ╰────
    "#);
    insta::assert_snapshot!(mistake("[policy]\norigin = \"policy\"\n"), @r#"
     × registration.origin.subdomain is a `must`: a policy can raise it, not
     │ lower it
      ╭─[ci/passrig.toml:2:1]
    1 │ [policy]
    2 │ origin = "policy"
      · ───┬──
      ·    ╰── here
      ╰────
     help: what is known to go wrong belongs into [[expect]]
    "#);
    insta::assert_snapshot!(mistake("[[expect]]\ncheck = \"registration.orign.port\"\nreason = \"x\"\n"), @r#"
     × no check is called `registration.orign.port`
      ╭─[ci/passrig.toml:2:9]
    1 │ [[expect]]
    2 │ check = "registration.orign.port"
      ·         ────────────┬────────────
      ·                     ╰── here
    3 │ reason = "x"
      ╰────
     help: did you mean registration.origin.port?
    "#);
    insta::assert_snapshot!(mistake("[[expect]]\ncheck = \"*\"\nreason = \" \"\n"), @r#"
     × an expectation has a reason
      ╭─[ci/passrig.toml:3:10]
    2 │ check = "*"
    3 │ reason = " "
      ·          ─┬─
      ·           ╰── here
      ╰────
     help: say why it is borne with
    "#);
    insta::assert_snapshot!(mistake("[[expect]]\ncheck = \"*\"\n"), @r#"
     × missing key `reason`
      ╭─[ci/passrig.toml:1:1]
    1 │ [[expect]]
      · ─────┬────
      ·      ╰── here
    2 │ check = "*"
      ╰────
     help: add `reason = …` to this table
    "#);
    insta::assert_snapshot!(mistake("[[expect]]\ncheck = \"*\"\nreason = \"x\"\noutcome = \"pass\"\n"), @r#"
     × `pass` needs no expectation
      ╭─[ci/passrig.toml:4:11]
    3 │ reason = "x"
    4 │ outcome = "pass"
      ·           ───┬──
      ·              ╰── here
      ╰────
     help: it is one of: fail, warn, note, inconclusive, error
    "#);
    insta::assert_snapshot!(mistake("[[expect]]\ncheck = \"*\"\nreason = \"x\"\nexpires = \"2026-01-01\"\n"), @r#"
     × expected a TOML datetime, found string "2026-01-01"
      ╭─[ci/passrig.toml:4:11]
    3 │ reason = "x"
    4 │ expires = "2026-01-01"
      ·           ──────┬─────
      ·                 ╰── here
      ╰────
     help: write the date without quotes, such as 2030-12-31
    "#);
}

#[test]
fn fits_its_schema() {
    let schema = schemars::schema_for!(document::ConfigDocument);
    let schema = jsonschema::validator_for(schema.as_value()).unwrap();
    let json = |text: &str| {
        let mut json = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
        // Dates are texts to a schema, as editors have it.
        for entry in json["expect"].as_array_mut().into_iter().flatten() {
            if entry.get("expires").is_some() {
                entry["expires"] = "2026-12-31".into();
            }
        }
        json
    };
    let errors: Vec<_> = schema.iter_errors(&json(WHOLE)).map(|e| e.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert!(!schema.is_valid(&json("[target]\nadaptor = \"x\"\n")));
}

/// A report of the sample in which these checks came to this, and all others
/// passed.
fn report(results: &[(&str, Outcome)]) -> Report {
    let mut report = samples::report();
    let template = report.checks[0].clone();
    report.checks.clear();
    for check in samples::catalogue().checks {
        let came_to = results.iter().find(|(id, _)| *id == check.id);
        let outcome = came_to.map_or(Outcome::Pass, |(_, outcome)| *outcome);
        let (id, level) = (check.id, Level::Must);
        report.checks.push(crate::outcome::CheckResult { id, outcome, level, ..template.clone() });
    }
    report
}

fn baseline(text: &str, results: &[(&str, Outcome)]) -> Baseline {
    let (config, catalogue) = parse(text).unwrap();
    let mut report = report(results);
    let mut write = |config: &FileConfig| {
        expect::settle(&mut report, &config.expectations, &catalogue.checks, TODAY);
        let findings = BaselineInput {
            report: &report,
            catalogue: &catalogue,
            expectations: &config.expectations,
            fail_on: FailOn::default(),
            today: TODAY,
        };
        let code = FailOn::default().exit_code(&report);
        (findings.write(&config.text).unwrap(), code)
    };
    let (baseline, _) = write(&config);

    // What it wrote makes the run as expected, and it leaves it at that.
    let (again, code) = write(&parse(&baseline.text).unwrap().0);
    assert_eq!((&again.text, code), (&baseline.text, 0));
    baseline
}

const SUBDOMAIN: &str = "registration.origin.subdomain";
const PORT: &str = "registration.origin.port";
const UV: &str = "authentication.uv.absent";

#[test]
fn a_first_baseline() {
    let made = baseline("", &[(PORT, Outcome::Fail), (UV, Outcome::Error)]);
    assert_eq!((made.added, made.updated, made.removed), (2, 0, 0));
    insta::assert_snapshot!(made.text, @r#"
    [[expect]]
    check = "registration.origin.port"
    outcome = "fail"
    reason = "not mended yet: it is accepted"

    [[expect]]
    check = "authentication.uv.absent"
    outcome = "error"
    reason = "not mended yet: it is accepted"
    "#);
    assert_eq!(baseline("", &[]).text, "");
}

#[test]
fn a_later_baseline_keeps_text_of_users() {
    let before = r#"# Our RP.
fail_on = "must:medium" # as agreed

# Mended in March.
[[expect]]
check = "registration.origin.port"
reason = "gone by now"

# The team knows.
[[expect]]
check = "registration.origin.subdomain" # ours
outcome = "error" # it crashed once
reason = "the proxy answers"

[[expect]]
check = "authentication.uv.absent"
reason = "waits for the provider"
expires = 2026-01-31

[target]
rp = "http://localhost:3000" # for now
"#;
    let results = [(SUBDOMAIN, Outcome::Fail), (UV, Outcome::Fail)];
    let results = [&results[..], &[("authentication.counter.same", Outcome::Fail)]].concat();
    let made = baseline(before, &results);
    assert_eq!((made.added, made.updated, made.removed), (1, 2, 1));
    insta::assert_snapshot!(made.text, @r#"
    # Our RP.
    fail_on = "must:medium" # as agreed

    # The team knows.
    [[expect]]
    check = "registration.origin.subdomain" # ours
    outcome = "fail" # it crashed once
    reason = "the proxy answers"

    [[expect]]
    check = "authentication.uv.absent"
    reason = "waits for the provider"

    [[expect]]
    check = "authentication.counter.same"
    outcome = "fail"
    reason = "not mended yet: it is accepted"

    [target]
    rp = "http://localhost:3000" # for now
    "#);
}

#[test]
fn entries_in_one_line_are_entries() {
    let before = format!("expect = [{{ check = \"{PORT}\", reason = \"x\" }}]\n");
    let made = baseline(&before, &[(PORT, Outcome::Fail), (UV, Outcome::Fail)]);
    assert_eq!((made.added, made.updated, made.removed), (1, 0, 0));
    insta::assert_snapshot!(made.text, @r#"
    [[expect]]
    check = "registration.origin.port"
    reason = "x"

    [[expect]]
    check = "authentication.uv.absent"
    outcome = "fail"
    reason = "not mended yet: it is accepted"
    "#);
}
