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
    found.render_long_help().to_string()
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
    insta::assert_snapshot!(text, @"");
    let filter = Filter { only: vec!["authentication".to_owned()], skip: vec!["*.uv.*".to_owned()] };
    let text = list::table(&catalogue, &filter, Paint::PLAIN);
    assert!(text.ends_with("\n1 check\n"), "{text}");
}

#[test]
fn explanation_of_a_check() {
    let id = "authentication.uv.absent";
    insta::assert_snapshot!(explain(id, &samples::catalogue(), Paint::PLAIN).unwrap(), @"");
}

#[test]
fn explanation_of_a_step() {
    let text = explain("7.2/17", &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @"");
}

#[test]
fn explanation_of_a_mutant() {
    let id = "authentication.user-verification.left-out";
    let text = explain(id, &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @"");
}

#[test]
fn unknown_names() {
    let catalogue = samples::catalogue();
    let failure = explain("authentication.uv.abset", &catalogue, Paint::PLAIN).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @"");
    assert_eq!(failure.exit_code(), 2);

    let failure = filter(&["list", "--only", "registration.orgin.*"], &catalogue).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @"");
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
