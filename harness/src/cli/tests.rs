use clap::{CommandFactory, Parser};

use super::explain::explain;
use super::failure::Failure;
use super::selection::Selection;
use super::{Cli, list};
use crate::catalogue::Catalogue;
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
    insta::assert_snapshot!(help(&[]), @"");
}

#[test]
fn help_of_check() {
    insta::assert_snapshot!(help(&["check"]), @"");
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
    let filter = Filter { only: vec!["authentication".to_owned()], skip: vec!["*.uv.*".to_owned()] };
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
    found by   authentication.uv.absent
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
    help: did you mean registration.origin.port, registration.origin.subdomain?
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
    Only::try_parse_from(args).unwrap().selection.filter(catalogue)
}

#[test]
fn arguments_that_make_no_sense() {
    for wrong in [
        "check --adapter reference",
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
        "check --report junit=out.xml",
        "check --run-id ../x",
        "rp --listen localhost",
        "explain",
    ] {
        let args = ["passrig"].into_iter().chain(wrong.split(' '));
        let error = Cli::try_parse_from(args).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{wrong}");
    }
}
