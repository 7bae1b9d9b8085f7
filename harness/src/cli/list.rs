use schemars::JsonSchema;
use serde::Serialize;

use super::catalogue;
use super::console::Console;
use super::failure::Failure;
use super::selection::Selection;
use crate::catalogue::index::Owner;
use crate::catalogue::{Catalogue, Check};
use crate::outcome::Paint;
use crate::report;
use crate::report::terminal::words;

/// List the checks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    catalogue: catalogue::Args,

    /// As JSON, with everything that is known about each check; its schema is that
    /// of `passrig schema list`.
    #[arg(long)]
    json: bool,

    /// Those of `passrig page` instead, which `passrig check` does not run.
    #[arg(long)]
    page: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig list
  passrig list --only registration --skip '*.origin.*'
  passrig list --page
  passrig list --json | jq -r '.[].id'";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let catalogue = args.catalogue.read()?;
    let checks = if args.page { &catalogue.page } else { &catalogue.checks };
    let filter = args.selection.filter(checks, None)?;
    let checks = checks.iter().filter(|check| filter.admits(&check.id));
    let text = match args.json {
        true => json(&catalogue, checks)?,
        false => table(checks, console.paint()),
    };
    console.print_painted(&text)?;
    Ok(0)
}

/// The checks by chapter, and how many they are.
pub(super) fn table<'a>(checks: impl Iterator<Item = &'a Check>, paint: Paint) -> String {
    let mut out = String::new();
    let mut chapter = "";
    let mut count = 0;
    for check in checks {
        if check.chapter != chapter {
            chapter = &check.chapter;
            out.push_str(&format!("{}\n", paint.strong(chapter)));
        }
        let Check { id, level, importance, clause, sends, .. } = check;
        let text = format!("{level}, {importance}, {clause}: {sends}");
        out.push_str(&format!("  {id}\n{}\n", paint.wrap(&text, "      ", "      ")));
        count += 1;
    }
    out.push_str(&format!("\n{}\n", words::checks(count)));
    out
}

/// A check, and what it is known for.
#[derive(Serialize, JsonSchema)]
pub(super) struct ListedCheck<'a> {
    #[serde(flatten)]
    check: &'a Check,
    /// Whose duty its rule is.
    owner: Option<Owner>,
    /// The ids of FIDO's tests that send the same.
    fido: Vec<String>,
    /// The known flaws that it finds.
    flaws: Vec<&'a str>,
}

pub(super) fn json<'a>(
    catalogue: &'a Catalogue,
    checks: impl Iterator<Item = &'a Check>,
) -> Result<String, Failure> {
    let listed = checks.map(|check| ListedCheck {
        check,
        owner: catalogue.index.owner(check),
        fido: catalogue.index.fido_of(check).collect(),
        flaws: catalogue.index.flaws_of(check).map(|flaw| flaw.id.as_str()).collect(),
    });
    let text = report::json::pretty(&listed.collect::<Vec<_>>());
    let what = "cannot write the list as JSON".to_owned();
    Ok(text.map_err(|source| Failure::System { what, source })? + "\n")
}
