use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::reports;
use crate::storage::{self, FileMode};

/// Write an adapter to begin with.
///
/// It speaks the shape that most RPs have: options at one path, the credential
/// as JSON at another. Every line that you may have to change has a comment.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its id: letters, digits and hyphens.
    #[arg(value_parser = id)]
    id: String,

    /// Where it is written [default: ID.toml]. A file that is there is left alone.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

const TEMPLATE: &str = include_str!("template.toml");

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", args.id)));
    write(&file, &TEMPLATE.replace("ADAPTER-ID", &args.id))?;
    let console = reports::beside(console, [file.as_path()]);
    let file = file.display();
    console.print(&format!(
        "wrote {file}\n\n\
         Change its paths to those of your RP, then try it:\n  \
         passrig adapter test {file} --rp http://localhost:3000\n"
    ))?;
    Ok(0)
}

/// Writes a file that is not there yet.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    match storage::write_new(file, text.as_bytes(), FileMode::Shared) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::usage(
            format!("{} is there already", file.display()),
            "name another file with --output",
        )),
        Err(error) => Err(Failure::write(file, error)),
    }
}

pub(super) fn id(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match !text.is_empty() && text.chars().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("an id has lower-case letters, digits and `-`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target_rp::Flow;
    use crate::target_rp::adapter::Adapter;

    #[test]
    fn the_template_is_an_adapter() {
        let adapter = Adapter::parse("template.toml", TEMPLATE).unwrap();
        for flow in [Flow::Register, Flow::Authenticate, Flow::Whoami, Flow::List, Flow::Remove] {
            assert!(adapter.has(flow), "{flow}");
        }
    }

    #[test]
    fn a_file_that_is_there_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shop.toml");
        write(&file, "first").unwrap();
        assert!(matches!(write(&file, "second"), Err(Failure::Usage { .. })));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "first");
    }
}
