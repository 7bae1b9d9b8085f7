use clap::{CommandFactory, Parser};

use super::explain::explain;
use super::failure::Failure;
use super::selection::Selection;
use super::{Cli, coverage, list, man};
use crate::catalogue::Catalogue;
use crate::catalogue::coverage::Coverage;
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
fn the_command_line_is_sound() {
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
              The origin of the emulated page [default: that of --rp]

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
fn coverage_of_a_few_checks() {
    let catalogue = coverage_sample();
    let coverage = Coverage::of(&catalogue);
    let page = coverage::CoverageText { coverage: &coverage, paint: Paint::PLAIN };
    insta::assert_snapshot!(page.summary(), @r"
    5 checks

    Requirements                                        rows  covered  excused  open
      Registering a new credential (§7.1)                  6        1        0     5
      Signals to authenticators (§5.1.10)                  4        0        4     0
      all                                                 10        1        4     5

    FIDO's conformance tests                            rows  covered  excused  open
      registration: the options                            4        0        3     1
      all                                                  4        0        3     1

    Known flaws                                         rows  covered  excused  open
      Client data and scope                                2        1        0     1
      all                                                  2        1        0     1

    Clauses: 4 of 10 have a check
      §7.1: 1 of 6 steps, without 3, 5, 6, 7, 8
      §7.2: 2 of 2 steps

    Excused:
         2  honest-twins: an honest ceremony, as around each attempt
         4  client-only: only a browser could break or notice it
         1  tool-only: the tool demands what the specification does not

    Open, with neither check nor reason:
      REG-01
      REG-02
      REG-03
      REG-04
      REG-05
      Server-ServerPublicKeyCredentialCreationOptions-Req-1/P-3
      origin.foreign
    ");
    insta::assert_snapshot!(page.rows(), @r"
    REG: Registering a new credential (§7.1)
      REG-01  §7.1 step 3, must: the response is an attestation response
          open: neither check nor reason
      REG-02  §7.1 step 5, must: client data are decoded as UTF-8, without a byte
          order mark, and decoding never fails
          open: neither check nor reason
      REG-03  §7.1 step 6, must: client data parse as JSON
          open: neither check nor reason
      REG-04  §7.1 step 7, must: the type is exactly webauthn.create
          open: neither check nor reason
      REG-05  §7.1 step 8, must: the challenge is the base64url of the one that was
          issued
          open: neither check nor reason
      REG-06  §7.1 step 9, must: the origin is one that the RP expects
          registration.origin.subdomain
          registration.origin.port

    SIG: Signals to authenticators (§5.1.10)
      SIG-1  §5.1.10, should: strangers are told only about the one unknown
          credential
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-2  §5.1.10, must: the list of accepted credentials is complete
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-3  §5.1.10, should: a credential that is listed again reappears
          client-only: RPs signal to browsers; what those do about it, no RP sees.
      SIG-4  §5.1.10, should: new user details change names only
          client-only: RPs signal to browsers; what those do about it, no RP sees.

    Server-ServerPublicKeyCredentialCreationOptions-Req-1: registration: the options
      P-1  accepted: POST options request with username, displayName, attestation, a
          custom input extension named example.extension
          tool-only: The tool wants an unknown extension echoed in the options; the
            specification does not.
      P-2  accepted: options request with attestation none
          honest-twins: This is an honest ceremony; every run performs it before and
            after each attempt.
      P-3  accepted: two options requests
          open: neither check nor reason
      P-4  accepted: options request with authenticatorSelection.userVerification
          required
          honest-twins: This is an honest ceremony; every run performs it before and
            after each attempt.

    client-data: Client data and scope
      origin.foreign  the origin of another site is accepted (7 of 103 sites)
          open: neither check nor reason
      origin.subdomain  the origin of a subdomain is accepted (27 of 103 sites)
          registration.origin.subdomain

    §7.1 step 3: 0 checks
    §7.1 step 5: 0 checks
    §7.1 step 6: 0 checks
    §7.1 step 7: 0 checks
    §7.1 step 8: 0 checks
    §7.1 step 9: 2 checks
    §5.1.10: 0 checks
    §5.8.1: 1 check
    §7.2 step 22: 1 check
    §7.2 step 17: 1 check
    ");
    assert!(!coverage.is_complete());
}

/// The first rows of each kind.
fn coverage_sample() -> Catalogue {
    let mut catalogue = samples::catalogue();
    let index = &mut catalogue.index;
    index.requirements.retain(|group| ["REG", "SIG"].contains(&group.id.as_str()));
    index.requirements.iter_mut().for_each(|group| group.rows.truncate(6));
    index.fido.truncate(1);
    index.flaws.retain(|group| group.id == "client-data");
    index.flaws.iter_mut().for_each(|group| group.rows.truncate(2));
    catalogue
}

#[test]
fn coverage_fits_the_terminal() {
    let catalogue = Catalogue::builtin().unwrap();
    let coverage = Coverage::of(&catalogue);
    let page = coverage::CoverageText { coverage: &coverage, paint: Paint::PLAIN };
    for text in [page.summary(), page.rows()] {
        let long = text.lines().find(|line| textwrap::core::display_width(line) > 80);
        assert_eq!(long, None);
    }
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
    duty       the library's
    violates   7.2/17: the user was verified, if that was required
    why        It is a sign of a cloned key.
    fix        Ask for another factor, or note the event.
    needs      user-verification required
               two accounts
    performs   a security key: device-bound, counts
    story      replayed-assertion
    run it     passrig check --only authentication.uv.absent
    ");
}

#[test]
fn explanation_of_a_check_with_aliases() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("registration.origin.foreign", &catalogue, Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    check registration.origin.foreign

    sends      registration: client data from a page of an unrelated site
    demanded   §7.1 step 9 (REG-06): must be refused
    level      must, importance high
    duty       the library's
    violates   7.1/9: the origin is one that the RP expects
    why        The origin is the only trace of the page that the user was on. An RP
               that accepts another one lets that page enrol passkeys or sign in
               with them: phishing works again.
    fix        Compare the whole serialised origin with the list of origins that you
               serve, octet by octet. Do not match parts of it, do not normalise it,
               and do not take the expected value from the request.
    flaws      origin.foreign: the origin of another site is accepted
    FIDO       Server-ServerAuthenticatorAttestationResponse-Resp-2/F-14
    performs   a passkey provider: synchronised, does not count
    run it     passrig check --only registration.origin.foreign
    ");
}

#[test]
fn explanation_of_a_check_that_waits() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("registration.challenge.expired", &catalogue, Paint::PLAIN).unwrap();
    // The mutant has the same name.
    let (check, _) = text.split_once("\nmutant ").unwrap();
    insta::assert_snapshot!(check, @r"
    check registration.challenge.expired

    sends      registration: a good response to a challenge that was issued too long
               ago
    demanded   §13.4.3 (CHL-1): should be refused
    level      should, importance medium
    duty       the application's
    violates   7.1/8: the challenge is the one that was issued
    why        A challenge that is never forgotten can be answered at any time.
               Whoever gets hold of a response that was never sent, from a log, a
               crash report or a page left open, can use it weeks later; and a store
               that nothing is ever removed from fills up.
    fix        Note when you issue a challenge, and refuse responses to it after
               five to ten minutes, which is what the `timeout` of your options
               should be too. Do not count on the browser's timeout or on the
               lifetime of a cookie: both are in the hands of whoever sends the
               response.
    flaws      challenge.expired: a challenge counts long after its timeout
    needs      time to wait: --expiry SECONDS, if there is an --rp
    performs   a passkey provider: synchronised, does not count
    story      expired-challenge
    run it     passrig check --only registration.challenge.expired
    ");
}

#[test]
fn explanation_of_a_check_that_times() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("authentication.enumeration.by-time", &catalogue, Paint::PLAIN).unwrap();
    let needs = text.split_once("needs ").unwrap().1.split_once("performs").unwrap().0;
    insta::assert_snapshot!(needs, @r"
    login username
          two accounts
          many answers to time: --timing, if there is an --rp
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
