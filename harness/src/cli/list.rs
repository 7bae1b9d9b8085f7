use schemars::JsonSchema;
use serde::Serialize;

use super::catalogue;
use super::console::Console;
use super::failure::Failure;
use super::selection::Selection;
use crate::catalogue::index::Owner;
use crate::catalogue::{Catalogue, Check};
use crate::report::Paint;
use crate::report::terminal::words;
use crate::runner::Filter;

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
}

const EXAMPLES: &str = "\
Examples:
  passrig list
  passrig list --only registration --skip '*.origin.*'
  passrig list --json | jq -r '.[].id'";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let catalogue = args.catalogue.read()?;
    let filter = args.selection.filter(&catalogue, None)?;
    let text = match args.json {
        true => json(&catalogue, &filter)?,
        false => table(&catalogue, &filter, console.paint()),
    };
    console.print(&text)?;
    Ok(0)
}

/// The checks by chapter, and how many they are.
pub(super) fn table(catalogue: &Catalogue, filter: &Filter, paint: Paint) -> String {
    let mut out = String::new();
    let mut chapter = "";
    let mut count = 0;
    for check in admitted(catalogue, filter) {
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
pub(super) struct Listed<'a> {
    #[serde(flatten)]
    check: &'a Check,
    /// Whose duty its rule is.
    owner: Option<Owner>,
    /// The ids of FIDO's tests that send the same.
    fido: Vec<String>,
    /// The known flaws that it finds.
    flaws: Vec<&'a str>,
}

pub(super) fn json(catalogue: &Catalogue, filter: &Filter) -> Result<String, Failure> {
    let listed = admitted(catalogue, filter).map(|check| Listed {
        check,
        owner: catalogue.index.owner(check),
        fido: catalogue.index.fido_of(check).collect(),
        flaws: catalogue.index.flaws_of(check).map(|flaw| flaw.id.as_str()).collect(),
    });
    let text = serde_json::to_string_pretty(&listed.collect::<Vec<_>>());
    let what = "cannot write the list as JSON".to_owned();
    Ok(text.map_err(|error| Failure::System { what, source: error.into() })? + "\n")
}

fn admitted<'a>(catalogue: &'a Catalogue, filter: &Filter) -> impl Iterator<Item = &'a Check> {
    catalogue.checks.iter().filter(move |check| filter.admits(&check.id))
}
