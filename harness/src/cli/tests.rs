mod coverage_tables;
mod explanations;

use clap::{CommandFactory, Parser};

use super::failure::Failure;
use super::selection::Selection;
use super::{Cli, list, man};
use crate::catalogue::Catalogue;
use crate::outcome::{Paint, Report};
use crate::runner::Filter;
use crate::samples;

fn help(path: &[&str]) -> String {
    let mut command = Cli::command().term_width(80);
    command.build();
    let found = path.iter().fold(&mut command, |c, name| c.find_subcommand_mut(name).unwrap());
    let text = found.render_long_help().to_string();
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_command_line_is_valid() {
    Cli::command().debug_assert();
    for verb in [
        &[][..],
        &["check"],
        &["simulate"],
        &["list"],
        &["explain"],
        &["coverage"],
        &["rp"],
        &["adapters"],
        &["authenticator"],
        &["authenticator", "create"],
        &["authenticator", "get"],
        &["authenticator", "credentials"],
        &["trust"],
        &["trust", "export"],
        &["vectors", "verify"],
        &["compare"],
        &["render"],
        &["completions"],
        &["man"],
    ] {
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
      check          Check a relying party
      baseline       Expect what goes wrong today
      simulate       Play through what happens to users when …
      compare        Compare two JSON reports: what is worse, and what was mended
      render         Write a JSON report once more, in other formats
      list           List the checks
      explain        Explain a check, a step of the specification, or a mutant
      coverage       Show which rules, known tests and known flaws the checks cover
      rp             Serve the reference RP, or one of its mutants
      page           Look at a page of a relying party in a browser
      authenticator  Create and use passkeys without a browser, from any language
      trust          Tell an RP whom to trust: roots, metadata, revocation lists
      adapter        Write an adapter for an RP that is not built in, and try it
      adapters       List the built-in adapters
      schema         Print a JSON schema, for editors and programs
      vectors        Prove passrig itself by published test vectors
      completions    Print completions for a shell
      man            Print the manual page, or write a page for every verb
      help           Print this message or the help of the given subcommand(s)

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
      passrig simulate lost-device        what happens when a phone is lost
      passrig list --only '*.origin.*'    what is checked
      passrig explain 7.1/9               why, and how to mend an RP
      passrig rp --mutant ID              an RP with a flaw, to try things on

    Exit codes:
      0  as expected                      4  nothing matched the filter
      1  something failed               101  a bug in passrig
      2  usage, configuration, or       129  interrupted by SIGHUP
         a report not written           130  interrupted by Ctrl-C
      3  the target cannot be tested    143  interrupted by SIGTERM
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
          --authenticator <NAME|all>
              Perform the checks with authenticators of this product, wherever a
              check needs no other; with `all`, once for every product, each with
              reports and a log of its own (report.NAME.json) [default: one that can
              do everything]

          --jobs <N>
              How many checks are under way at once, where the accounts permit it

              [default: 4]

          --config <FILE>
              The file with the target, the policy and the expectations; flags win
              over it [default: passrig.toml, if it is there, which then runs no
              program, reads no environment variable and no file of another folder,
              and reaches no other machine]

          --color <WHEN>
              When to use colours: auto (on a terminal, unless NO_COLOR is set),
              always or never

              [default: auto]

      -h, --help
              Print help (see a summary with '-h')

    The target:
          --rp <URL>
              Where the RP's API is [default: the built-in reference RP]; or
              exec:COMMAND, a program that answers JSON lines

          --adapter <ID|FILE>
              How it is spoken to: the id of a built-in adapter (`passrig adapters`)
              or a file [default: found out by asking it]

          --origin <ORIGIN>
              The origin of the emulated page [default: that of --rp], or that of a
              native app, such as ios:bundle-id:org.example.app; the options then
              have to name the RP ID

          --connect-to <HOST:PORT>
              Connect there, whatever host the URL names; TLS and headers keep the
              URL's name

          --smtp <ADDR>
              Catch mail that the RP sends, at this address of this machine, for
              adapters that wait for a code or a link

          --allow-run
              Let the adapter run programs of this machine, if it has such steps

          --ca <FILE>
              Believe certificates of this authority too (PEM)

          --insecure
              Believe every certificate

          --allow-host <HOST[:PORT]>
              Connect to this host too, although it is not this machine or not the
              RP's: passrig sends hostile requests, so each host and port must be
              named. HOST alone allows every port. May be repeated

          --deadline <SECONDS>
              How long to wait for each answer [default: 10]

          --expiry <SECONDS>
              Also check that challenges expire: wait so many seconds before a
              response, which must then be refused. Takes that long for each
              ceremony. The specification lets challenges live for about 600 seconds

          --timing [<PAIRS>]
              Also check that the time that answers take tells nobody who has an
              account. Each such check times up to so many pairs of answers
              [default: 500], and ends as soon as they tell enough. The RP must not
              limit how often a sign-in may fail

          --restart-wait <SECONDS>
              How long a target that dies under a check may take to come back; then
              the run goes on [default: 10]

          --restart <COMMAND>
              Run this shell command to restart a target that crashed, unless it
              comes back by itself. The command may end or be the server itself;
              what it leaves running stays after the run

          --throttle-wait <SECONDS>
              Wait at most so long in total when the target asks for fewer requests
              (429, Retry-After); then the run stops [default: 300]

          --metadata
              The RP judges models of authenticators by the metadata that `passrig
              trust export` writes: also check what it believes of them

          --name-checks
              Name the check of each request in the header X-Passrig-Check, for the
              RP's log. An RP can recognise a test by it, and behave well only then

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

          --catalogue <FILE>
              Also the checks in this file, written as those of the program are; its
              name is their chapter. May be repeated

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
              Show no progress, and of the report only what fails the run, in short,
              and the summary

      -v, --verbose
              Show each check as it comes: its outcome, how long it took, and how
              the target answered

          --report <FORMAT=FILE>
              Write a report: html for people, json, junit, sarif or markdown for
              programs. FILE `-` is standard output. May be repeated

    Examples:
      passrig check
      passrig check --rp http://localhost:3000 --adapter better-auth
      passrig check --rp https://login.passrig.test --adapter my-rp.toml \
          --connect-to 127.0.0.1:8443 --ca test-ca.pem --report json=report.json
      passrig check --authenticator yubikey-5
      passrig check --only registration.origin --skip '*.port'

    Errors and what is inconclusive make a run fail, whatever --fail-on says. After
    Ctrl-C, SIGTERM or SIGHUP what was decided so far is reported, and the exit code
    is 130, 143 or 129; the log holds every result from the moment it is known.
    ");
}

#[test]
fn list_of_checks() {
    let catalogue = samples::catalogue();
    let text = list::table(catalogue.checks.iter(), Paint::PLAIN);
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
    let last = catalogue.checks.last().into_iter();
    let text = list::table(last, Paint::PLAIN);
    assert!(text.ends_with("\n1 check\n"), "{text}");
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
    Only::try_parse_from(args).unwrap().selection.filter(&catalogue.checks, None)
}

#[test]
fn exit_codes_of_runs() {
    use crate::outcome::{FailOn, Outcome};
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
        "check --rp http://localhost --expiry 0",
        "check --rp http://localhost --expiry 5m",
        "check --rp http://localhost --timing 49",
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

#[test]
fn every_verb_has_its_page() {
    let pages = man::pages().unwrap();
    let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["passrig.1", "passrig-check.1", "passrig-baseline.1"]);
    assert!(names.contains(&"passrig-authenticator-credentials-list.1"), "{names:?}");
    let (_, check) = pages.iter().find(|(name, _)| name == "passrig-check.1").unwrap();
    assert!(check.contains("\\-\\-fail\\-on") && check.contains(".SH EXTRA"), "{check}");
    for (name, text) in &pages {
        assert!(text.contains(".TH ") && text.contains(".SH SYNOPSIS"), "{name}: {text}");
    }
}

#[test]
fn every_shell_knows_the_verbs() {
    use clap_complete::Shell;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "passrig", &mut script);
        let script = String::from_utf8(script).unwrap();
        for word in ["baseline", "compare", "fail-on", "credentials"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
}
