use clap::{CommandFactory, Parser};

use super::explain::explain;
use super::failure::Failure;
use super::selection::Selection;
use super::{Cli, list};
use crate::catalogue::Catalogue;
use crate::outcome::Report;
use crate::report::Paint;
use crate::report::terminal::samples;
use crate::runner::Filter;

fn help(path: &[&str]) -> String {
    let mut command = Cli::command().term_width(80);
    command.build();
    let found = path.iter().fold(&mut command, |c, name| c.find_subcommand_mut(name).unwrap());
    let text = found.render_long_help().to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
    for verb in [&[][..], &["check"], &["list"], &["explain"], &["rp"], &["adapters"]] {
        let text = help(verb);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(help(&[]), @r"
    A conformance test rig for WebAuthn relying parties.

    passrig plays the browser and the authenticator against a relying party (RP):
    honestly, to prove that it works, and wrong in exactly one point at a time, to
    prove that it notices. Each verdict names the clause of the specification that
    asks for it.

    Usage: passrig [OPTIONS] <COMMAND>

    Commands:
      check     Check a relying party
      baseline  Expect what goes wrong today
      list      List the checks
      explain   Explain a check, a step of the specification, or a mutant
      rp        Serve the reference RP, or one of its mutants
      adapters  List the built-in adapters
      schema    Print a JSON schema, for editors and programs
      help      Print this message or the help of the given subcommand(s)

    Options:
          --color <WHEN>
              When to use colours: auto (on a terminal, unless NO_COLOR is set),
              always or never

              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      passrig check                       see it work, on the built-in reference RP
      passrig check --rp http://localhost:3000 --adapter better-auth
      passrig list --only '*.origin.*'    what is checked
      passrig explain 7.1/9               why, and how to mend an RP
      passrig rp --mutant ID              an RP with a flaw, to try things on

    Exit codes:
      0  as expected                      4  nothing matched the filter
      1  something failed               101  a bug in passrig
      2  usage or configuration         130  interrupted by Ctrl-C
      3  the target cannot be tested
    ");
}

#[test]
fn help_of_check() {
    insta::assert_snapshot!(help(&["check"]), @r"
    Check a relying party.

    Without --rp, the built-in reference RP is checked, in this process: a way to
    see what a report looks like, and that all is well with passrig. With --rp,
    every check is performed over HTTP, on accounts that passrig makes for itself.
    Only use it on relying parties that are yours.

    Usage: passrig check [OPTIONS]

    Options:
          --jobs <N>
              How many checks are under way at once, where the accounts permit it

              [default: 4]

          --config <FILE>
              The file with the target, the policy and the expectations; flags win
              over it [default: passrig.toml, if it is there]

          --color <WHEN>
              When to use colours: auto (on a terminal, unless NO_COLOR is set),
              always or never

              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

    The target:
          --rp <URL>
              Where the RP's API is [default: the built-in reference RP]

          --adapter <ID|FILE>
              How it is spoken to: the id of a built-in adapter (`passrig adapters`)
              or a file

          --origin <ORIGIN>
              The origin of the emulated page [default: that of --rp]

          --connect-to <HOST:PORT>
              Connect there, whatever host the URL names; TLS and headers keep the
              URL's name

          --ca <FILE>
              Believe certificates of this authority too (PEM)

          --insecure
              Believe every certificate

          --allow-host <HOST>
              Speak to this host although it is not this machine: passrig sends
              hostile requests, so each host must be named. May be repeated

          --deadline <SECONDS>
              How long to wait for each answer [default: 10]

          --var <NAME[=VALUE]>
              A variable for the adapter, such as the `username` of the one account
              there is. NAME alone takes the value from the environment, where
              passwords belong. May be repeated

    Which checks:
          --only <GLOB>
              Only checks whose id matches; `*` stands for any text, and an id for
              everything below it. May be repeated

          --skip <GLOB>
              No checks whose id matches. May be repeated

          --shard <hash:I/N>
              Only one of N parts, which never share a check and together have all

          --rerun-failed [<FILE>]
              Only what went wrong in the run of this log or JSON report [default:
              the last run's log]

    The same run again:
          --seed <SEED>
              Decides keys, edits and order [default: random; fixed for the built-in
              RP]

          --run-id <ID>
              Is mixed into names, credential ids and keys, so that the next run
              does not collide with this one [default: random; fixed for the
              built-in RP]

    Reports:
          --log <FILE>
              Where every exchange is logged, as JSON lines [default:
              .passrig/RUN-ID.jsonl]

          --fail-on <LEVEL[:IMPORTANCE]>
              From which level on a divergence makes the run fail: must, should,
              policy or hardening, and with what importance at least: low, medium,
              high or critical [default: must:medium]

      -q, --quiet
              Show no progress, and of the report only the summary

          --report <FORMAT=FILE>
              Write a report for programs: json, junit, sarif or markdown. May be
              repeated

    Examples:
      passrig check
      passrig check --rp http://localhost:3000 --adapter better-auth
      passrig check --rp https://login.passrig.test --adapter my-rp.toml \
          --connect-to 127.0.0.1:8443 --ca test-ca.pem --report json=report.json
      passrig check --only registration.origin --skip '*.port'

    Errors and what is inconclusive make a run fail, whatever --fail-on says. After
    Ctrl-C what was decided so far is reported, and the exit code is 130; the log
    holds every result from the moment it is known.
    ");
}

#[test]
fn list_of_checks() {
    let catalogue = samples::catalogue();
    let text = list::table(&catalogue, &Filter::default(), Paint::PLAIN);
    insta::assert_snapshot!(text, @r"
    client-data
      registration.origin.subdomain
          must, high, §7.1 step 9: client data whose origin is a subdomain of the
          RP's, scheme and port kept
      registration.origin.port
          must, high, §7.1 step 9: client data whose origin has another port
      registration.client-data.member-order
          should, low, §5.8.1: client data with their members in reverse order
    authenticator-data
      authentication.counter.same
          policy, medium, §7.2 step 22: a signature counter that did not grow
      authentication.uv.absent
          must, medium, §7.2 step 17: authenticator data with the UV flag clear
          although it was required

    5 checks
    ");
    let filter = Filter {
        only: vec!["authentication".to_owned()],
        skip: vec!["*.uv.*".to_owned()],
        ..Filter::default()
    };
    let text = list::table(&catalogue, &filter, Paint::PLAIN);
    assert!(text.ends_with("\n1 check\n"), "{text}");
}

#[test]
fn explanation_of_a_check() {
    let id = "authentication.uv.absent";
    insta::assert_snapshot!(explain(id, &samples::catalogue(), Paint::PLAIN).unwrap(), @r"
    check authentication.uv.absent

    sends      authentication: authenticator data with the UV flag clear although it
               was required
    demanded   §7.2 step 17 (AUT-15): must be refused
    level      must, importance medium
    violates   7.2/17: the user was verified, if that was required
    why        It is a sign of a cloned key.
    fix        Ask for another factor, or note the event.
    needs      user-verification required
               two accounts
    performs   a security key: device-bound, counts
    story      origin
    run it     passrig check --only authentication.uv.absent
    ");
}

#[test]
fn explanation_of_a_step() {
    let text = explain("7.2/17", &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    step 7.2/17

    clause     §7.2 step 17, authentication
    holds      the user was verified, if that was required
    kind       verify: it judges, without side effects
    checks     authentication.uv.absent
    mutants    authentication.user-verified.left-out
               authentication.user-verified.present-instead
               authentication.user-verified.demanded
    ");
}

#[test]
fn explanation_of_a_mutant() {
    let id = "authentication.user-verified.left-out";
    let text = explain(id, &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    mutant authentication.user-verified.left-out

    flaw       does not establish that the user was verified, if that was required
    kind       the step is left out
    steps      7.2/17: the user was verified, if that was required
    concerned  authentication.uv.absent
    serve it   passrig rp --mutant authentication.user-verified.left-out
    ");
}

#[test]
fn unknown_names() {
    let catalogue = samples::catalogue();
    let failure = explain("authentication.uv.abset", &catalogue, Paint::PLAIN).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @r"
    × nothing is called `authentication.uv.abset`
    help: did you mean authentication.uv.absent?
    ");
    assert_eq!(failure.exit_code(), 2);

    let failure = filter(&["list", "--only", "registration.orgin.*"], &catalogue).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @r"
    × no check is called `registration.orgin.*`
    help: did you mean registration.origin.port?
    ");
    assert_eq!(failure.exit_code(), 4);
}

#[test]
fn filters() {
    let catalogue = samples::catalogue();
    assert!(filter(&["list", "--only", "registration"], &catalogue).is_ok());
    let nothing = ["list", "--only", "registration", "--skip", "registration"];
    assert_eq!(filter(&nothing, &catalogue).unwrap_err().exit_code(), 4);
    let typo = ["list", "--skip", "registratoin"];
    assert_eq!(filter(&typo, &catalogue).unwrap_err().exit_code(), 4);
}

/// What `--only` and `--skip` come to.
fn filter(args: &[&str], catalogue: &Catalogue) -> Result<Filter, Failure> {
    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        selection: Selection,
    }
    Only::try_parse_from(args).unwrap().selection.filter(catalogue, None)
}

#[test]
fn exit_codes_of_runs() {
    use crate::outcome::Outcome;
    use crate::runner::FailOn;
    let code = |outcomes: &[Outcome], fail_on: &str| {
        let mut report = samples::report();
        report.checks.retain(|result| outcomes.contains(&result.outcome));
        let fail_on: FailOn = super::fail_on::parse(fail_on).unwrap();
        fail_on.exit_code(&report)
    };
    use Outcome::{Error, Fail, Inconclusive, Note, Pass, Skipped, Warn};
    // The fails are of high importance; the warning is a should of low
    // importance, the note a policy of medium importance.
    for (outcomes, fail_on, expected) in [
        (&[Pass, Skipped, Warn, Note][..], "must:medium", 0),
        (&[Pass, Fail], "must:medium", 1),
        (&[Fail], "must:critical", 0),
        (&[Warn], "should", 0),
        (&[Warn], "should:low", 1),
        (&[Note], "should:low", 0),
        (&[Note], "policy", 1),
        (&[Pass, Inconclusive], "must:critical", 1),
        (&[Pass, Error], "must:critical", 1),
        (&[], "hardening:low", 0),
    ] {
        assert_eq!(code(outcomes, fail_on), expected, "{outcomes:?} {fail_on}");
    }
    let stopped = Report { stopped: Some("it died".to_owned()), ..samples::report() };
    assert_eq!(FailOn::default().exit_code(&stopped), 3);
}

#[test]
fn arguments_that_make_no_sense() {
    for wrong in [
        "check --rp localhost:3000 --adapter reference",
        "check --rp http://localhost/?a=b --adapter reference",
        "check --rp http://localhost --origin http://localhost/",
        "check --rp http://localhost --origin mailto:a@b",
        "check --rp http://localhost --connect-to 8080",
        "check --rp http://localhost --insecure --ca a.pem",
        "check --rp http://localhost --deadline 0",
        "check --rp http://localhost --var =x",
        "check --jobs 0",
        "check --fail-on never",
        "check --report pdf=out.pdf",
        "check --run-id ../x",
        "rp --listen localhost",
        "explain",
    ] {
        let args = ["passrig"].into_iter().chain(wrong.split(' '));
        let error = Cli::try_parse_from(args).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{wrong}");
    }
}
