use clap::ValueEnum;
use schemars::schema_for;

use super::config::document::ConfigDocument;
use super::console::Console;
use super::failure::Failure;
use super::list::ListedCheck;
use crate::catalogue;
use crate::report::{Comparison, json};
use crate::target_rp::adapter;

/// Print a JSON schema, for editors and programs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of what.
    #[arg(value_enum)]
    of: SchemaKind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaKind {
    /// An adapter
    Adapter,
    /// passrig.toml
    Config,
    /// The JSON report
    Report,
    /// A file of the catalogue
    Catalogue,
    /// What `passrig list --json` prints
    List,
    /// What `passrig compare --json` prints
    Comparison,
}

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let schema = match args.of {
        SchemaKind::Adapter => adapter::schema(),
        SchemaKind::Config => schema_for!(ConfigDocument),
        SchemaKind::Report => json::schema(),
        SchemaKind::Catalogue => catalogue::schema(),
        SchemaKind::List => schema_for!(Vec<ListedCheck<'static>>),
        SchemaKind::Comparison => schema_for!(Comparison),
    };
    let what = "cannot write the schema".to_owned();
    let text = serde_json::to_string_pretty(&schema);
    let text = text.map_err(|error| Failure::System { what, source: error.into() })?;
    console.print(&format!("{text}\n"))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::super::list;
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_file_of_the_catalogue_matches_its_schema() {
        let schema = jsonschema::validator_for(catalogue::schema().as_value()).unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|file| file.extension().is_some_and(|it| it == "toml"));
        let mut count = 0;
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let mut value: serde_json::Value = toml::from_str(&text).unwrap();
            let errors: Vec<_> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", file.display());
            value["family"][0]["case"][0]["send"] = "a misspelt key".into();
            assert!(!schema.is_valid(&value), "{}", file.display());
            count += 1;
        }
        assert!(count > 30, "found {count} files");
    }

    #[test]
    fn the_list_matches_its_schema() {
        let catalogue = Catalogue::builtin().unwrap();
        let text = list::json(&catalogue, catalogue.checks.iter()).unwrap();
        let mut list: serde_json::Value = serde_json::from_str(&text).unwrap();
        let schema = schema_for!(Vec<ListedCheck<'static>>);
        let schema = jsonschema::validator_for(schema.as_value()).unwrap();
        let errors: Vec<_> = schema.iter_errors(&list).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());

        list[0]["level"] = "shall".into();
        assert!(!schema.is_valid(&list));
    }
}
